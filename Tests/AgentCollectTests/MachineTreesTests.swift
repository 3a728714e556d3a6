import Testing
import Vocabulary
import Wire

@testable import AgentCollect

@Suite("Whole machines, as trees")
struct MachineTreesTests {
  private let gibibyte: Int64 = 1 << 30

  @Test("A school laptop tells its battery, eMMC, Wi-Fi, TPM, Secure Boot and encryption")
  func schoolLaptop() throws {
    let devices = RecordedDevices(
      spaces: [
        "/": Space(total: 50 * gibibyte, available: 20 * gibibyte),
        "/boot": Space(total: gibibyte, available: gibibyte / 2),
      ],
      units: [
        "cups.service", "home-jane.mount", "media-jane-STICK.mount", "netctl@Jane's Wi-Fi.service", "user@1000.service",
        "srv-homes-jane.automount", "boot-efi.mount", "dev-disk-by\\x2dlabel-JANE.swap",
      ])
    let facts = FactCollector(root: fixture("school-laptop"), devices: devices).collect(previousClockOffset: -250)

    let identity = try #require(facts.identity)
    #expect(identity.serial == "5CG9310QX7")
    #expect(identity.product == "HP ProBook x360 11 G3 EE")
    #expect(identity.chassisType == 31)
    #expect(identity.builtInMACs == ["a4:c3:f0:12:34:56"], "the adapter on USB is not part of the machine")
    #expect(identity.unreadable.isEmpty)

    let hardware = try #require(facts.hardware)
    #expect(hardware.processor?.cores == 4)
    #expect(hardware.memoryBytes == Int64(3_878_212 * 1024))
    #expect(hardware.disks.map(\.name) == ["mmcblk0"], "boot partitions, loops, zram and mapper devices are no disks")
    #expect(hardware.disks.first?.bytes == Int64(122_142_720 * 512))
    #expect(hardware.disks.first?.model == "DF4064")
    #expect(hardware.batteries.map(\.name) == ["BAT0"], "a mouse's battery does not power the machine")
    #expect(hardware.batteries.first?.designMicrowattHours == 47_520_000)
    #expect(hardware.adapters.map(\.kind) == ["ethernet", "wifi"])
    #expect(hardware.adapters.map(\.driver) == ["r8152", "iwlwifi"])
    #expect(hardware.adapters.map(\.builtIn) == [false, true])
    #expect(hardware.tpmVersion == "2.0")
    #expect(hardware.uefi == true)
    #expect(hardware.secureBoot == true)
    #expect(hardware.unreadable.isEmpty)

    let system = try #require(facts.system)
    #expect(system.hostname == "cart-7-12")
    #expect(system.osID == "debian")
    #expect(system.osVersion == "12")
    #expect(system.kernel == "6.1.0-37-amd64")
    #expect(system.bootedAt == Instant(seconds: 1_763_712_000))
    #expect(system.rootEncrypted == true)
    #expect(system.encryptionKind == "luks2")
    #expect(system.rebootPending == true)
    let units = [
      "boot-efi.mount", "cups.service", "dev-.swap", "home-.mount", "media-.mount", "netctl@.service", "srv-.automount",
      "user@.service",
    ]
    #expect(system.failedUnits == units, "no name of a person or of a network")
    #expect(system.unreadable.isEmpty)

    let vitals = try #require(facts.vitals)
    #expect(vitals.fileSystems.map(\.mount) == ["/", "/boot"], "one mount a device, and nobody's stick")
    #expect(vitals.fileSystems.map(\.readOnly) == [false, false], "a read-only view is not a read-only file system")
    #expect(vitals.unreadable.map(\.field) == ["fileSystems./boot/efi", "updatesAvailable"])
    #expect(vitals.batteries.first?.fullMicrowattHours == 50_060_000)
    #expect(vitals.batteries.first?.cycles == nil, "this firmware says 0 for unknown")
    #expect(vitals.batteries.first?.state == "discharging")
    #expect(vitals.disks.first?.percentUsed == 20)
    #expect(vitals.disks.first?.healthy == true)
    #expect(vitals.thermals.map(\.zone) == ["acpitz", "coretemp"])
    #expect(vitals.thermals.map(\.millicelsius) == [47_000, 55_000])
    #expect(vitals.links.map(\.up) == [false, true])
    #expect(vitals.links.last?.signalDBm == -53)
    #expect(vitals.clockOffsetMilliseconds == -250)
    try expectAcceptable(facts)
  }

  @Test("A machine without firmware tables says so, and invents no serial")
  func noDMI() throws {
    let facts = FactCollector(root: fixture("no-dmi"), devices: RecordedDevices(units: nil)).collect()
    #expect(facts.identity?.serial == nil)
    #expect(facts.identity?.builtInMACs == [], "a locally administered address is not identity")
    #expect(
      facts.identity?.unreadable == [
        Unreadable(
          field: "serial", reason: "the kernel offers no firmware tables: /sys/class/dmi/id is absent")
      ])
    #expect(facts.hardware?.disks.map(\.name) == ["vda"])
    #expect(facts.hardware?.disks.first?.kind == "virtio")
    #expect(facts.hardware?.adapters.first?.driver == "virtio_net")
    #expect(facts.hardware?.uefi == false)
    #expect(facts.hardware?.batteries == [])
    #expect(facts.hardware?.tpmVersion == nil)
    #expect(facts.system?.rootEncrypted == false)
    #expect(facts.system?.failedUnits == nil)
    #expect(facts.vitals?.thermals == [])
    #expect(facts.software?.packages.count == 12)
    try expectAcceptable(facts)
  }

  @Test("A placeholder serial is told as it is, and recognised as no serial")
  func placeholderSerial() throws {
    let facts = FactCollector(root: fixture("placeholder-serial"), devices: RecordedDevices()).collect()
    let identity = try #require(facts.identity)
    #expect(identity.serial == "Default string")
    #expect(identity.serial.flatMap(Serial.init) == nil)
    #expect(identity.boardSerial.flatMap(Serial.init) == nil)
    #expect(identity.uuid.flatMap(HardwareUUID.init) == nil)
    #expect(identity.builtInMACs == ["e0:be:03:5a:11:22"])

    let disk = try #require(facts.hardware?.disks.first)
    #expect(disk.kind == "ata")
    #expect(disk.model == "Netac SSD 128GB M.2 2242", "the whole name, not the 16 letters of SCSI")
    #expect(disk.serial == "TW0815S12800")
    #expect(disk.firmware == "V2.9")
    #expect(facts.hardware?.uefi == false)
    #expect(facts.hardware?.batteries.first?.designMicrowattHours == 38_000_000, "5 Ah at 7.6 V")
    #expect(facts.vitals?.batteries.first?.fullMicrowattHours == 33_060_000)
    #expect(facts.vitals?.batteries.first?.cycles == 212)
    #expect(facts.vitals?.batteries.first?.state == "not-charging")
    #expect(facts.vitals?.disks.first?.temperatureMillicelsius == 33_000)
    #expect(facts.vitals?.disks.first?.healthy == nil)
    #expect(facts.vitals?.unreadable.contains { $0.field == "disks.sda.healthy" } == true)
    #expect(facts.vitals?.links.first?.speedMbps == 1000)
    #expect(facts.system?.rootEncrypted == false, "LVM alone hides nothing")
    try expectAcceptable(facts)
  }

  @Test("An NVMe laptop tells its disk's health, and its burnt-in Wi-Fi address where the driver does")
  func nvmeLaptop() throws {
    let devices = RecordedDevices(
      pages: ["nvme0n1": healthPage()], addresses: ["wlp0s20f3": [0x3c, 0x21, 0x9c, 1, 2, 3]])
    let facts = FactCollector(root: fixture("nvme-laptop"), devices: devices).collect()
    #expect(facts.identity?.builtInMACs == ["3c:21:9c:01:02:03", "8c:8c:aa:01:02:03"])
    #expect(facts.hardware?.adapters.last?.mac == "3c:21:9c:01:02:03", "not the randomised one")
    let disk = try #require(facts.hardware?.disks.first)
    #expect(disk.kind == "nvme")
    #expect(disk.model == "CT2000P3SSD8")
    #expect(disk.serial == "2328E6EDD8A7")
    #expect(disk.firmware == "P9CR30A")
    let health = try #require(facts.vitals?.disks.first)
    #expect(health.healthy == true)
    #expect(health.percentUsed == 3)
    #expect(health.powerOnHours == 1234)
    #expect(health.temperatureMillicelsius == 38_000)
    #expect(facts.hardware?.secureBoot == false)
    #expect(facts.system?.encryptionKind == "luks2", "LVM on LUKS")
    #expect(facts.system?.rebootPending == false)
    #expect(facts.vitals?.thermals.map(\.zone) == ["acpitz", "coretemp", "iwlwifi_1"])
    try expectAcceptable(facts)
  }

  @Test("Without the right to ask, a disk's health is unreadable, and its sensor still tells its temperature")
  func nvmeWithoutRights() throws {
    let facts = FactCollector(root: fixture("nvme-laptop"), devices: RecordedDevices()).collect()
    #expect(facts.vitals?.disks.first?.healthy == nil)
    #expect(facts.vitals?.disks.first?.temperatureMillicelsius == 43_850)
    let gap = facts.vitals?.unreadable.first { $0.field == "disks.nvme0n1.healthy" }
    #expect(
      gap?.reason == "permission denied: /dev/nvme0n1; not measured: rollcall-measure.timer has not run since boot")
    #expect(facts.identity?.builtInMACs == ["8c:8c:aa:01:02:03"], "an address that software set is not identity")
  }

  @Test("A captured QEMU machine is what QEMU was told")
  func capturedQEMU() throws {
    let facts = FactCollector(root: fixture("qemu-nvme"), devices: RecordedDevices()).collect()
    let identity = try #require(facts.identity)
    #expect(identity.serial == "RC-QEMU-0001")
    #expect(identity.uuid == "5b7c9a52-6f0e-4e0b-9d0c-0c6f2a7c1d11")
    #expect(identity.boardSerial == "BRD-77A1")
    #expect(identity.chassisSerial == "CHS-0099")
    #expect(identity.assetTag == "CF-000123")
    #expect(identity.vendor == "Acme")
    #expect(identity.builtInMACs == ["00:16:3e:4a:11:07"])
    #expect(identity.unreadable.isEmpty)
    let disk = try #require(facts.hardware?.disks.first)
    #expect(disk.kind == "nvme")
    #expect(disk.serial == "NV-S3RIAL-42")
    #expect(disk.model == "QEMU NVMe Ctrl")
    #expect(disk.bytes == 1 << 30)
    #expect(facts.hardware?.tpmVersion == "2.0")
    #expect(facts.hardware?.uefi == true)
    #expect(facts.hardware?.secureBoot == false)
    #expect(facts.hardware?.adapters.first?.driver == "virtio_net")
    #expect(facts.software?.packages.isEmpty == false)
    try expectAcceptable(facts)
  }

  @Test("An empty tree gives empty facts and names what is missing")
  func emptyTree() throws {
    let tree = try ScratchTree()
    let facts = FactCollector(root: tree.root).collect()
    #expect(facts.hardware?.disks == [])
    #expect(facts.hardware?.processor == nil)
    #expect(facts.hardware?.unreadable.map(\.field) == ["processor", "memoryBytes", "uefi"])
    #expect(facts.software == nil)
    #expect(facts.system?.unreadable.map(\.field).contains("software") == true)
    #expect(facts.system?.rebootPending == nil)
    try expectAcceptable(facts)
  }

  @Test("This very machine can be read")
  func thisMachine() throws {
    let facts = FactCollector().collect()
    #expect((facts.hardware?.processor?.threads ?? 0) > 0)
    #expect((facts.hardware?.memoryBytes ?? 0) > 0)
    #expect(facts.system?.kernel != nil)
    #expect(facts.vitals?.fileSystems.isEmpty == false || facts.vitals?.unreadable.isEmpty == false)
    try expectAcceptable(facts)
    let again = FactCollector().collect()
    #expect(again.canonical(.hardware) == facts.canonical(.hardware), "what does not change hashes the same")
    #expect(again.canonical(.software) == facts.canonical(.software))
  }
}
