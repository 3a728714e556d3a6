import Foundation
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentCollect

/// A tree that root measured, and the agent that reports from it without any power.
@Suite("What root measured, reported by who may not ask")
struct MeasuredTests {
  private static let now = Instant(seconds: 1_800_000_000)
  private static let boot = "0a1b2c3d-0000-4000-8000-000000000001"

  /// An NVMe and an ATA laptop in one, up for ten minutes.
  private func machine() throws -> ScratchTree {
    let tree = try ScratchTree()
    try tree.write("proc/sys/kernel/random/boot_id", Self.boot + "\n")
    try tree.write("proc/uptime", "600.25 1000.00\n")
    try tree.write("sys/block/nvme0n1/size", "1000\n")
    try tree.write("sys/devices/pci0/ata1/host0/block/sda/size", "1000\n")
    try tree.link("sys/block/sda", to: "../devices/pci0/ata1/host0/block/sda")
    return tree
  }

  private let answering = RecordedDevices(
    pages: ["nvme0n1": healthPage(spare: 88, used: 12)],
    smart: [
      "sda": ATAAnswers(data: ATATests.data([(5, [3]), (9, [100]), (194, [33])]), isFailing: false)
    ])

  private func measure(_ tree: ScratchTree, _ devices: RecordedDevices) throws {
    let result = Measurer(root: tree.root, devices: devices).measure(at: Self.now)
    try tree.write(Measurements.path, WireCodec.encode(result))
    chmod(tree.root + "/" + Measurements.path, 0o644)
  }

  private func vitals(_ tree: ScratchTree) throws -> VitalFacts {
    let facts = FactCollector(root: tree.root, devices: RecordedDevices()).collect()
    try expectAcceptable(facts)
    return try #require(facts.vitals)
  }

  private func reason(_ vitals: VitalFacts, _ field: String) -> String? {
    vitals.unreadable.first { $0.field == field }?.reason
  }

  @Test("Disks that the agent may not ask are told as measured")
  func taken() throws {
    let tree = try machine()
    try measure(tree, answering)
    let vitals = try vitals(tree)
    #expect(vitals.disks.map(\.name) == ["nvme0n1", "sda"])
    #expect(vitals.disks.map(\.healthy) == [true, true])
    #expect(vitals.disks.first?.percentUsed == 12)
    #expect(vitals.disks.first?.sparePercent == 88)
    #expect(vitals.disks.last?.reallocatedSectors == 3)
    #expect(vitals.disks.last?.temperatureMillicelsius == 33_000)
    #expect(!vitals.unreadable.contains { $0.field.hasPrefix("disks.") })
  }

  @Test("Who may ask a disk itself does not take an older answer")
  func asksItself() throws {
    let tree = try machine()
    try measure(tree, answering)
    var newer = answering
    newer.pages["nvme0n1"] = healthPage(used: 99)
    let facts = FactCollector(root: tree.root, devices: newer).collect()
    #expect(facts.vitals?.disks.first?.percentUsed == 99)
  }

  @Test("Before the first measurement, that is the reason")
  func never() throws {
    let vitals = try vitals(machine())
    #expect(reason(vitals, "updatesAvailable") == "not measured: rollcall-measure.timer has not run since boot")
    #expect(reason(vitals, "disks.sda.healthy")?.hasSuffix(Measured.never.reason) == true)
    #expect(vitals.disks.isEmpty)
  }

  @Test(
    "A measurement of another boot, of the future or of the day before yesterday is none",
    arguments: [
      ("boot", "timer has not run since boot"), ("future", "time to come"), ("old", "over 25 hours"),
      ("no uptime", "time to come"), ("no boot", "timer has not run since boot"),
    ])
  func times(what: String, told: String) throws {
    let tree = try machine()
    try measure(tree, answering)
    switch what {
    case "boot": try tree.write("proc/sys/kernel/random/boot_id", "another\n")
    case "no boot": unlink(tree.root + "/proc/sys/kernel/random/boot_id")
    case "future": try tree.write("proc/uptime", "500.00 1\n")
    case "no uptime": try tree.write("proc/uptime", "-1\n")
    default: try tree.write("proc/uptime", "\(600 + 25 * 3600 + 1).30 1\n")
    }
    let vitals = try vitals(tree)
    #expect(reason(vitals, "updatesAvailable")?.contains(told) == true)
    #expect(reason(vitals, "disks.nvme0n1.healthy")?.contains(told) == true)
    #expect(vitals.disks.isEmpty)
  }

  @Test("A measurement just under 25 hours old still counts")
  func almostOld() throws {
    let tree = try machine()
    try measure(tree, answering)
    try tree.write("proc/uptime", "\(600 + 25 * 3600).20 1\n")
    #expect(try vitals(tree).disks.count == 2)
  }

  @Test("A file that others may write, of another owner, or that is no plain file is not believed")
  func owners() throws {
    let tree = try machine()
    try measure(tree, answering)
    let path = tree.root + "/" + Measurements.path
    let reader = Tree(root: tree.root)
    #expect(throws: Never.self) { try reader.measured(writtenBy: [geteuid()]).health(ofDisk: "sda") }
    #expect(throws: DeviceFault("not measured: others than root may write it: /\(Measurements.path)")) {
      try reader.measured(writtenBy: [geteuid() &+ 1]).health(ofDisk: "sda")
    }
    for mode in [0o664, 0o646] as [mode_t] {
      chmod(path, mode)
      #expect(reason(try vitals(tree), "updatesAvailable")?.contains("others than root") == true)
    }
    chmod(path, 0o644)
    rename(path, path + ".real")
    symlink("measured.json.real", path)
    #expect(reason(try vitals(tree), "updatesAvailable")?.contains("a link stands") == true)
    unlink(path)
    mkfifo(path, 0o600)
    #expect(reason(try vitals(tree), "updatesAvailable")?.contains("no plain file") == true)
    unlink(path)
    mkdir(path, 0o700)
    #expect(reason(try vitals(tree), "updatesAvailable")?.contains("no plain file") == true)
  }

  @Test(
    "Values that cannot be are a damaged file, and unknown versions are said to be so",
    arguments: [
      (#""version":1"#, #""version":2"#, "version 2 is not known"),
      (#""percentUsed":12"#, #""percentUsed":-1"#, "damaged"),
      (#""percentUsed":12"#, #""percentUsed":1e99"#, "damaged"),
      (#""powerOnHours":100"#, #""powerOnHours":-9223372036854775808"#, "damaged"),
      (#""temperatureMillicelsius":33000"#, #""temperatureMillicelsius":9223372036854775807"#, "damaged"),
      (#""sinceBootMilliseconds":600250"#, #""sinceBootMilliseconds":-5"#, "damaged"), ("{", "[", "damaged"),
    ])
  func damaged(old: String, new: String, told: String) throws {
    let tree = try machine()
    try measure(tree, answering)
    let path = tree.root + "/" + Measurements.path
    let text = try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: old, with: new)
    try tree.write(Measurements.path, text)
    #expect(reason(try vitals(tree), "updatesAvailable")?.contains(told) == true)
  }

  @Test("A file that is cut, changed, nested or endless never stops the agent")
  func hostile() throws {
    let tree = try machine()
    try measure(tree, answering)
    let whole = Array(try Data(contentsOf: URL(filePath: tree.root + "/" + Measurements.path)))
    var random = FixedRandom(state: 8)
    let reader = Tree(root: tree.root)
    for round in 0..<200 {
      var bytes = whole
      if round % 2 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
      for _ in 0..<3 where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try tree.write(Measurements.path, bytes)
      var gaps = Gaps()
      let measured = reader.measured(writtenBy: [geteuid()])
      _ = measured.updates(&gaps)
      _ = try? measured.health(ofDisk: "sda")
    }
    for bytes in [
      [UInt8](repeating: UInt8(ascii: "["), count: 60_000), [UInt8](repeating: 0x20, count: Measurements.mostBytes + 1),
      [],
    ] {
      try tree.write(Measurements.path, bytes)
      #expect(reason(try vitals(tree), "updatesAvailable")?.hasPrefix("not measured: ") == true)
    }
  }

  @Test("Lists that were not refreshed for two weeks are counted, and said to be old")
  func oldLists() throws {
    let tree = try machine()
    try tree.write(
      "var/lib/dpkg/status", "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")
    try tree.write(
      "var/lib/apt/lists/x_dists_y_main_binary-amd64_Packages", "Package: dpkg\nArchitecture: amd64\nVersion: 2\n\n")
    var times = [timeval(tv_sec: 1_795_000_000, tv_usec: 0), timeval(tv_sec: 1_795_000_000, tv_usec: 0)]
    utimes(tree.root + "/var/lib/apt/lists", &times)
    try measure(tree, answering)
    let vitals = try vitals(tree)
    #expect(vitals.updatesAvailable == 1)
    #expect(
      reason(vitals, "updatesAvailable.newest")
        == "the package lists are of 2026-11-18: newer updates are not known here")
  }

  @Test("A disk that sleeps keeps its last answer of this boot, for 25 hours")
  func asleep() throws {
    struct Asleep: DeviceQuestions {
      let base: RecordedDevices
      func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { try base.healthPage(ofDisk: name) }
      func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers { throw .asleep }
      func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] { throw .asleep }
      func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space { throw .asleep }
      func bootTimes() throws(DeviceFault) -> BootTimes? { nil }
      func failedUnits() throws(DeviceFault) -> [String]? { nil }
      func architecture() throws(DeviceFault) -> String { "x86_64" }
    }
    let tree = try machine()
    let sleeping = Asleep(base: answering)
    let first = Measurer(root: tree.root, devices: sleeping).measure(at: Self.now)
    #expect(first.disks.last?.reason == DeviceFault.asleep.reason)
    try measure(tree, answering)
    try tree.write("proc/uptime", "90000.00 1\n")
    let later = Measurer(root: tree.root, devices: sleeping).measure(at: Self.now)
    #expect(later.disks.last?.health?.reallocatedSectors == 3)
    #expect(later.disks.last?.sinceBootMilliseconds == 600_250)
    #expect(later.disks.first?.sinceBootMilliseconds == 90_000_000)
    try tree.write(Measurements.path, WireCodec.encode(later))
    chmod(tree.root + "/" + Measurements.path, 0o644)
    #expect(try vitals(tree).disks.count == 2)
    try tree.write("proc/uptime", "90700.00 1\n")
    let vitals = try vitals(tree)
    #expect(vitals.disks.map(\.name) == ["nvme0n1"])
    #expect(reason(vitals, "disks.sda.healthy")?.hasSuffix("the disk sleeps") == true)
  }
}
