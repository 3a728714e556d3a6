import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn

/// What lists compare of a device, beside its packed facts.
@Suite("Summaries of devices") struct SummaryTests {
  private struct Row: Equatable {
    var system: String?
    var battery: Int?
    var reasons: [String]
  }

  private static func row(of device: TestDevice, in world: World) async throws -> Row? {
    try await world.database.read(in: .district(World.district)) { transaction in
      let reasons = try transaction.rows(
        "SELECT item, verdict FROM checkin_report_reason_v1 WHERE device_id = \(device.id) ORDER BY item"
      ).map { "\(try $0.get("item", as: String.self)) \(try $0.get("verdict", as: String.self))" }
      return try transaction.row(
        "SELECT os_version, battery_percent FROM checkin_report_summary_v1 WHERE device_id = \(device.id)"
      ).map { Row(system: try $0.get("os_version"), battery: try $0.get("battery_percent"), reasons: reasons) }
    }
  }

  @Test("A check-in leaves the summary of its facts, and a later one changes what differs")
  func follows() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts()
    _ = try await world.send(Sample.request(1, facts), from: device)
    #expect(try await Self.row(of: device, in: world) == Row(system: "12", battery: 93, reasons: []))
    facts.vitals?.batteries[0].fullMicrowattHours = 14_000_000
    facts.vitals?.updatesAvailable = 45
    _ = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device)
    #expect(
      try await Self.row(of: device, in: world)
        == Row(system: "12", battery: 29, reasons: ["battery failing", "updates attention"]))
    facts.vitals?.updatesAvailable = 0
    _ = try await world.send(Sample.request(3, facts, sending: [.vitals]), from: device)
    #expect(
      try await Self.row(of: device, in: world) == Row(system: "12", battery: 29, reasons: ["battery failing"]))
    facts.system?.osVersion = "13"
    _ = try await world.send(Sample.request(4, facts, sending: [.system]), from: device)
    #expect(
      try await Self.row(of: device, in: world) == Row(system: "13", battery: 29, reasons: ["battery failing"]))
  }

  @Test("Of devices that were there before, summaries are made once, and as a check-in makes them")
  func filled() async throws {
    let world = try await World()
    var facts = Sample.facts()
    facts.vitals?.updatesAvailable = 45
    var devices: [TestDevice] = []
    for number in 1...3 {
      let device = try await world.enrol(number)
      facts.identity?.serial = "PF3XK\(1000 + number)"
      _ = try await world.send(Sample.request(1, facts), from: device)
      devices.append(device)
    }
    let made = try await Self.row(of: devices[0], in: world)
    // As a state of the version before has it.
    for table in ["checkin_summary", "checkin_reason"] {
      let removal = SQL(stringLiteral: "DELETE FROM \(table)")
      _ = try await world.database.write(in: .state) { try $0.run(removal) }
    }
    #expect(try await world.desk.filler.fill() == 3)
    for device in devices { #expect(try await Self.row(of: device, in: world) == made) }
    #expect(made?.reasons == ["updates attention"])
    #expect(try await world.desk.filler.fill() == 0)
  }

  @Test("A vitals change of a device without a summary makes the whole of it")
  func late() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts()
    facts.vitals?.updatesAvailable = 45
    _ = try await world.send(Sample.request(1, facts), from: device)
    for table in ["checkin_summary", "checkin_reason"] {
      let removal = SQL(stringLiteral: "DELETE FROM \(table)")
      _ = try await world.database.write(in: .state) { try $0.run(removal) }
    }
    facts.vitals?.batteries[0].fullMicrowattHours = 40_000_000
    _ = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device)
    #expect(
      try await Self.row(of: device, in: world) == Row(system: "12", battery: 85, reasons: ["updates attention"]))
  }
}
