import Testing
import Wire

@testable import AgentCollect

/// Every file of a machine says something it should not: nothing traps, and what comes out fits the wire.
@Suite("Hostile trees")
struct HostileTreeTests {
  static let contents: [[UInt8]] = [
    [], [0], [10], Array("\u{0}\u{0}\u{0}".utf8), Array("99999999999999999999999".utf8), Array("-1".utf8),
    Array("9223372036854775807".utf8), Array("-9223372036854775808".utf8), Array("../../../../etc/passwd".utf8),
    [UInt8](repeating: 0xff, count: 300), [UInt8](repeating: 0x41, count: 70_000),
    Array(String(repeating: "a b:c=\"\\\t\n", count: 3000).utf8), [0xc3, 0x28, 0xa0, 0xa1, 0xe2, 0x28, 0xa1, 10, 0xf0],
  ]

  @Test("A tree whose files all hold the same nonsense", arguments: contents.indices, ["school-laptop", "nvme-laptop"])
  func everyFile(index: Int, name: String) throws {
    let tree = try ScratchTree()
    try tree.copy(fixture(name)) { path, bytes in
      // Types keep their word, so that what stands behind them is read.
      path.hasSuffix("/type") || path.hasSuffix("/name") ? bytes : HostileTreeTests.contents[index]
    }
    try expectAcceptable(FactCollector(root: tree.root, devices: HostileDevices()).collect(previousClockOffset: .min))
  }

  @Test("A tree whose files are each cut or changed at random", arguments: ["school-laptop", "placeholder-serial"])
  func randomFiles(name: String) throws {
    var random = FixedRandom(state: 42)
    for round in 0..<12 {
      let tree = try ScratchTree()
      try tree.copy(fixture(name)) { _, bytes in
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        if round % 2 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
        for _ in 0..<3 where !bytes.isEmpty {
          let index = Int.random(in: bytes.indices, using: &random)
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
      }
      try expectAcceptable(FactCollector(root: tree.root, devices: HostileDevices()).collect(previousClockOffset: .max))
    }
  }

  @Test("Hundreds of devices of each kind are bounded, and that is said")
  func crowds() throws {
    let tree = try ScratchTree()
    for index in 0..<300 {
      try tree.write("sys/block/sd\(index)/size", "1000\n")
      try tree.write("sys/class/net/eth\(index)/device/x", "")
      try tree.write("sys/class/net/eth\(index)/type", "1\n")
      try tree.write("sys/class/power_supply/BAT\(index)/type", "Battery\n")
      try tree.write("sys/class/thermal/thermal_zone\(index)/type", "acpitz\n")
      try tree.write("sys/class/thermal/thermal_zone\(index)/temp", "40000\n")
    }
    let mounts = (0..<300).map { "\($0) 1 8:\($0) / /mnt/\($0) rw - ext4 /dev/sd\($0) rw\n" }.joined()
    try tree.write("proc/self/mountinfo", mounts)
    let facts = FactCollector(root: tree.root, devices: HostileDevices()).collect()
    #expect(facts.hardware?.disks.count == 64)
    #expect(facts.hardware?.unreadable.contains { $0.reason == "more than 64 disks" } == true)
    #expect(facts.hardware?.adapters.count == 64)
    #expect(facts.hardware?.batteries.count == 16)
    #expect(facts.vitals?.fileSystems.count == 64)
    #expect(facts.vitals?.thermals.count == 64)
    #expect(facts.system?.failedUnits?.count == 64)
    try expectAcceptable(facts)
  }

  @Test("Links in circles end")
  func circles() throws {
    let tree = try ScratchTree()
    try tree.write("proc/self/mountinfo", "26 1 254:0 / / rw - ext4 /dev/mapper/x rw\n")
    try tree.write("sys/dev/block/254:0/dm/uuid", "LVM-x\n")
    try tree.link("sys/dev/block/254:0/slaves/dm-0", to: "../../254:0")
    let facts = FactCollector(root: tree.root).collect()
    #expect(facts.system?.rootEncrypted == nil)
    #expect(facts.system?.unreadable.contains { $0.field == "rootEncrypted" } == true)
  }

  @Test("A folder where a file should be is unreadable, with the reason")
  func folderForFile() throws {
    let tree = try ScratchTree()
    try tree.write("sys/class/dmi/id/product_serial/x", "")
    let facts = FactCollector(root: tree.root).collect()
    #expect(facts.identity?.serial == nil)
    #expect(facts.identity?.unreadable.map(\.field) == ["serial"])
  }

  @Test("A RAID or LVM over one plain and one encrypted disk does not count as encrypted")
  func halfEncrypted() throws {
    let tree = try ScratchTree()
    try tree.write("proc/self/mountinfo", "26 1 254:2 / / rw - ext4 /dev/mapper/x rw\n")
    try tree.write("sys/dev/block/254:2/dm/uuid", "LVM-x\n")
    try tree.write("sys/dev/block/254:2/slaves/dm-0/dm/uuid", "CRYPT-LUKS2-1-a\n")
    #expect(FactCollector(root: tree.root).collect().system?.rootEncrypted == true)
    try tree.write("sys/dev/block/254:2/slaves/sdb/size", "1\n")
    #expect(FactCollector(root: tree.root).collect().system?.rootEncrypted == false)
  }
}

/// Devices that answer with the worst they can.
private struct HostileDevices: DeviceQuestions {
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { (0..<512).map { UInt8($0 & 0xff) } }
  func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers {
    var data = (0..<511).map { UInt8($0 & 0xff) }
    data.append(0 &- data.reduce(0, &+))
    return ATAAnswers(data: data, isFailing: true, endurance: [UInt8](repeating: 7, count: 512))
  }
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] { [0, 0, 0, 0, 0, 0] }
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space {
    Space(total: .max, available: .min)
  }
  func bootTimes() throws(DeviceFault) -> BootTimes? { BootTimes(firmware: .max, finished: .max) }
  func failedUnits() throws(DeviceFault) -> [String]? {
    (0..<5000).map { "\($0)" + String(repeating: "é", count: $0 % 300) }
  }
  func architecture() throws(DeviceFault) -> String { throw DeviceFault(String(repeating: "!", count: 10_000)) }
}
