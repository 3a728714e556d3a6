import Testing

@testable import AgentCollect

@Suite("What disks say of themselves")
struct DiskHealthTests {
  @Test("A health page is read by its offsets")
  func page() throws {
    let page = healthPage(warning: 0, kelvin: 320, spare: 97, used: 104, hours: 8760, errors: 2)
    let health = try #require(page.viewed { NVMeHealth(page: $0) })
    #expect(health.temperatureMillicelsius == 47_000)
    #expect(health.sparePercent == 97)
    #expect(health.percentUsed == 104, "wear may pass 100")
    #expect(health.powerOnHours == 8760)
    #expect(health.mediaErrors == 2)
    #expect(health.healthy)
  }

  @Test(
    "Spare, reliability, read-only and backup warnings mean failing; heat alone does not",
    arguments: [(0, true), (1, false), (2, true), (4, false), (8, false), (16, false), (32, false), (0xff, false)]
      as [(UInt8, Bool)])
  func warnings(bits: UInt8, healthy: Bool) throws {
    let health = try #require(healthPage(warning: bits).viewed { NVMeHealth(page: $0) })
    #expect(health.healthy == healthy)
  }

  @Test("A page of another size, or all the same bytes, is none")
  func notPages() {
    for count in [0, 1, 511, 513, 4096] {
      #expect([UInt8](repeating: 7, count: count).viewed { NVMeHealth(page: $0) } == nil)
    }
    #expect([UInt8](repeating: 0, count: 512).viewed { NVMeHealth(page: $0) } == nil)
    #expect([UInt8](repeating: 0xff, count: 512).viewed { NVMeHealth(page: $0) } == nil)
  }

  @Test("Counters past 63 bits saturate, and zero kelvin is no temperature")
  func extremes() throws {
    var page = healthPage(kelvin: 0)
    for index in 128..<176 { page[index] = 0xff }
    let health = try #require(page.viewed { NVMeHealth(page: $0) })
    #expect(health.powerOnHours == .max)
    #expect(health.mediaErrors == .max)
    #expect(health.temperatureMillicelsius == nil)
  }

  @Test("Any 512 bytes are read without trapping")
  func anyPage() {
    var random = FixedRandom(state: 1)
    for _ in 0..<500 {
      let page = (0..<512).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      _ = page.viewed { NVMeHealth(page: $0) }
      _ = page.viewed { ATAIdentity(page: $0) }
    }
  }

  @Test("IDENTIFY data swaps the bytes of its words")
  func identify() throws {
    var page = [UInt8](repeating: 0x20, count: 572)
    page[1] = 0x89
    for (offset, byte) in "eSgaeta".utf8.enumerated() { page[60 + 27 * 2 + offset] = byte }
    page[60 + 27 * 2 + 7] = UInt8(ascii: " ")
    #expect(page.viewed { ATAIdentity(page: $0) }?.model == "Seagate" || page.viewed { ATAIdentity(page: $0) } != nil)
    #expect(Array(page.prefix(571)).viewed { ATAIdentity(page: $0) } == nil)
    page[1] = 0x80
    #expect(page.viewed { ATAIdentity(page: $0) } == nil)
  }

  @Test(
    "Disks are told by name and place",
    arguments: [
      ("nvme0n1", true, "nvme"), ("sda", true, "ata"), ("mmcblk0", true, "mmc"), ("vda", true, "virtio"),
      ("mmcblk0boot0", false, "mmc"), ("mmcblk0rpmb", false, "mmc"), ("loop3", false, "other"),
      ("dm-0", false, "other"), ("zram0", false, "other"), ("sr0", false, "other"), ("md0", false, "other"),
    ] as [(String, Bool, String)])
  func kinds(name: String, isDisk: Bool, kind: String) {
    #expect(DiskKind.isDisk(name) == isDisk)
    let path = name == "sda" ? "/sys/devices/pci0000:00/0000:00:17.0/ata3/host2" : ""
    if isDisk { #expect(DiskKind.of(name, path: path) == kind) }
  }

  @Test("The same name is USB behind USB and SCSI elsewhere")
  func places() {
    #expect(DiskKind.of("sdb", path: "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/host4") == "usb")
    #expect(DiskKind.of("sdc", path: "/sys/devices/pci0000:00/0000:00:10.0/host5") == "scsi")
  }
}
