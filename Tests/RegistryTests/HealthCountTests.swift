import Audit
import Foundation
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Counts of health")
struct HealthCountTests {
  private static let cedar = RegistryBench.cedar
  private static let oak = RegistryBench.oak
  private static let north = SchoolID(rawValue: "north")!

  /// A district's figures, and the devices of each school by verdict: `north: 1 well`.
  private func told(_ bench: RegistryBench, _ district: DistrictID = cedar) async throws -> [String] {
    let answer = try await bench.send(.get, "/api/v1/districts/\(district)/health").json
    let parts = try #require(answer["schools"] as? [[String: Any]])
    return ([answer] + parts).map { part in
      let place = part["district"] ?? part["school"] ?? "none"
      let figures = ["total", "well", "attention", "failing", "unknown", "outOfUse", "notHere"].compactMap { name in
        (part[name] as? Int).flatMap { $0 == 0 ? nil : " \($0) \(name)" }
      }
      return "\(place):" + figures.joined()
    }
  }

  private static func health(_ verdict: Health.Verdict) -> Health { Health(verdict: verdict, items: []) }

  private func put(_ device: DeviceID, into stage: Stage, _ bench: RegistryBench) async throws {
    try await bench.write { [registry = bench.registry] in
      let event = LedgerEvent(.expected, at: RegistryBench.now, actor: .controller, stage: stage)
      try registry.append(event, to: device, of: Self.cedar, in: $0)
    }
  }

  @Test("Counts follow what becomes known, tells its health, moves to a school, and goes out of use and back")
  func follow() async throws {
    let bench = try await RegistryBench.withDistricts()
    _ = try await bench.send(.post, "/api/v1/districts/cedar-falls/schools", body: #"{"id":"north","name":"North"}"#)
    #expect(try await told(bench) == ["cedar-falls:", "north:", "none:"])
    let device = try await bench.expect("PF3ABC01")
    #expect(try await told(bench) == ["cedar-falls: 1 notHere", "north:", "none: 1 notHere"])
    try await bench.enroll(device, key: 1)
    try await bench.contact(device, key: 1)
    #expect(try await told(bench)[2] == "none: 1 total 1 unknown")
    try await bench.contact(device, key: 1, health: Self.health(.well))
    #expect(try await told(bench)[2] == "none: 1 total 1 well")
    try await bench.contact(device, key: 1, health: Self.health(.well))
    try await bench.contact(device, key: 1)
    #expect(try await told(bench)[2] == "none: 1 total 1 well")
    let file = "serial,school\nPF3ABC01,north\nPF3ABC02,north\nPF3ABC03,\n"
    _ = try await bench.send(.post, "/api/v1/districts/cedar-falls/devices/import", body: file)
    _ = try await bench.send(.post, "/api/v1/districts/cedar-falls/devices/import", body: file)
    #expect(
      try await told(bench) == [
        "cedar-falls: 3 total 1 well 2 unknown", "north: 2 total 1 well 1 unknown", "none: 1 total 1 unknown",
      ])
    for stage in [Stage.retired, .lost, .stolen] {
      try await put(device, into: stage, bench)
      #expect(try await told(bench)[1] == "north: 1 total 1 unknown 1 outOfUse", "\(stage)")
    }
    try await bench.contact(device, key: 1, health: Self.health(.failing))
    #expect(try await told(bench)[1] == "north: 1 total 1 unknown 1 outOfUse")
    try await put(device, into: .inRepair, bench)
    #expect(try await told(bench)[1] == "north: 2 total 1 failing 1 unknown")
    try await bench.registry.foldHealth()
    #expect(try await told(bench)[0] == "cedar-falls: 3 total 1 failing 2 unknown")
    #expect(try await told(bench, Self.oak) == ["oak-park:", "none:"])
  }

  @Test("A device that goes to another district, or out of the register, leaves its figure")
  func leave() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await bench.write { transaction in
      for id in ["dev_0000000000000001", "dev_0000000000000002"] {
        try transaction.run(
          """
          INSERT INTO registry_device (district_id, device_id, management, identity, stage, created_at)
          VALUES (\(Self.cedar), \(id), 'none', 'weak', 'received', 1)
          """)
      }
      try transaction.run(
        "UPDATE registry_device SET district_id = \(Self.oak) WHERE device_id = 'dev_0000000000000001'")
      let contact: SQL = """
        INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset,
          health, health_items) VALUES (\(Self.cedar), 'dev_0000000000000002', 1, 1, '', 0, 'attention', '[]')
        """
      try transaction.run(contact)
    }
    #expect(try await told(bench)[0] == "cedar-falls: 1 total 1 attention")
    #expect(try await told(bench, Self.oak)[0] == "oak-park: 1 total 1 unknown")
    try await bench.write { try $0.run("DELETE FROM registry_contact") }
    #expect(try await told(bench)[0] == "cedar-falls: 1 total 1 unknown")
    try await bench.write { try $0.run("DELETE FROM registry_device WHERE district_id = \(Self.cedar)") }
    #expect(try await told(bench)[0] == "cedar-falls:")
  }

  @Test("A check-in whose health is as it was writes no count", .enabled(if: TestDatabase.isPostgres))
  func quiet() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let before = try await bench.count("registry_health_delta")
    let contact: SQL = """
      EXPLAIN (ANALYZE, COSTS OFF) INSERT INTO registry_contact
        (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, health, health_items)
      VALUES ('cedar-falls', \(device), 1, 1, '', 0, 'unknown', '[]')
      ON CONFLICT (district_id, device_id) DO UPDATE SET last_contact = excluded.last_contact
      """
    for _ in 0..<2 {
      let plan = try await bench.write { try $0.rows(contact).map { try $0.get("QUERY PLAN", as: String.self) } }
      #expect(!plan.contains { $0.contains("Trigger registry_health") }, "\(plan)")
    }
    #expect(try await bench.count("registry_health_delta") == before)
  }

  // MARK: - Who sees what

  @Test("The state is counted by district; each caller gets the districts and schools of its roles and no other")
  func callers() async throws {
    let bench = try await RegistryBench.withDistricts()
    _ = try await bench.send(.post, "/api/v1/districts/cedar-falls/schools", body: #"{"id":"north","name":"North"}"#)
    _ = try await bench.send(
      .post, "/api/v1/districts/cedar-falls/devices/import", body: "serial,school\nA1B2,north\nC3D4,\nE5F6,\n")
    _ = try await bench.expect("MJ0DEF03", in: Self.oak)
    let principal = PrincipalID(rawValue: "prn_0000000000000001")!
    func caller(_ grants: Grant...) -> Caller { Caller(principal: principal, name: "x", grants: Set(grants)) }
    let school = Grant(.readOnly, at: .school(Self.cedar, Self.north))
    func totals(_ caller: Caller) async throws -> [String] {
      let answer = try await bench.send(.get, "/api/v1/health", as: caller).json
      let parts = try #require(answer["districts"] as? [[String: Any]])
      func all(_ counts: [String: Any]) -> Int { (counts["total"] as? Int ?? 0) + (counts["notHere"] as? Int ?? 0) }
      return ["\(all(answer))"] + parts.map { "\($0["district"] ?? "") \(all($0))" }
    }
    #expect(try await totals(.stateReader) == ["4", "cedar-falls 3", "oak-park 1"])
    #expect(try await totals(.reader(Self.oak)) == ["1", "oak-park 1"])
    #expect(try await totals(caller(school)) == ["1", "cedar-falls 1"])
    let both = caller(school, Grant(.districtIT, at: .district(Self.oak)))
    #expect(try await totals(both) == ["2", "cedar-falls 1", "oak-park 1"])
    let path = "/api/v1/districts/cedar-falls/health"
    let limited = try await bench.send(.get, path, as: caller(school)).json
    #expect(limited["total"] as? Int == 1 && limited["notHere"] as? Int == 0)
    #expect((limited["schools"] as? [[String: Any]])?.map { $0["school"] as? String } == ["north"])
    #expect(try await bench.refusal(.get, path, as: .reader(Self.oak)) == "request.not-found")
    #expect(try await bench.refusal(.get, "/api/v1/health", as: .nobody) == "access.forbidden")
  }

  // MARK: - Existing states

  @Test("The migration counts the devices that are there, once")
  func migration() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "health-\(UUID().uuidString).sqlite").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let schema = TestDatabase.isPostgres ? try PostgresServer.shared.get().freshSchema() : ""
    func open(_ steps: Int) async throws -> any Database {
      let migrations = Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations.prefix(steps)
      guard TestDatabase.isPostgres else { return try await TestDatabase.open(file, migrations: migrations) }
      return try await PostgresServer.shared.get().open(schema: schema, migrations: migrations)
    }
    let before = try await open(5)
    try await before.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
        VALUES ('cedar-falls', 'a', 'refuse', 1), ('oak-park', 'b', 'refuse', 1)
        """)
      try transaction.run(
        """
        INSERT INTO registry_school (district_id, school_id, name, created_at) VALUES ('cedar-falls', 'north', 'n', 1)
        """)
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, school_id, management, identity, stage, created_at)
        VALUES ('cedar-falls', 'a', 'north', 'none', 'weak', 'enrolled', 1),
          ('cedar-falls', 'b', 'north', 'none', 'weak', 'lost', 1), ('cedar-falls', 'c', NULL, 'none', 'weak', NULL, 1),
          ('oak-park', 'd', NULL, 'none', 'weak', 'in-service', 1), ('oak-park', 'e', NULL, 'none', 'weak', 'ordered', 1)
        """)
      try transaction.run(
        """
        INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset,
          health, health_items) VALUES ('cedar-falls', 'a', 1, 1, '', 0, 'well', '[]'),
          ('cedar-falls', 'b', 1, 1, '', 0, 'well', '[]'), ('oak-park', 'd', 1, 1, '', 0, 'failing', '[]')
        """)
    }
    try await before.close()
    for _ in 0..<2 {
      let after = try await open(.max)
      let kept = try await HealthWorld.kept(after)
      #expect(kept == (try await HealthWorld.counted(after)))
      #expect(kept[.init(district: Self.cedar, school: Self.north)]?.well == 1)
      #expect(kept[.init(district: Self.cedar, school: Self.north)]?.outOfUse == 1)
      #expect(kept[.init(district: Self.cedar, school: nil)]?.unknown == 1)
      #expect(kept[.init(district: Self.oak, school: nil)]?.notHere == 1)
      try await after.close()
    }
  }
}
