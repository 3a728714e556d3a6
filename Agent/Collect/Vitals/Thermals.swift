internal import Wire

extension Tree {
  /// One reading for each thermal zone, and for each other chip its hottest sensor, sorted by zone.
  func thermals(_ gaps: inout Gaps) -> [VitalFacts.Thermal] {
    var found: [VitalFacts.Thermal] = []
    var kinds: [String: Int] = [:]
    zones(&found, &kinds, &gaps)
    chips(&found, &kinds, &gaps)
    return found.sorted { $0.zone < $1.zone }
  }

  /// Source: /sys/class/thermal/thermal_zoneN type and temp, thousandths of a degree
  private func zones(_ found: inout [VitalFacts.Thermal], _ kinds: inout [String: Int], _ gaps: inout Gaps) {
    let folder = "sys/class/thermal"
    for name in names(in: folder, "thermals", &gaps).filter({ $0.hasPrefix("thermal_zone") }).prefix(64) {
      guard let kind = text("\(folder)/\(name)/type", "thermals.\(name)", &gaps) else { continue }
      let zone = Tree.numbered(kind, &kinds)
      guard let read = number("\(folder)/\(name)/temp", "thermals.\(zone)", &gaps) else { continue }
      add(read, zone, &found, &gaps)
    }
  }

  /// Source: /sys/class/hwmon/hwmonN name and tempM_input, thousandths of a degree
  private func chips(_ found: inout [VitalFacts.Thermal], _ kinds: inout [String: Int], _ gaps: inout Gaps) {
    let folder = "sys/class/hwmon"
    let zones = Set(kinds.keys)
    for name in names(in: folder, "thermals", &gaps).prefix(64) {
      guard let kind = text("\(folder)/\(name)/name", "thermals.\(name)", &gaps) else { continue }
      // A thermal zone shows as a chip of its own name again; disks tell their temperature with their health.
      if zones.contains(kind) || kind == "nvme" || kind == "drivetemp" { continue }
      let inputs = names(in: "\(folder)/\(name)", "thermals.\(kind)", &gaps)
        .filter { $0.hasPrefix("temp") && $0.hasSuffix("_input") }.prefix(128)
      var sensorGaps = Gaps()
      let reads = inputs.compactMap { number("\(folder)/\(name)/\($0)", "thermals.\(kind)", &sensorGaps) }
      if inputs.isEmpty { continue }
      let zone = Tree.numbered(kind, &kinds)
      if let hottest = reads.filter(Tree.isPlausible(millicelsius:)).max() {
        add(hottest, zone, &found, &gaps)
      } else {
        gaps.add("thermals.\(zone)", sensorGaps.list.first?.reason ?? "no plausible temperature")
      }
    }
  }

  private func add(_ read: Int64, _ zone: String, _ found: inout [VitalFacts.Thermal], _ gaps: inout Gaps) {
    guard Tree.isPlausible(millicelsius: read) else {
      return gaps.add("thermals.\(zone)", "not a temperature: \(read)")
    }
    if found.count < 128 { found.append(VitalFacts.Thermal(zone: zone, millicelsius: read)) }
  }

  /// `coretemp`, then `coretemp-2` for the next of the kind.
  private static func numbered(_ kind: String, _ kinds: inout [String: Int]) -> String {
    let kind = String(kind.prefix(64))
    let count = (kinds[kind] ?? 0) + 1
    kinds[kind] = count
    return count == 1 ? kind : "\(kind)-\(count)"
  }
}
