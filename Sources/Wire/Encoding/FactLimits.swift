/// The bounds on texts and lists inside facts, checked once on the way in.
enum FactLimits {
  /// - Throws: `wire.too-large`, naming the section.
  static func check(_ facts: Facts) throws(WireError) {
    if let identity = facts.identity {
      try texts(identity.builtInMACs, in: .identity)
      try size(identity, in: .identity)
      try count(identity.unreadable, in: .identity)
    }
    if let hardware = facts.hardware {
      try count(hardware.disks, in: .hardware)
      try count(hardware.batteries, in: .hardware)
      try count(hardware.adapters, in: .hardware)
      try count(hardware.unreadable, in: .hardware)
      try size(hardware, in: .hardware)
    }
    if let system = facts.system {
      try texts(system.failedUnits ?? [], in: .system)
      try count(system.unreadable, in: .system)
      try size(system, in: .system)
    }
    if let vitals = facts.vitals {
      try count(vitals.disks, in: .vitals)
      try count(vitals.fileSystems, in: .vitals)
      try count(vitals.batteries, in: .vitals)
      try count(vitals.thermals, in: .vitals)
      try count(vitals.links, in: .vitals)
      try count(vitals.unreadable, in: .vitals)
      try size(vitals, in: .vitals)
    }
  }

  /// A section other than software is small: its whole encoding has one bound.
  private static func size(_ section: some Canonical, in name: FactSection) throws(WireError) {
    if section.canonicalBytes.count > 64 << 10 { throw tooLarge(name, "is over 64 KiB") }
  }

  private static func count(_ list: [some Any], in name: FactSection) throws(WireError) {
    if list.count > Limits.listElements { throw tooLarge(name, "has a list of over \(Limits.listElements) elements") }
  }

  private static func texts(_ list: [String], in name: FactSection) throws(WireError) {
    try count(list, in: name)
    if list.contains(where: { $0.utf8.count > Limits.textBytes }) {
      throw tooLarge(name, "has a text of over \(Limits.textBytes) bytes")
    }
  }

  private static func tooLarge(_ section: FactSection, _ what: String) -> WireError {
    WireError(.tooLarge, "The section '\(section.rawValue)' \(what).")
  }
}
