import Storage
import TestSupport
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

@Suite("Software of many devices is found by indexes")
struct SoftwarePlanTests {
  /// What grows with the registry. The bases and their uses are few hundred rows a district at most. PostgreSQL rightly
  /// reads a table of some pages through, as those that wait and the tallies are here.
  private static let big =
    ["checkin_software", "checkin_package_devices", "checkin_base_package", "registry_device", "now"]
    + (TestDatabase.isPostgres
      ? [] : ["checkin_software_stale", "checkin_package_tally", "checkin_package_name", "waits"])

  /// Some thousand devices on a few bases, each with a difference, stored without their packing being planned anew.
  private static func filled(devices: Int) async throws -> Fleet {
    let fleet = try await Fleet()
    let world = fleet.world
    var bases: [Digest] = []
    for image in 0..<6 {
      var random = SplitMix(state: UInt64(image))
      let packages =
        SoftwareIndexTests.list(image: image, changes: 0, &random)
        + (0..<300).map { Sample.package("x\($0)", "\(image)") }
      let list = SoftwareList(packages).canonicalBytes
      let place = try await fleet.device(1_000_000 + image, in: Fleet.districts[0])
      try await fleet.tell(packages, by: place)
      bases.append(Digest.sha256(list))
    }
    try await world.database.write(in: .state) { [bases] transaction in
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, serial, serial_folded, management, identity, created_at)
        VALUES ($1, $2, $3, $3, 'agent', 'strong', 1)
        """,
        rows: (0..<devices).map { [district($0).sqlValue, id($0).sqlValue, "M\($0)".sqlValue] })
      try transaction.run(
        """
        INSERT INTO checkin_software (district_id, device_id, base_id, difference, digest, packages, changed_at)
        VALUES ($1, $2, $3, $4, $3, 300, 1)
        """,
        rows: (0..<devices).map { number in
          let base = bases[number / 3 % bases.count]
          var difference = SoftwareDifference()
          difference.removed = [number % 300]
          difference.added = Array(Sample.package("x\(number % 290)", "7.\(number % 11)").line.utf8) + [10]
          return [
            district(number).sqlValue, id(number).sqlValue, base.sqlValue, difference.encoded.sqlValue,
          ]
        })
      try transaction.run(
        """
        INSERT INTO checkin_software_stale (district_id, device_id)
        SELECT district_id, device_id FROM checkin_software WHERE 1 = 1 ON CONFLICT DO NOTHING
        """)
    }
    try await fleet.catchUp()
    return fleet
  }

  private static func district(_ number: Int) -> DistrictID { Fleet.districts[number % 3] }

  private static func id(_ number: Int) -> DeviceID {
    var random = SplitMix(state: UInt64(number) ^ 0xabcdef)
    return DeviceID(random: (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  @Test("No question reads a big table through, and pages stay bounded")
  func plans() async throws {
    let fleet = try await Self.filled(devices: 9000)
    if TestDatabase.isPostgres { try await Self.analyze(fleet.world.database) }
    for (name, versions) in [
      ("x3", .any), ("x3", .exactly("2")), ("x3", .exactly("7.4")), ("x3", .below("3")), ("lib9", .exactly("9.9")),
      ("none", .any),
    ] as [(String, VersionFilter)] {
      for (scope, _) in SoftwareIndexTests.scopes {
        let plans = Plans()
        let found = try await fleet.found(name, versions, in: scope, limit: 1000, plans: plans)
        #expect(plans.scans(of: Self.big) == [], "\(name) \(versions) \(scope)")
        #expect(found == found.sorted() && Set(found).count == found.count)
      }
    }
    for (scope, _) in SoftwareIndexTests.scopes {
      let plans = Plans()
      _ = try await fleet.world.database.read(in: scope) { [records = fleet.records] transaction in
        let totals = SoftwareTotals(
          scope: scope, districts: try records.districts(of: scope, in: transaction), prefix: "x1")
        return try totals.page(after: nil, limit: 20, in: plans.noting(transaction))
      }
      #expect(plans.scans(of: Self.big) == [], "list \(scope)")
    }
    let plans = Plans()
    _ = try await fleet.world.database.read(in: .state) { transaction in
      try StaleSoftware.next(after: .init(), limit: 100, in: plans.noting(transaction))
    }
    #expect(plans.scans(of: Self.big) == [], "the next step")
  }

  @Test("A page looks at a bounded number of devices, however few of them have it")
  func bounded() async throws {
    let fleet = try await Self.filled(devices: 9000)
    // Thousands are on a base that had it, and none has it any more.
    try await fleet.world.database.write(in: .state) { transaction in
      try transaction.run("UPDATE checkin_base_use SET devices = 5000 WHERE base_number = 1")
      let other = try transaction.row("SELECT base_id FROM checkin_software_base WHERE number = 2")
      let base = try transaction.row("SELECT base_id FROM checkin_software_base WHERE number = 1")
      try transaction.run(
        """
        UPDATE checkin_software SET base_id = \(try other?.get("base_id", as: Digest.self))
        WHERE base_id = \(try base?.get("base_id", as: Digest.self))
        """)
    }
    let wanted = try await fleet.world.database.read(in: .state) {
      try $0.row("SELECT version FROM checkin_base_package WHERE base_number = 1 AND name = 'x3'")!
        .get("version", as: String.self)
    }
    let page = try await fleet.world.database.read(in: .state) {
      [records = fleet.records, bases = fleet.world.desk.bases] transaction in
      try WhoHas(
        name: "x3", versions: .exactly(wanted), districts: Fleet.districts, schools: nil, records: records, bases: bases
      ).page(after: nil, limit: 10, in: transaction)
    }
    #expect(page.found.isEmpty && page.next?.district == Fleet.districts[1])
    #expect(try await fleet.found("x3", .exactly(wanted), in: .state, limit: 10).isEmpty)
  }

  /// The planner of PostgreSQL knows how large its tables are only after this.
  private static func analyze(_ database: any Database) async throws {
    let schema = try await database.read(in: .state) {
      try $0.row("SELECT current_schema() AS name")!.get("name", as: String.self)
    }
    let server = try PostgresServer.shared.get()
    for table in big where table.contains("_") { try server.run(sql: "ANALYZE \(schema).\(table)") }
  }
}
