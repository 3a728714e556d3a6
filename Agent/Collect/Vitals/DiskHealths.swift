internal import Wire

extension Tree {
  /// What a disk says of itself; nil where it says nothing.
  func health(
    _ reading: DiskReading, _ devices: any DeviceQuestions, _ gaps: inout Gaps
  ) -> VitalFacts.DiskHealth? {
    let field = "disks.\(reading.disk.name)"
    let nothing = VitalFacts.DiskHealth(name: reading.disk.name)
    var health = nothing
    switch reading.disk.kind {
    case "nvme": nvmeHealth(&health, field, devices, &gaps)
    case "mmc": mmcHealth(&health, reading.device, field, &gaps)
    case "ata": gaps.add(field + ".healthy", "the kernel tells no ATA disk's health without raw access to it")
    default: break
    }
    if health.temperatureMillicelsius == nil {
      health.temperatureMillicelsius = temperature(reading.device, field, &gaps)
    }
    return health == nothing ? nil : health
  }

  private func nvmeHealth(
    _ health: inout VitalFacts.DiskHealth, _ field: String, _ devices: any DeviceQuestions, _ gaps: inout Gaps
  ) {
    do throws(DeviceFault) {
      let page = try devices.healthPage(ofDisk: health.name)
      guard let read = page.withUnsafeBufferPointer({ NVMeHealth(page: $0) }) else {
        return gaps.add(field + ".healthy", "the disk's health page is not one")
      }
      health.healthy = read.healthy
      (health.percentUsed, health.sparePercent) = (read.percentUsed, read.sparePercent)
      (health.mediaErrors, health.powerOnHours) = (read.mediaErrors, read.powerOnHours)
      health.temperatureMillicelsius = read.temperatureMillicelsius
    } catch {
      gaps.add(field + ".healthy", error.reason)
    }
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
