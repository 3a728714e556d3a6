/// The bounds on texts and lists inside facts, checked once on the way in.
enum FactLimits {
  /// - Throws: `wire.too-large`, naming the section.
  static func check(_ facts: Facts) throws(WireError) {
    if let identity = facts.identity {
      try count(identity.builtInMACs, in: .identity)
      try size(identity, in: .identity)
      try count(identity.unreadable, in: .identity)
    }
    if let hardware = facts.hardware {
      try count(hardware.disks, in: .hardware)
      try count(hardware.batteries, in: .hardware)
      try count(hardware.adapters, in: .hardware)
      try count(hardware.unreadable, in: .hardware)
      try size(hardware, in: .hardware)
      try beside(hardware)
    }
    if let system = facts.system {
      try count(system.failedUnits ?? [], in: .system)
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
      // Told, but not in the encoding that is measured below.
      for battery in vitals.batteries { try text(battery.state?.utf8.count ?? 0, in: .vitals) }
      try size(vitals, in: .vitals)
    }
  }

  /// A section other than software is small: its whole encoding has one bound, and each text in it another.
  private static func size(_ section: some Canonical, in name: FactSection) throws(WireError) {
    var encoder = CanonicalEncoder()
    section.encode(into: &encoder)
    if encoder.bytes.count > Limits.sectionBytes { throw tooLarge(name, "is over \(Limits.sectionBytes) bytes") }
    try text(encoder.longestText, in: name)
  }

  /// What is told, but not in the encoding that is measured.
  private static func beside(_ hardware: HardwareFacts) throws(WireError) {
    try count(hardware.graphics ?? [], in: .hardware)
    try count(hardware.cameras ?? [], in: .hardware)
    try count(hardware.audio ?? [], in: .hardware)
    var encoder = CanonicalEncoder()
    hardware.encodeBeside(into: &encoder)
    if encoder.bytes.count > Limits.sectionBytes {
      throw tooLarge(.hardware, "tells over \(Limits.sectionBytes) bytes of parts")
    }
    try text(encoder.longestText, in: .hardware)
  }

  private static func count(_ list: [some Any], in name: FactSection) throws(WireError) {
    if list.count > Limits.listElements { throw tooLarge(name, "has a list of over \(Limits.listElements) elements") }
  }

  private static func text(_ bytes: Int, in name: FactSection) throws(WireError) {
    if bytes > Limits.textBytes { throw tooLarge(name, "has a text of over \(Limits.textBytes) bytes") }
  }

  private static func tooLarge(_ section: FactSection, _ what: String) -> WireError {
    WireError(.tooLarge, "The section '\(section.rawValue)' \(what).")
  }
}
