package import Registry
package import Wire

/// Finds, purely, what changed between two states of a device's facts, in the words of its history.
///
/// Identity and hardware count whole, of the system what people ask about later. Readings that move all the time are no
/// history; a health verdict that changes is. A section's first report is no change.
package enum FactDiff {
  package static func changes(old: Facts, new: Facts) -> [FactChange] {
    var changes: [FactChange] = []
    if let old = old.identity, let new = new.identity {
      changes += compare("identity", FactOutline(old), FactOutline(new))
    }
    if let old = old.hardware, let new = new.hardware {
      changes += compare("hardware", FactOutline(old), FactOutline(new))
    }
    if let old = old.system, let new = new.system {
      changes += compare("system", FactOutline(old), FactOutline(new))
    }
    return changes
  }

  package static func changes(old: Health, new: Health) -> [FactChange] {
    let before = Dictionary(old.items.map { ($0.item, $0.verdict) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(new.items.map { ($0.item, $0.verdict) }, uniquingKeysWith: { first, _ in first })
    return Set(before.keys).union(after.keys).sorted().compactMap { item in
      guard before[item] != after[item] else { return nil }
      return FactChange(section: "health", field: item, old: before[item]?.rawValue, new: after[item]?.rawValue)
    }
  }

  private static func compare(_ section: String, _ old: FactOutline, _ new: FactOutline) -> [FactChange] {
    var changes: [FactChange] = []
    func note(_ field: String, _ before: String?, _ after: String?) {
      guard before != after else { return }
      // What could not be read on one side is not known to have changed.
      if before == nil, old.unread.contains(where: field.hasPrefix) { return }
      if after == nil, new.unread.contains(where: field.hasPrefix) { return }
      changes.append(FactChange(section: section, field: field, old: before, new: after))
    }
    for field in Set(old.fields.keys).union(new.fields.keys).sorted() {
      note(field, old.fields[field], new.fields[field])
    }
    for path in Set(old.parts.keys).union(new.parts.keys).sorted() {
      switch (old.parts[path], new.parts[path]) {
      case (let before?, let after?):
        for field in Set(before.fields.keys).union(after.fields.keys).sorted() {
          note("\(path).\(field)", before.fields[field], after.fields[field])
        }
      case (let before, let after): note(path, before?.summary, after?.summary)
      }
    }
    return changes
  }
}

/// A section as flat fields and named parts: a part that comes or goes is one change, not one for each of its fields.
struct FactOutline {
  struct Part {
    let summary: String
    let fields: [String: String]
  }

  var fields: [String: String] = [:]
  /// By path, such as `disks[S4NVME123]`: the serial where there is one, so that a disk in another slot is the same.
  var parts: [String: Part] = [:]
  /// Fields, or lists of parts, that could not be read.
  var unread: [String] = []

  init(_ facts: IdentityFacts) {
    unread = facts.unreadable.map(\.field)
    set("serial", facts.serial)
    set("uuid", facts.uuid)
    set("boardSerial", facts.boardSerial)
    set("chassisSerial", facts.chassisSerial)
    set("assetTag", facts.assetTag)
    set("vendor", facts.vendor)
    set("product", facts.product)
    set("version", facts.version)
    set("family", facts.family)
    set("sku", facts.sku)
    set("board", facts.board)
    set("chassisType", facts.chassisType.map(String.init))
    set("firmwareVendor", facts.firmwareVendor)
    set("firmwareVersion", facts.firmwareVersion)
    set("firmwareDate", facts.firmwareDate)
    set("builtInMACs", facts.builtInMACs.isEmpty ? nil : facts.builtInMACs.joined(separator: " "))
  }

  init(_ facts: HardwareFacts) {
    unread = facts.unreadable.map(\.field)
    set("processor.model", facts.processor?.model)
    set("processor.cores", facts.processor?.cores.map(String.init))
    set("processor.threads", facts.processor.map { String($0.threads) })
    set("processor.architecture", facts.processor?.architecture)
    set("memoryBytes", facts.memoryBytes.map(String.init))
    set("tpmVersion", facts.tpmVersion)
    set("uefi", facts.uefi.map(String.init))
    set("secureBoot", facts.secureBoot.map(String.init))
    for disk in facts.disks {
      add(
        "disks", disk.serial ?? disk.name, [disk.model ?? disk.kind, disk.serial, disk.bytes.map { "\($0) bytes" }],
        [
          "name": disk.name, "model": disk.model, "firmware": disk.firmware, "bytes": disk.bytes.map(String.init),
          "kind": disk.kind,
        ])
    }
    for battery in facts.batteries {
      add(
        "batteries", battery.serial ?? battery.name, [battery.manufacturer, battery.model, battery.serial],
        [
          "name": battery.name, "model": battery.model, "manufacturer": battery.manufacturer,
          "designMicrowattHours": battery.designMicrowattHours.map(String.init),
        ])
    }
    for adapter in facts.adapters {
      add(
        "adapters", adapter.mac ?? adapter.name, [adapter.kind, adapter.name, adapter.mac],
        ["name": adapter.name, "kind": adapter.kind, "driver": adapter.driver, "builtIn": String(adapter.builtIn)])
    }
  }

  init(_ facts: SystemFacts) {
    unread = facts.unreadable.map(\.field)
    set("hostname", facts.hostname)
    set("osID", facts.osID)
    set("osName", facts.osName)
    set("osVersion", facts.osVersion)
    set("kernel", facts.kernel)
    set("rootEncrypted", facts.rootEncrypted.map(String.init))
    set("encryptionKind", facts.encryptionKind)
  }

  private mutating func set(_ field: String, _ value: String?) { fields[field] = value }

  /// Parts of one name, which no machine should have, are told apart by a number.
  private mutating func add(_ list: String, _ name: String, _ summary: [String?], _ fields: [String: String?]) {
    var path = "\(list)[\(name)]"
    var number = 2
    while parts[path] != nil {
      path = "\(list)[\(name)#\(number)]"
      number += 1
    }
    parts[path] = Part(
      summary: summary.compactMap { $0 }.joined(separator: " "), fields: fields.compactMapValues { $0 })
  }
}
