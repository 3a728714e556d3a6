import Registry
import Testing
import Vocabulary
import Wire

@testable import CheckIn

@Suite("The history of a device's facts")
struct HistoryTests {
  func texts(_ changes: [FactChange]) -> [String] {
    changes.map { "\($0.section).\($0.field): \($0.old ?? "-") > \($0.new ?? "-")" }
  }

  @Test("A swapped disk is one that went and one that came; a moved one only changes its name")
  func disk() {
    let old = Sample.facts()
    var new = old
    new.hardware?.disks = [Sample.disk("mmcblk0", serial: "0xother")]
    #expect(
      texts(FactDiff.changes(old: old, new: new)) == [
        "hardware.disks[0x5e1b2c3d]: DF4064 0x5e1b2c3d 62537072640 bytes > -",
        "hardware.disks[0xother]: - > DF4064 0xother 62537072640 bytes",
      ])
    new.hardware?.disks = [Sample.disk("mmcblk1", serial: "0x5e1b2c3d")]
    #expect(texts(FactDiff.changes(old: old, new: new)) == ["hardware.disks[0x5e1b2c3d].name: mmcblk0 > mmcblk1"])
  }

  @Test("Memory that was taken out and a serial that moved are noted")
  func memory() {
    let old = Sample.facts()
    var new = old
    new.hardware?.memoryBytes = 2 << 30
    new.identity?.serial = "PF3XK9999"
    #expect(
      texts(FactDiff.changes(old: old, new: new)) == [
        "identity.serial: PF3XK1001 > PF3XK9999", "hardware.memoryBytes: 4294967296 > 2147483648",
      ])
  }

  @Test("A new kernel and name are history; a restart and moving readings are not")
  func system() {
    let old = Sample.facts()
    var new = old
    new.system?.kernel = "6.1.0-26-amd64"
    new.system?.hostname = "cf-2"
    new.system?.bootID = "other"
    new.system?.rebootPending = true
    new.vitals?.updatesAvailable = 7
    #expect(
      texts(FactDiff.changes(old: old, new: new)) == [
        "system.hostname: cf-1 > cf-2", "system.kernel: 6.1.0-25-amd64 > 6.1.0-26-amd64",
      ])
    #expect(FactDiff.changes(old: Facts(), new: new) == [])
    #expect(FactDiff.changes(old: old, new: Facts()) == [])
  }

  @Test("What cannot be read this time is no change, and neither is reading it again")
  func unreadable() {
    let old = Sample.facts()
    var new = old
    new.identity?.serial = nil
    new.identity?.unreadable = [Unreadable(field: "serial", reason: "permission denied")]
    new.hardware?.disks = []
    new.hardware?.unreadable = [Unreadable(field: "disks", reason: "no /sys/block")]
    #expect(FactDiff.changes(old: old, new: new) == [])
    #expect(FactDiff.changes(old: new, new: old) == [])
  }

  @Test("Twins of one serial are told apart")
  func twins() {
    let old = Sample.facts()
    var new = old
    new.hardware?.disks.append(Sample.disk("sdb", serial: "0x5e1b2c3d"))
    #expect(texts(FactDiff.changes(old: old, new: new)).count == 1)
  }

  @Test("Software tells how many came, went and changed, and names the first fifty")
  func software() {
    let old = SoftwareList([Sample.package("a", "1"), Sample.package("b", "1"), Sample.package("c", "1")])
    let new = SoftwareList([Sample.package("a", "2"), Sample.package("c", "1"), Sample.package("d", "1")])
    #expect(
      texts(FactDiff.softwareChanges(old: old.canonicalBytes, new: new.canonicalBytes)) == [
        "software.packages: - > 1 added, 1 removed, 1 changed", "software.a:amd64: 1 > 2", "software.b:amd64: 1 > -",
        "software.d:amd64: - > 1",
      ])
    let many = FactDiff.softwareChanges(old: [], new: Sample.software(500).canonicalBytes)
    #expect(many.count == 51 && many.first?.new == "500 added, 0 removed, 0 changed")
    #expect(FactDiff.softwareChanges(old: old.canonicalBytes, new: old.canonicalBytes) == [])
  }

  @Test("A check-in's changes and changed verdicts land in the device's history")
  func stored() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    let old = Sample.facts(1)
    _ = try await world.send(Sample.request(1, old), from: device)
    var new = old
    new.hardware?.memoryBytes = 8 << 30
    new.vitals?.disks[0].percentUsed = 85
    new.vitals?.updatesAvailable = 4
    var packages = old.software?.packages ?? []
    packages[0].version = "9"
    new.software = SoftwareList(packages)
    _ = try await world.send(Sample.request(2, new, sending: [.hardware, .vitals, .software]), from: device)
    #expect(
      try await world.changes(of: device) == [
        "hardware.memoryBytes: 4294967296 > 8589934592", "software.packages: - > 0 added, 0 removed, 1 changed",
        "software.lib-0:amd64: 1.0-0+deb12u1 > 9", "health.disk: well > attention",
      ])
    #expect(try await world.software(of: device) == new.software?.canonicalBytes)
  }

  @Test("A machine that claims another serial than the one it is known by is noted at its first check-in")
  func movedSerial() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts(1)
    facts.identity?.serial = "ANOTHER01"
    _ = try await world.send(Sample.request(1, facts), from: device)
    #expect(try await world.changes(of: device) == ["identity.serial: - > ANOTHER01"])
  }
}
