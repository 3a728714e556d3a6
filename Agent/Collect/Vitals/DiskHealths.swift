internal import Wire

extension Tree {
  /// What a disk says of itself; nil where it says nothing. Whom it does not answer takes what was measured.
  func health(
    _ reading: DiskReading, _ devices: any DeviceQuestions, _ measured: Measured, _ gaps: inout Gaps
  ) -> VitalFacts.DiskHealth? {
    let field = "disks.\(reading.disk.name)"
    let nothing = VitalFacts.DiskHealth(name: reading.disk.name)
    var health = nothing
    do throws(DeviceFault) {
      health = try Tree.ownAccount(of: reading.disk, devices) ?? nothing
    } catch {
      do throws(DeviceFault) {
        health = try measured.health(ofDisk: reading.disk.name)
      } catch let other {
        gaps.add(field + ".healthy", "\(error.reason); \(other.reason)")
      }
    }
    if reading.disk.kind == "mmc" { mmcHealth(&health, reading.device, field, &gaps) }
    if health.temperatureMillicelsius == nil {
      health.temperatureMillicelsius = temperature(reading.device, field, &gaps)
    }
    return health == nothing ? nil : health
  }

  /// A disk's answer to a command that only the privileged may give; nil for kinds that know none.
  static func ownAccount(
    of disk: HardwareFacts.Disk, _ devices: any DeviceQuestions
  ) throws(DeviceFault) -> VitalFacts.DiskHealth? {
    switch disk.kind {
    case "nvme": try nvmeHealth(disk.name, devices)
    case "ata": try ataHealth(disk.name, devices)
    default: nil
    }
  }

  private static func nvmeHealth(
    _ name: String, _ devices: any DeviceQuestions
  ) throws(DeviceFault) -> VitalFacts.DiskHealth {
    let page = try devices.healthPage(ofDisk: name)
    guard let read = page.withUnsafeBufferPointer({ NVMeHealth(page: $0) }) else {
      throw DeviceFault("the disk's health page is not one")
    }
    var health = VitalFacts.DiskHealth(name: name)
    health.healthy = read.healthy
    (health.percentUsed, health.sparePercent) = (read.percentUsed, read.sparePercent)
    (health.mediaErrors, health.powerOnHours) = (read.mediaErrors, read.powerOnHours)
    health.temperatureMillicelsius = read.temperatureMillicelsius
    return health
  }

  private static func ataHealth(
    _ name: String, _ devices: any DeviceQuestions
  ) throws(DeviceFault) -> VitalFacts.DiskHealth {
    let answers = try devices.smartAnswers(ofDisk: name)
    let data = answers.data.withUnsafeBufferPointer { ATAHealth(data: $0) }
    guard data != nil || answers.isFailing != nil else { throw DeviceFault("the disk's SMART data is not any") }
    var health = VitalFacts.DiskHealth(name: name)
    health.healthy = answers.isFailing.map { !$0 }
    health.percentUsed = answers.endurance.flatMap { page in
      page.withUnsafeBufferPointer { ATAHealth.percentUsed(statistics: $0) }
    }
    (health.mediaErrors, health.reallocatedSectors) = (data?.mediaErrors, data?.reallocatedSectors)
    (health.powerOnHours, health.temperatureMillicelsius) = (data?.powerOnHours, data?.temperatureMillicelsius)
    return health
  }

  /// An eMMC's wear: two estimates in steps of 10 %, and whether its reserve ends.
  ///
  /// Source: JESD84-B51, DEVICE_LIFE_TIME_EST_TYP_A/B and PRE_EOL_INFO; device/life_time, device/pre_eol_info
  private func mmcHealth(_ health: inout VitalFacts.DiskHealth, _ device: String, _ field: String, _ gaps: inout Gaps) {
    let words = text(device + "/life_time", field + ".percentUsed", &gaps)?.split(separator: " ") ?? []
    // 0x01 is 0–10 % used … 0x0a 90–100 %, 0x0b past it; 0 is not defined. The upper end is told.
    let steps = words.compactMap { Tree.hexadecimal($0) }.filter { (1...11).contains($0) }
    health.percentUsed = steps.max().map { $0 * 10 }
    switch text(device + "/pre_eol_info", field + ".healthy", &gaps).flatMap({ Tree.hexadecimal($0[...]) }) {
    case 1, 2: health.healthy = true
    case 3: health.healthy = false
    default: break
    }
  }

  static func hexadecimal(_ text: Substring) -> Int? {
    text.hasPrefix("0x") && text.utf8.count <= 10 ? Int(text.dropFirst(2), radix: 16) : nil
  }

  /// Source: hwmon of the nvme and drivetemp drivers, temp1_input, thousandths of a degree
  private func temperature(_ device: String, _ field: String, _ gaps: inout Gaps) -> Int64? {
    for folder in [device, device + "/hwmon"] {
      for name in (try? names(in: folder)) ?? [] where name.hasPrefix("hwmon") && name != "hwmon" {
        let path = "\(folder)/\(name)/temp1_input"
        if let read = number(path, field + ".temperatureMillicelsius", &gaps), Tree.isPlausible(millicelsius: read) {
          return read
        }
      }
    }
    return nil
  }

  /// Between −60 °C and 200 °C.
  static func isPlausible(millicelsius: Int64) -> Bool { (-60_000...200_000).contains(millicelsius) }
}
