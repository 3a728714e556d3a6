import Foundation
import Testing
import Vocabulary
import Wire

@testable import rollcall_swarm

@Suite("What a seeded state is made of")
struct SwarmSeedTests {
  @Test("A state follows from its seed: uneven districts that hold every device once, schools, batches, images")
  func plan() {
    let plan = StatePlan(devices: 100..<40_100, districts: 140, bases: 300, seed: 3)
    #expect(plan.districts.count == 140 && Set(plan.districts.map(\.id)).count == 140)
    var next = 100
    for district in plan.districts {
      #expect(district.devices.lowerBound == next && !district.devices.isEmpty && !district.schools.isEmpty)
      #expect(district.batches.map(\.devices.count).reduce(0, +) == district.devices.count)
      #expect(district.bases.count == 2)
      next = district.devices.upperBound
    }
    #expect(next == 40_100)
    let sizes = plan.districts.map(\.devices.count).sorted()
    #expect(sizes[139] > 10 * sizes[70], "\(sizes)")
    let again = StatePlan(devices: 100..<40_100, districts: 140, bases: 300, seed: 3)
    #expect(again.districts.map(\.name) == plan.districts.map(\.name))
    #expect(again.districts.map(\.devices) == plan.districts.map(\.devices))
    let other = StatePlan(devices: 100..<40_100, districts: 140, bases: 300, seed: 4)
    #expect(other.districts.map(\.name) != plan.districts.map(\.name))
    let tiny = StatePlan(devices: 0..<3, districts: 3, bases: 1, seed: 1)
    #expect(tiny.districts.map(\.devices.count) == [1, 1, 1])
  }

  @Test("A mapped fleet file keeps each device, and tells another fleet's file from its own")
  func map() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "map-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let head = FleetMap.Head(
      seed: 5, first: 7, devices: 3, districts: 1, sets: SoftwareShape(packages: 9), intermediates: [[1, 2]])
    var device = SimulatedDevice(index: 8, leaf: Array(repeating: 9, count: 700), sequence: 4, variant: 2, edition: 6)
    device.base = 3
    device.hashes = Dictionary(
      uniqueKeysWithValues: FactSection.allCases.compactMap { section in
        sha256(Array(section.rawValue.utf8)).map { (section, $0) }
      })
    try FleetMap(path: path, making: head).put(device, at: 1)
    let again = try FleetMap(path: path)
    #expect(again.head == head && again.device(1) == device && again.device(0) == nil)
    device.sequence = 5
    again.keep(device, at: 1)
    let fleet = try Fleet(path: path)
    #expect(fleet.device(1) == device && fleet.shape?.packages == 9 && fleet.count == 3)
    #expect(throws: SwarmError.self) {
      var other = head
      other.seed = 6
      _ = try FleetMap(path: path, making: other)
    }
    device.leaf = Array(repeating: 1, count: FleetMap.leafRoom + 1)
    #expect(throws: SwarmError.self) { try again.put(device, at: 2) }
  }

  @Test("Devices vary in hardware and health, always the same of one number")
  func variety() throws {
    let devices = (0..<2000).map { DeviceIdentity(index: $0, seed: 2) }
    let facts = FactMaker(seed: 2, table: try .builtIn(), sets: SoftwareSets(SoftwareShape(packages: 3, differ: 1)))
    #expect(try HardwareTable.builtIn().models.count == 230)
    #expect(Set(devices.map { facts.modelNumber(of: $0.index) }).count > 100)
    #expect(devices.map { facts.modelNumber(of: $0.index) } == devices.map { facts.modelNumber(of: $0.index) })
    let conditions = devices.map(Condition.of)
    #expect(conditions == devices.map(Condition.of))
    let failing = conditions.filter { $0.batteryPercent < 40 || $0.diskUsedPercent >= 100 }.count
    #expect((40...130).contains(failing), "\(failing)")
    #expect(Set(devices.map(DiskKind.of)).count == 3)
  }

  @Test("A seeded device differs from its base in up to so many packages")
  func differences() throws {
    let sets = SoftwareSets(SoftwareShape(packages: 100, differ: 6, bases: 2, upTo: true))
    let base = sets.base(1)
    let whole = Set(try SoftwareList(encoding: String(decoding: base.bytes, as: UTF8.self)).packages)
    let counts = try (0..<60).map { device in
      let list = sets.list(of: base, device: device, edition: 0, seed: 1)
      return Set(try SoftwareList(encoding: String(decoding: list, as: UTF8.self)).packages).subtracting(whole).count
    }
    #expect(Set(counts) == Set(0...6))
  }
}
