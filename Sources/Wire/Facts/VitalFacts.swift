/// Readings that move all the time. They travel exactly, but their canonical encoding rounds them, so that a
/// device is "changed" only when somebody would care.
package struct VitalFacts: Hashable, Sendable, Codable, Canonical {
  /// Memory free for programs, in bytes; hashed to 1/8 of the total. Source: /proc/meminfo MemAvailable
  package var memoryAvailableBytes: Int64?
  /// Source: /proc/meminfo MemTotal
  package var memoryTotalBytes: Int64?
  package var disks: [DiskHealth]
  package var fileSystems: [FileSystem]
  package var batteries: [BatteryState]
  package var thermals: [Thermal]
  package var links: [Link]
  /// The device's clock minus the controller's at the last contact, in milliseconds; hashed to 30 s.
  package var clockOffsetMilliseconds: Int64?
  /// Packages with a newer version in the lists the machine has; nil where that is unknown.
  package var updatesAvailable: Int?
  package var unreadable: [Unreadable]

  package init() {
    disks = []
    fileSystems = []
    batteries = []
    thermals = []
    links = []
    unreadable = []
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.field("memoryAvailable", rounded(memoryAvailableBytes, to: max(1, (memoryTotalBytes ?? 0) / 8)))
    encoder.field("disks", disks)
    encoder.field("fileSystems", fileSystems)
    encoder.field("batteries", batteries)
    encoder.field("thermals", thermals)
    encoder.field("links", links)
    encoder.field("clockOffset", rounded(clockOffsetMilliseconds, to: 30_000))
    encoder.field("updatesAvailable", updatesAvailable)
    encoder.field("unreadable", unreadable)
  }

  /// A disk's own account of itself. Source: NVMe log page 02h (SMART / Health); ATA SMART
  package struct DiskHealth: Hashable, Sendable, Codable, Canonical {
    package var name: String
    /// False where the disk says that it is failing.
    package var healthy: Bool?
    /// Endurance used up, percent; may pass 100.
    package var percentUsed: Int?
    /// Spare blocks left, percent.
    package var sparePercent: Int?
    /// In thousandths of a degree Celsius; hashed to 10 °C.
    package var temperatureMillicelsius: Int64?
    /// Blocks that could not be read back. Source: NVMe; ATA attribute 187, else 198
    package var mediaErrors: Int64?
    /// Worn blocks that spare ones stand in for; told, but not hashed: a controller from before it was added checks the
    /// hash over the fields it knows. Source: ATA attribute 5
    package var reallocatedSectors: Int64?
    /// Hashed to 100 h.
    package var powerOnHours: Int64?

    package init(name: String) { self.name = name }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("healthy", healthy)
      encoder.field("percentUsed", percentUsed)
      encoder.field("sparePercent", sparePercent)
      encoder.field("temperature", rounded(temperatureMillicelsius, to: 10_000))
      encoder.field("mediaErrors", mediaErrors)
      encoder.field("powerOnHours", rounded(powerOnHours, to: 100))
    }
  }

  /// A mounted file system on a real device. Source: /proc/self/mountinfo, statvfs(3)
  package struct FileSystem: Hashable, Sendable, Codable, Canonical {
    package var mount: String
    /// Such as `ext4`.
    package var kind: String
    package var totalBytes: Int64
    /// Free to unprivileged users, in bytes; hashed to 2 % of the total.
    package var availableBytes: Int64
    package var readOnly: Bool

    package init(mount: String, kind: String, totalBytes: Int64, availableBytes: Int64, readOnly: Bool) {
      self.mount = mount
      self.kind = kind
      self.totalBytes = totalBytes
      self.availableBytes = availableBytes
      self.readOnly = readOnly
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("mount", mount)
      encoder.field("kind", kind)
      encoder.field("total", totalBytes)
      encoder.field("available", rounded(availableBytes, to: max(1, totalBytes / 50)))
      encoder.field("readOnly", readOnly)
    }
  }

  /// Source: /sys/class/power_supply/NAME
  package struct BatteryState: Hashable, Sendable, Codable, Canonical {
    package var name: String
    /// What a full charge holds today, in microwatt-hours. Source: energy_full, or charge_full × voltage_min_design
    package var fullMicrowattHours: Int64?
    /// Charge cycles; hashed to 5. Some firmware says 0 for "unknown"; that is reported as nil.
    package var cycles: Int?
    /// 0 to 100; told, but not hashed.
    package var chargePercent: Int?
    /// `charging`, `discharging`, `full`, `not-charging` or `unknown`; told, but not hashed.
    package var state: String?

    package init(name: String) { self.name = name }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("full", rounded(fullMicrowattHours, to: 500_000))
      encoder.field("cycles", rounded(cycles.map(Int64.init), to: 5))
    }
  }

  /// Source: /sys/class/thermal/thermal_zoneN, /sys/class/hwmon
  package struct Thermal: Hashable, Sendable, Codable, Canonical {
    package var zone: String
    /// In thousandths of a degree Celsius; hashed to 15 °C.
    package var millicelsius: Int64

    package init(zone: String, millicelsius: Int64) {
      self.zone = zone
      self.millicelsius = millicelsius
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("zone", zone)
      encoder.field("temperature", rounded(millicelsius, to: 15_000))
    }
  }

  /// The state of a physical adapter. Never the network's name. Source: /sys/class/net/NAME, /proc/net/wireless
  package struct Link: Hashable, Sendable, Codable, Canonical {
    package var name: String
    package var up: Bool
    /// Megabits a second; told, but not hashed.
    package var speedMbps: Int?
    /// dBm, Wi-Fi only; told, but not hashed.
    package var signalDBm: Int?
    /// 0 to 100, Wi-Fi only, as the driver rates the link; told, but not hashed. Source: /proc/net/wireless link
    package var qualityPercent: Int?

    package init(name: String, up: Bool) {
      self.name = name
      self.up = up
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("up", up)
    }
  }
}

/// `value` rounded down to a multiple of `step`.
private func rounded(_ value: Int64?, to step: Int64) -> Int64? {
  guard let value else { return nil }
  let remainder = value % step
  return remainder < 0 ? value - remainder - (value - remainder < Int64.min + step ? 0 : step) : value - remainder
}
