import Registry
import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

@Suite("Vitals that many tell at once")
struct VitalsTogetherTests {
  /// Twelve devices that told all of themselves; the eighth has another key, the ninth a section that cannot be read back.
  private func fleet(_ world: World) async throws -> [TestDevice] {
    var devices: [TestDevice] = []
    for number in 0..<12 {
      devices.append(try await world.enrol(number))
      _ = try await world.send(Sample.request(1, Sample.facts(number)), from: devices[number])
    }
    let (other, damaged) = (devices[8].id, devices[9].id)
    try await world.database.write(in: .state) { transaction in
      let issued = IssuedKey(
        digest: .sha256([9]), certificateSerial: "99", notBefore: World.start, notAfter: World.start)
      _ = try KeyStore.insert(
        DeviceKey(issued, of: other, in: World.district, state: .revoked, now: World.start), transaction)
      try transaction.run(
        """
        INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
        SELECT district_id, \(Digest.sha256([9])), device_id, held, sequence, body_digest, reply, hashes, at
        FROM checkin_state WHERE device_id = \(other)
        """)
      try transaction.run(
        "UPDATE checkin_section SET body = \([UInt8(7)]) WHERE device_id = \(damaged) AND section = 'system'")
    }
    return devices
  }

  /// In the next week, of which there is no reading yet.
  private static let later = World.start.advanced(by: .seconds(7 * 86_400))

  /// What each says next: nothing, or vitals that are better, worse or hopeless.
  private func next(_ device: TestDevice) -> CheckInRequest {
    var facts = Sample.facts(device.number)
    switch device.number % 4 {
    case 0: facts.vitals?.disks[0].percentUsed = 11
    case 1: facts.vitals?.disks[0].healthy = false
    case 2: facts.vitals?.batteries[0].fullMicrowattHours = 20_000_000
    default: return Sample.request(2, facts, sending: [])
    }
    return Sample.request(2, facts, sending: [.vitals])
  }

  /// All that is stored, devices by their serials.
  private func dump(_ world: World) async throws -> [String] {
    try await world.database.read(in: .state) { transaction in
      var lines: [String] = []
      for query: SQL in [
        "SELECT serial, section, hash, body, changed_at, readings FROM checkin_section",
        "SELECT serial, key, held, sequence, body_digest, hashes, at FROM checkin_state",
        """
        SELECT serial, last_contact, agent_version, clock_offset, health, health_items
        FROM registry_contact
        """,
        "SELECT serial, sequence, at, section, field, old, new FROM registry_change",
      ] {
        for row in try transaction.rows(
          "\(query) NATURAL JOIN (SELECT device_id, serial FROM registry_device) AS named")
        {
          lines.append("\(row)")
        }
      }
      return lines.sorted()
    }
  }

  @Test("are stored as one by one: facts, health, history, and what other keys of a device are asked")
  func alike() async throws {
    let (together, apart) = (try await World(), try await World())
    let (many, single) = (try await fleet(together), try await fleet(apart))
    for device in single { _ = try await apart.send(next(device), from: device, at: Self.later) }
    let gate = Gate()
    let first = Task {
      try await together.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let before = together.desk.group.figures.groups
    let sent = many.map { device in Task { try await together.send(next(device), from: device, at: Self.later) } }
    while together.desk.group.waiting < many.count { await Task.yield() }
    gate.open()
    _ = try await first.value
    for task in sent { #expect(try await task.value.standing == .active) }
    #expect(together.desk.group.figures.groups == before + 1)
    let (left, right) = (try await dump(together), try await dump(apart))
    #expect(left == right)
    let readings = try await together.database.read(in: .state) {
      try StoredFacts().toldWithReadings(by: many[0].id, in: World.district, $0).readings
    }
    #expect(readings.map(\.diskUsedPercent) == [10, 11])
    #expect(left.contains { $0.contains("failing") } && left.contains { $0.contains("attention") })
    #expect(try await together.changes(of: many[1]) != [])
    let forgotten = try await together.database.read(in: .state) {
      try $0.row("SELECT length(hashes) AS n FROM checkin_state WHERE key = \(Digest.sha256([9]))")?.get(
        "n", as: Int.self)
    }
    #expect(forgotten == 0)
  }

  @Test("take a few statements, however many they are")
  func statements() async throws {
    let plans = Plans()
    let world = try await World(plans: plans)
    let devices = try await fleet(world)
    let gate = Gate()
    let first = Task {
      try await world.desk.group.commit(in: World.district, jitter: 0) { _ in
        gate.wait()
        return .nothing
      }
    }
    await gate.entered()
    let before = plans.lines.count
    let some = devices.filter { [0, 2, 4, 6].contains($0.number) }
    let sent = some.map { device in Task { try await world.send(next(device), from: device, at: Self.later) } }
    while world.desk.group.waiting < some.count { await Task.yield() }
    gate.open()
    _ = try await first.value
    for task in sent { _ = try await task.value }
    #expect(plans.lines.dropFirst(before).filter { $0.contains("checkin_section") }.count <= 3)
  }
}
