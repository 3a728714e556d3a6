internal import Registry
internal import Wire

/// Items that look at several parts of a machine and tell of the worst one.
extension HealthRules {
  /// SMBIOS chassis types that have a battery: portable, laptop, notebook, hand-held, sub-notebook, tablet, convertible,
  /// detachable. Source: DMTF DSP0134, 7.4.1.
  private static let portable: Set<Int> = [8, 9, 10, 11, 14, 30, 31, 32]

  static func battery(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    guard let hardware = facts.hardware else { return unknown("battery", "The battery", facts, "batter") }
    guard !hardware.batteries.isEmpty else {
      if hardware.unreadable.contains(where: { $0.field.hasPrefix("batter") }) {
        return unknown("battery", "The battery", facts, "batter")
      }
      guard let type = facts.identity?.chassisType, portable.contains(type) else { return nil }
      return Health.Item(
        item: "battery", verdict: .failing, reason: "This is a portable computer, and no battery is found in it.")
    }
    return worst(hardware.batteries.map { part in judge(part, facts, thresholds) })
  }

  private static func judge(
    _ part: HardwareFacts.Battery, _ facts: Facts, _ thresholds: HealthThresholds
  ) -> Health.Item {
    let state = facts.vitals?.batteries.first { $0.name == part.name }
    guard let full = state?.fullMicrowattHours, let design = part.designMicrowattHours,
      let percent = Reading.percent(full, of: design)
    else { return unknown("battery", "How much battery \(part.name) still holds", facts, "batter") }
    let verdict = Reading.verdict(under: percent, thresholds.batteryPercent)
    let holds = "Battery \(part.name) holds \(Reading.whole(percent)) % of what it did when new"
    if verdict == .well, let cycles = state?.cycles, Double(cycles) >= thresholds.batteryCycles {
      return Health.Item(item: "battery", verdict: .attention, reason: "\(holds), after \(cycles) cycles.")
    }
    let advice = [Health.Verdict.failing: ". Replace it.", .attention: ". Plan to replace it."][verdict] ?? "."
    return Health.Item(item: "battery", verdict: verdict, reason: holds + advice)
  }

  static func disk(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    let names = Set((facts.hardware?.disks ?? []).map(\.name)).union((facts.vitals?.disks ?? []).map(\.name))
    guard !names.isEmpty else {
      return unknown("disk", "The state of the disks", facts, "disk")
    }
    return worst(
      names.sorted().map { name in
        judge(facts.vitals?.disks.first { $0.name == name } ?? VitalFacts.DiskHealth(name: name), facts, thresholds)
      })
  }

  private static func judge(
    _ disk: VitalFacts.DiskHealth, _ facts: Facts, _ thresholds: HealthThresholds
  ) -> Health.Item {
    func item(_ verdict: Health.Verdict, _ reason: String) -> Health.Item {
      Health.Item(item: "disk", verdict: verdict, reason: reason)
    }
    if disk.healthy == false {
      return item(.failing, "Disk \(disk.name) says that it is failing. Save its data and replace it.")
    }
    var found: [Health.Item] = []
    if let used = disk.percentUsed {
      let verdict = Reading.verdict(Double(used), thresholds.diskUsedPercent)
      found.append(item(verdict, "Disk \(disk.name) has used \(used) % of its endurance."))
    }
    if let spare = disk.sparePercent {
      let verdict = Reading.verdict(under: Double(spare), thresholds.diskSparePercent)
      found.append(item(verdict, "Disk \(disk.name) has \(spare) % of its spare blocks left."))
    }
    if let errors = disk.mediaErrors, errors > 0 {
      found.append(item(.attention, "Disk \(disk.name) could not read \(errors) \(errors == 1 ? "block" : "blocks")."))
    }
    if let worn = disk.reallocatedSectors, worn > 0 {
      let blocks = "\(worn) worn \(worn == 1 ? "block" : "blocks")"
      found.append(item(.attention, "Disk \(disk.name) uses spare blocks in place of \(blocks)."))
    }
    if disk.healthy == true { found.append(item(.well, "Disk \(disk.name) says that it is well.")) }
    return worst(found) ?? unknown("disk", "The health of disk \(disk.name)", facts, "disks.\(disk.name)")
  }

  static func space(_ facts: Facts, _ thresholds: HealthThresholds) -> Health.Item? {
    guard let systems = facts.vitals?.fileSystems, !systems.isEmpty else {
      return unknown("space", "How much space is free", facts, "fileSystems")
    }
    return worst(
      systems.compactMap { judge($0, thresholds) }) ?? unknown("space", "How much space is free", facts, "fileSystems")
  }

  /// nil for what is read-only by its nature, such as an image.
  private static func judge(_ system: VitalFacts.FileSystem, _ thresholds: HealthThresholds) -> Health.Item? {
    guard !["squashfs", "iso9660", "erofs", "udf", "cramfs"].contains(system.kind) else { return nil }
    if system.readOnly, system.mount == "/" {
      return Health.Item(
        item: "space", verdict: .failing,
        reason: "The root file system is read-only: the kernel found an error on it, or it was mounted so.")
    }
    guard !system.readOnly, let percent = Reading.percent(system.availableBytes, of: system.totalBytes) else {
      return nil
    }
    let enough = system.availableBytes >= thresholds.spaceEnoughBytes
    let verdict = enough ? .well : Reading.verdict(under: percent, thresholds.spaceFreePercent)
    return Health.Item(
      item: "space", verdict: verdict,
      reason:
        "\(Reading.whole(percent)) % of \(system.mount) is free\(verdict == .well ? "." : ". Remove what is not needed.")"
    )
  }

  /// The item that is worst; of equals the first.
  private static func worst(_ items: [Health.Item]) -> Health.Item? {
    items.reduce(nil) { worst, item in
      guard let worst, worst.verdict.rank >= item.verdict.rank else { return item }
      return worst
    }
  }
}
