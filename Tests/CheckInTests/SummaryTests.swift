import Foundation
import Registry
import Storage
import TestSupport
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
      try transaction.row("SELECT * FROM checkin_report_summary_v2 WHERE device_id = \(device.id)").map { row in
        let reasons = try UnwellItems.items.sorted().compactMap { item in
          try row.get("\(item)_verdict", as: String?.self).map { "\(item) \($0)" }
        }
        return Row(system: try row.get("os_version"), battery: try row.get("battery_percent"), reasons: reasons)
      }
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
    _ = try await world.database.write(in: .state) { try $0.run("DELETE FROM checkin_summary") }
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
    _ = try await world.database.write(in: .state) { try $0.run("DELETE FROM checkin_summary") }
    facts.vitals?.batteries[0].fullMicrowattHours = 40_000_000
    _ = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device)
    #expect(
      try await Self.row(of: device, in: world) == Row(system: "12", battery: 85, reasons: ["updates attention"]))
  }

  @Test("A row that other rules wrote hinders no check-in, and is made anew where the rules count up")
  func otherRules() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    var facts = Sample.facts()
    _ = try await world.send(Sample.request(1, facts), from: device)
    let drift: SQL = "UPDATE checkin_summary SET reasons = 4096, battery_percent = 1"
    _ = try await world.database.write(in: .state) { try $0.run(drift) }
    // By today's rules nothing was wrong before.
    facts.vitals?.updatesAvailable = 45
    _ = try await world.send(Sample.request(2, facts, sending: [.vitals]), from: device)
    let right = Row(system: "12", battery: 93, reasons: ["updates attention"])
    #expect(try await Self.row(of: device, in: world) == right)
    #expect(try await world.desk.filler.fill() == 0, "none is missing")
    _ = try await world.database.write(in: .state) { try $0.run(drift) }
    #expect(try await world.desk.filler.fill() == 0, "of these rules already")
    let next = SummaryFiller(
      database: world.database, rules: DeviceSummary.rules + 1)
    #expect(try await next.fill() == 1)
    #expect(try await Self.row(of: device, in: world) == right)
    #expect(try await next.fill() == 0)
    #expect(try await world.desk.filler.fill() == 0, "an older controller leaves it alone")
  }

  @Test("What is not well stands in one number, and a processor without its trademarks")
  func short() {
    func item(_ item: String, _ verdict: Health.Verdict) -> Health.Item {
      .init(item: item, verdict: verdict, reason: "")
    }
    #expect(UnwellItems([item("battery", .well), item("disk", .unknown)]).number == 0)
    #expect(UnwellItems([item("battery", .failing), item("space", .attention), item("other", .failing)]).number == 66)
    #expect(UnwellItems([item("updates", .attention), item("updates", .failing)]).number == 8192)
    for (long, short) in [
      ("Intel(R) Celeron(R) CPU N4500 @ 1.10GHz", "Intel Celeron N4500"), ("AMD Ryzen 5 5500U", "AMD Ryzen 5 5500U"),
      ("12th Gen Intel(R) Core(TM) i5-1235U", "12th Gen Intel Core i5-1235U"), (" @ 1 GHz", " @ 1 GHz"), ("", ""),
    ] { #expect(DeviceSummary.shortened(long) == short) }
  }

  @Test("The migration keeps what is known of each device, reasons in its row")
  func migration() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "summary-\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) } }
    let schema = TestDatabase.isPostgres ? try PostgresServer.shared.get().freshSchema() : ""
    func open(_ steps: Int) async throws -> any Database {
      let migrations = DeviceRegistry.migrations + CheckInSchema.migrations.prefix(steps)
      guard TestDatabase.isPostgres else { return try await TestDatabase.open(file, migrations: migrations) }
      return try await PostgresServer.shared.get().open(schema: schema, migrations: migrations)
    }
    let before = try await open(5)
    try await before.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, os_name, processor, memory_bytes,
          disk_bytes, battery_percent, battery_cycles, disk_used_percent, encrypted, updates)
        VALUES ('cedar', 'a', 'debian', '12', 'Debian', 'N4500', 1, 2, 3, 4, 5, TRUE, 6),
          ('cedar', 'b', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
          ('oak', 'a', 'debian', '11', 'Debian', 'N4500', 1, 2, 3, 4, 5, FALSE, 6)
        """)
      try transaction.run(
        """
        INSERT INTO checkin_reason (district_id, item, device_id, verdict, words) VALUES
          ('cedar', 'battery', 'a', 'failing', 'x'), ('cedar', 'updates', 'a', 'attention', 'x'),
          ('oak', 'clock', 'a', 'failing', 'x')
        """)
    }
    try await before.close()
    let after = try await open(.max)
    let rows = try await after.read(in: .state) { transaction in
      try transaction.rows(
        """
        SELECT district_id, device_id, os_version, processor, updates, reasons FROM checkin_summary
        ORDER BY district_id, device_id
        """
      ).map(\.values)
    }
    #expect(
      rows == [
        [.text("cedar"), .text("a"), .text("12"), .text("N4500"), .integer(6), .integer(2 + 4096)],
        [.text("cedar"), .text("b"), .null, .null, .null, .integer(0)],
        [.text("oak"), .text("a"), .text("11"), .text("N4500"), .integer(6), .integer(2048)],
      ])
    try await after.close()
  }
}
