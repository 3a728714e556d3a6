import Vocabulary
import Wire

/// The facts of a simulated device, but its software.
enum DeviceFacts {
  static func identity(_ identity: DeviceIdentity, _ model: HardwareModel) -> IdentityFacts {
    var facts = IdentityFacts()
    facts.serial = identity.serial
    facts.uuid = identity.uuid
    facts.boardSerial = identity.boardSerial
    facts.vendor = model.vendor
    facts.product = model.product
    facts.version = model.version.isEmpty ? nil : model.version
    facts.family = model.family
    facts.sku = model.sku
    facts.board = model.board
    facts.chassisType = model.chassisType
    facts.firmwareVendor = model.firmwareVendor
    facts.firmwareVersion = model.firmwareVersion
    facts.firmwareDate = model.firmwareDate
    facts.builtInMACs = [identity.mac]
    return facts
  }

  static func hardware(_ identity: DeviceIdentity, _ model: HardwareModel) -> HardwareFacts {
    var facts = HardwareFacts()
    facts.processor = .init(
      model: model.processor, cores: model.cores, threads: model.cores * 2, architecture: "x86_64")
    facts.memoryBytes = (model.memoryMiB - 300) << 20
    let kind = DiskKind.of(identity)
    var disk = HardwareFacts.Disk(name: "nvme0n1", kind: "nvme")
    disk.model = kind.model
    disk.serial = "K" + identity.boardSerial
    disk.firmware = "10410104"
    disk.bytes = kind.bytes
    disk.rotational = false
    facts.disks = [disk]
    if let design = model.designMicrowattHours {
      var battery = HardwareFacts.Battery(name: "BAT0")
      battery.manufacturer = model.batteryMaker
      battery.model = model.batteryModel
      battery.technology = "Li-ion"
      battery.designMicrowattHours = design
      facts.batteries = [battery]
    }
    facts.adapters = [.init(name: "wlp0s20f3", kind: "wifi", mac: identity.mac, driver: "iwlwifi", builtIn: true)]
    facts.tpmVersion = "2.0"
    facts.uefi = true
    facts.secureBoot = true
    return facts
  }

  static func system(_ identity: DeviceIdentity) -> SystemFacts {
    var random = SeededRandom(seed: identity.seed, stream: UInt64(identity.index) &+ 0x51)
    var facts = SystemFacts()
    facts.hostname = "lt-" + identity.serial.lowercased()
    facts.osID = "debian"
    facts.osName = "Debian GNU/Linux 12 (bookworm)"
    facts.osVersion = "12"
    facts.kernel = "6.1.0-28-amd64"
    facts.bootID = DeviceIdentity(index: random.below(1 << 30), seed: identity.seed).uuid
    facts.bootedAt = Instant(seconds: 1_790_000_000 + Int64(random.below(1_000_000)))
    facts.rootEncrypted = true
    facts.encryptionKind = "luks2"
    facts.rebootPending = false
    facts.failedUnits = []
    return facts
  }

  /// How many vital states differ in their hash: free space moves by 2 % from one to the next.
  static let vitalVariants = 32

  static func vitals(
    _ model: HardwareModel, variant: Int, disk kind: DiskKind = .usual, condition: Condition = .new
  ) -> VitalFacts {
    var facts = VitalFacts()
    facts.memoryTotalBytes = (model.memoryMiB - 300) << 20
    facts.memoryAvailableBytes = (model.memoryMiB - 300) << 19
    var disk = VitalFacts.DiskHealth(name: "nvme0n1")
    disk.healthy = true
    disk.percentUsed = condition.diskUsedPercent
    disk.sparePercent = 100
    disk.temperatureMillicelsius = 38_000
    disk.mediaErrors = 0
    disk.powerOnHours = 1_840
    facts.disks = [disk]
    let free = kind.bytes / 100 * Int64(max(1, condition.freePercent - variant % vitalVariants * 2))
    facts.fileSystems = [
      .init(mount: "/", kind: "ext4", totalBytes: kind.bytes, availableBytes: free, readOnly: false)
    ]
    if let design = model.designMicrowattHours {
      var battery = VitalFacts.BatteryState(name: "BAT0")
      battery.fullMicrowattHours = design / 100 * condition.batteryPercent
      battery.cycles = 120
      battery.chargePercent = 71
      battery.state = "discharging"
      facts.batteries = [battery]
    }
    facts.thermals = [.init(zone: "x86_pkg_temp", millicelsius: 47_000)]
    facts.links = [.init(name: "wlp0s20f3", up: true)]
    facts.clockOffsetMilliseconds = 12
    facts.updatesAvailable = condition.updates
    return facts
  }
}
