internal import Wire

extension Tree {
  /// Names of the batteries that power the machine, not a mouse or a pen. Source: /sys/class/power_supply
  private func batteryNames(_ gaps: inout Gaps) -> [String] {
    let folder = "sys/class/power_supply"
    let batteries = names(in: folder, "batteries", &gaps).filter { name in
      (try? text("\(folder)/\(name)/type")) == "Battery" && (try? text("\(folder)/\(name)/scope")) != "Device"
        && optionalNumber("\(folder)/\(name)/present") != 0
    }
    if batteries.count > 16 { gaps.add("batteries", "more than 16 batteries") }
    return Array(batteries.prefix(16))
  }

  func batteries(_ gaps: inout Gaps) -> [HardwareFacts.Battery] {
    batteryNames(&gaps).map { name in
      let (folder, field) = ("sys/class/power_supply/\(name)", "batteries.\(name)")
      var battery = HardwareFacts.Battery(name: name)
      battery.manufacturer = text(folder + "/manufacturer", field + ".manufacturer", &gaps)
      battery.model = text(folder + "/model_name", field + ".model", &gaps)
      battery.serial = text(folder + "/serial_number", field + ".serial", &gaps)
      battery.technology = text(folder + "/technology", field + ".technology", &gaps)
      if battery.technology == "Unknown" { battery.technology = nil }
      battery.designMicrowattHours = energy(folder, "full_design", field + ".designMicrowattHours", &gaps)
      return battery
    }
  }

  func batteryStates(_ gaps: inout Gaps) -> [VitalFacts.BatteryState] {
    batteryNames(&gaps).map { name in
      let (folder, field) = ("sys/class/power_supply/\(name)", "batteries.\(name)")
      var battery = VitalFacts.BatteryState(name: name)
      battery.fullMicrowattHours = energy(folder, "full", field + ".fullMicrowattHours", &gaps)
      if let cycles = number(folder + "/cycle_count", field + ".cycles", &gaps), (1...100_000).contains(cycles) {
        battery.cycles = Int(cycles)
      }
      if let percent = number(folder + "/capacity", field + ".chargePercent", &gaps) {
        if (0...100).contains(percent) {
          battery.chargePercent = Int(percent)
        } else {
          gaps.add(field + ".chargePercent", "not a percentage: \(percent)")
        }
      }
      battery.state = text(folder + "/status", field + ".state", &gaps).map(Tree.batteryState)
      return battery
    }
  }

  /// Microwatt-hours, from `energy_X`, or from `charge_X` in microampere-hours and the design voltage in microvolts.
  private func energy(_ folder: String, _ what: String, _ field: String, _ gaps: inout Gaps) -> Int64? {
    if let energy = number("\(folder)/energy_\(what)", field, &gaps) { return plausible(energy, field, &gaps) }
    guard let charge = number("\(folder)/charge_\(what)", field, &gaps) else { return nil }
    guard let voltage = number(folder + "/voltage_min_design", field, &gaps) else {
      gaps.add(field, "told in ampere-hours without a design voltage")
      return nil
    }
    let product = charge.multipliedReportingOverflow(by: voltage)
    return plausible(product.overflow ? -1 : product.partialValue / 1_000_000, field, &gaps)
  }

  /// No laptop's battery holds a kilowatt-hour.
  private func plausible(_ microwattHours: Int64, _ field: String, _ gaps: inout Gaps) -> Int64? {
    if (1...1_000_000_000).contains(microwattHours) { return microwattHours }
    gaps.add(field, "the battery tells no plausible capacity")
    return nil
  }

  /// Source: Linux Documentation/ABI/testing/sysfs-class-power, status
  static func batteryState(_ status: String) -> String {
    switch status {
    case "Charging": "charging"
    case "Discharging": "discharging"
    case "Full": "full"
    case "Not charging": "not-charging"
    default: "unknown"
    }
  }
}
