import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Lists of many devices")
struct DeviceListTests {
  /// Devices of which one in `rare` is lost, with two thirds in one district.
  static func fill(_ bench: RegistryBench, devices: Int, rare: Int = 500) async throws {
    try await bench.write { transaction in
      for school in ["north", "south"] {
        try transaction.run(
          """
          INSERT INTO registry_school (district_id, school_id, name, created_at)
          VALUES (\(RegistryBench.cedar), \(school), \(school), \(RegistryBench.now))
          """)
      }
      try transaction.run(
        """
        INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, asset_tag,
          asset_tag_folded, hostname, hostname_folded, management, identity, stage, custody, created_at)
        VALUES ($1, $2, $3, $4, $4, $5, $5, $6, $6, $7, 'strong', $8, 'district', 1)
        """,
        rows: (0..<devices).lazy.map { number in
          let district = number % 3 == 0 ? RegistryBench.oak : RegistryBench.cedar
          let school: String? = number % 3 == 0 ? nil : number % 100 == 1 ? "north" : "south"
          let serial = (number % 2 == 0 ? "PF" : "MJ") + String(1_000_000 + number)
          return [
            district.sqlValue, id(number).sqlValue, school.sqlValue, serial.sqlValue, "T-\(number)".sqlValue,
            "lab-\(number)".sqlValue, (number % 7 == 0 ? "none" : "agent").sqlValue,
            (number % rare == 1 ? "lost" : "in-service").sqlValue,
          ]
        })
      try transaction.run(
        """
        INSERT INTO registry_key (district_id, digest, device_id, state, certificate_serial, not_before, not_after,
          issued_at, revision) VALUES ($1, $2, $3, $4, '01', 0, 1, 0, 1)
        """,
        rows: (0..<devices).lazy.map { number in
          let district = number % 3 == 0 ? RegistryBench.oak : RegistryBench.cedar
          var digest = [UInt8](repeating: 0, count: 32)
          for place in 0..<4 { digest[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
          let state = number % rare == 2 ? "quarantined" : number % 5 == 0 ? "revoked" : "active"
          return [district.sqlValue, .bytes(digest), id(number).sqlValue, state.sqlValue]
        })
      try transaction.run(
        """
        INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset,
          health, health_items) VALUES ($1, $2, 1, 2, '0.1.0', 0, $3, $4)
        """,
        rows: (0..<devices).lazy.filter { $0 % 9 > 0 }.map { number in
          let district = number % 3 == 0 ? RegistryBench.oak : RegistryBench.cedar
          let health = number % rare == 3 ? "failing" : number % 4 == 0 ? "attention" : "well"
          return [district.sqlValue, id(number).sqlValue, health.sqlValue, Array("[]".utf8).sqlValue]
        })
    }
  }

  /// Ids in no order of the numbers, as real ones are.
  static func id(_ number: Int) -> DeviceID {
    var generator = SeededGenerator(seed: UInt64(number))
    let bytes = (0..<10).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return DeviceID(random: bytes)
  }

  static let searches: [[(String, String)]] = [
    [], [("id", "dev_0123456789abcdef")], [("serial", "PF1000002")], [("assetTag", "T-17")], [("hostname", "LAB-17")],
    [("q", "P")], [("q", "PF1000")], [("q", "lab-17")], [("q", "nothing")], [("stage", "lost")],
    [("stage", "in-service")], [("stage", "stolen")], [("management", "agent")], [("management", "external")],
    [("keyState", "active")], [("keyState", "quarantined")], [("keyState", "revoked")], [("health", "failing")],
    [("health", "well")], [("health", "unknown")], [("school", "north")], [("school", "south")],
    [("q", "M"), ("stage", "lost")], [("q", "M"), ("stage", "in-service"), ("health", "well")],
    [("keyState", "revoked"), ("management", "agent"), ("health", "attention")],
    [("q", "P"), ("school", "south"), ("keyState", "quarantined")],
    // Each finds many, and no device is both: the walk has to end by itself.
    [("q", "T-1"), ("management", "none"), ("keyState", "revoked"), ("school", "north")],
  ]

  private static let scopes: [TenantScope] = [
    .state, .district(RegistryBench.cedar), .districts([RegistryBench.cedar, RegistryBench.oak]),
  ]

  private func filter(
    _ search: [(String, String)], _ scope: TenantScope, schools: [DistrictID: Set<SchoolID>]? = nil
  ) throws -> DeviceFilter {
    try DeviceFilter(
      Call(.get, "/api/v1/devices", query: search.map { (name: $0.0, value: $0.1) }, now: RegistryBench.now),
      scope: scope, schools: schools)
  }

  private struct Walk {
    /// In the order of the pages.
    var ids: [String] = []
    var plan: Set<String> = []
    var mostQueries = 0
    /// Rows that the dearest page fetched by indexes, on PostgreSQL.
    var mostFetched = 0
    /// Where pages ended.
    var places: [DevicePlace] = []
    var scans: [String] {
      plan.filter { $0.hasPrefix("SCAN registry_") && !$0.hasPrefix("SCAN registry_district") }
    }
  }

  /// Every page of a list, or the first `pages`.
  private func walk(
    _ bench: RegistryBench, _ filter: DeviceFilter, _ scope: TenantScope, limit: Int, pages: Int = .max
  ) async throws -> Walk {
    var walk = Walk()
    var after: DevicePlace?
    repeat {
      let (page, seen, queries, fetched) = try await bench.database.read(in: scope) { [after] transaction in
        let planning = PlanningTransaction(transaction)
        let (page, fetched) = try planning.noting {
          let page = try DeviceList.page(filter, scope: scope, after: after, limit: limit, planning)
          _ = try KeyStore.live(of: page.devices.map(\.device), planning)
          return page
        }
        return (page, planning.plan, planning.queries, fetched)
      }
      #expect(page.devices.count <= limit)
      walk.ids += page.devices.map { "\($0.device.district)/\($0.device.id)" }
      walk.plan.formUnion(seen)
      walk.mostQueries = max(walk.mostQueries, queries)
      walk.mostFetched = max(walk.mostFetched, fetched)
      after = page.next
      if let after { walk.places.append(after) }
    } while after != nil && walk.places.count < pages
    return walk
  }

  @Test("No search reads a big table through, and each gives its devices once and in order, page by page")
  func plans() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 6000)
    for search in Self.searches {
      for scope in Self.scopes {
        let filter = try filter(search, scope)
        let walk = try await walk(bench, filter, scope, limit: 100)
        // PostgreSQL rightly reads tables of some pages through: see below for larger ones.
        if !TestDatabase.isPostgres { #expect(walk.scans.isEmpty, "\(search) \(scope): \(walk.plan)") }
        #expect(walk.mostQueries <= 13, "\(search) \(scope): \(walk.mostQueries) queries for a page")
        #expect(walk.ids == walk.ids.sorted() && Set(walk.ids).count == walk.ids.count, "\(search) \(scope)")
        #expect(walk.ids.count == (try await expected(bench, filter, scope)), "\(search) \(scope)")
      }
    }
  }

  @Test(
    "On PostgreSQL no page of a larger registry reads a table through, whatever the planner believes of the tables",
    .enabled(if: TestDatabase.isPostgres))
  func largePlans() async throws {
    let bench = try await RegistryBench.withDistricts()
    let server = try PostgresServer.shared.get()
    let schema = try await bench.database.read(in: .state) {
      try $0.row("SELECT current_schema()::text AS name")?.get("name", as: String.self) ?? ""
    }
    let tables = ["registry_device", "registry_contact", "registry_key"].map { "\(schema).\($0)" }
    for table in tables { try server.run(sql: "ALTER TABLE \(table) SET (autovacuum_enabled = off)") }
    try await Self.fill(bench, devices: 50_000)
    for isAnalyzed in [false, true] {
      if isAnalyzed { for table in tables { try server.run(sql: "ANALYZE \(table)") } }
      for search in Self.searches {
        for scope in Self.scopes.prefix(2) {
          // Often enough that plans for any value are made, and compared with those for one.
          let walk = try await walk(bench, try filter(search, scope), scope, limit: 100, pages: 7)
          #expect(walk.scans.isEmpty, "\(search) \(scope), analyzed: \(isAnalyzed)")
          // Before the tables were ever looked at, in the first minute of a new state, a broad search may sort what it finds.
          #expect(!isAnalyzed || walk.mostFetched < 25_000, "\(search) \(scope): \(walk.mostFetched)")
          #expect(walk.ids == walk.ids.sorted() && Set(walk.ids).count == walk.ids.count, "\(search) \(scope)")
        }
      }
    }
  }

  @Test("A school's reader walks its own devices alone, by an index")
  func schoolReader() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 6000)
    let north = try #require(SchoolID(rawValue: "north"))
    let scope = TenantScope.district(RegistryBench.cedar)
    for search in [[], [("q", "M")], [("health", "well")]] as [[(String, String)]] {
      let filter = try filter(search, scope, schools: [RegistryBench.cedar: [north]])
      let walk = try await walk(bench, filter, scope, limit: 1000)
      #expect(!walk.ids.isEmpty && walk.ids.count <= 60 && walk.mostQueries == 3, "\(search): \(walk)")
      if !TestDatabase.isPostgres { #expect(walk.scans.isEmpty, "\(search): \(walk.plan)") }
    }
  }

  @Test("A reader of more schools than a query has parts sees their devices")
  func manySchools() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 600)
    let north = try #require(SchoolID(rawValue: "north"))
    let schools = Set((1...501).compactMap { SchoolID(rawValue: "school-\($0)") })
    #expect(schools.count == 501)
    let scope = TenantScope.districts([RegistryBench.cedar])
    let one = try await walk(
      bench, try filter([], scope, schools: [RegistryBench.cedar: [north]]), scope, limit: 1000)
    let many = try await walk(
      bench, try filter([], scope, schools: [RegistryBench.cedar: schools.union([north])]), scope, limit: 1000)
    #expect(!one.ids.isEmpty && many.ids == one.ids)
  }

  @Test("Where a page ends names no device that its reader may not see")
  func veiledEnds() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 9000)
    let south = try #require(SchoolID(rawValue: "south"))
    let scope = TenantScope.district(RegistryBench.cedar)
    // Both find more devices than are looked at one by one, and no device of the school is both.
    try await bench.write { transaction in
      try transaction.run("UPDATE registry_device SET stage = 'retired' WHERE serial_folded < 'N'")
    }
    let filter = try filter([("q", "PF"), ("stage", "retired")], scope, schools: [RegistryBench.cedar: [south]])
    let walk = try await walk(bench, filter, scope, limit: 100)
    #expect(walk.ids.isEmpty && !walk.places.isEmpty)
    let all = Set((0..<9000).map(Self.id))
    #expect(walk.places.allSatisfy { !all.contains($0.device) }, "\(walk.places)")
    #expect(walk.places.allSatisfy { $0.device.rawValue.hasSuffix("00000000") }, "\(walk.places)")
    // And what a page ends at where devices are shown is the last one shown.
    let shown = try self.filter([("q", "PF")], scope, schools: [RegistryBench.cedar: [south]])
    let pages = try await self.walk(bench, shown, scope, limit: 100)
    #expect(try await pages.ids.count == expected(bench, shown, scope))
    #expect(pages.places.allSatisfy { pages.ids.contains("\($0.district)/\($0.device)") || !all.contains($0.device) })
  }

  @Test("A search that finds many by each filter and none by all ends in short pages, not in one long one")
  func bounded() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 4800)
    #expect((3201...4799).contains(DeviceList.strides.reduce(0, +)))
    try await bench.write { transaction in
      try transaction.run("UPDATE registry_device SET stage = 'retired' WHERE serial_folded < 'N'")
    }
    for scope in [TenantScope.state, .district(RegistryBench.cedar)] {
      let filter = try filter([("q", "PF"), ("stage", "retired")], scope)
      let page = try await bench.database.read(in: scope) {
        try DeviceList.page(filter, scope: scope, after: nil, limit: 100, $0)
      }
      #expect(page.devices.isEmpty)
      #expect((page.next != nil) == (scope == .state), "\(scope)")
      #expect(try await walk(bench, filter, scope, limit: 100).ids.isEmpty)
    }
  }

  @Test("A page goes through a bounded number of districts that have few devices, and the next one goes on")
  func smallDistricts() async throws {
    let bench = try await RegistryBench.withDistricts()
    try await Self.fill(bench, devices: 4800)
    let small = (10..<40).compactMap { DistrictID(rawValue: "a\($0)") }
    let scope = TenantScope.districts(Set(small + [RegistryBench.cedar]))
    let filter = try filter([("q", "PF"), ("health", "well")], scope)
    let page = try await bench.database.read(in: scope) {
      try DeviceList.page(filter, scope: scope, after: nil, limit: 100, $0)
    }
    #expect(page.devices.isEmpty && page.next?.district.rawValue == "a26")
    let walk = try await walk(bench, filter, scope, limit: 100)
    #expect(try await walk.ids.count == expected(bench, filter, scope))
  }

  /// What the conditions alone say, without an index or a page.
  private func expected(_ bench: RegistryBench, _ filter: DeviceFilter, _ scope: TenantScope) async throws -> Int {
    try await bench.database.read(in: scope) { transaction in
      let conditions = [SQL("\(scope, on: "registry_device.district_id")")] + filter.searches.map(\.condition)
      return try transaction.row(
        """
        SELECT COUNT(*) AS count FROM registry_device LEFT JOIN registry_contact
          ON registry_contact.district_id = registry_device.district_id
          AND registry_contact.device_id = registry_device.device_id
        WHERE \(SQL.joined(conditions, separator: " AND "))
        """)?.get("count") ?? 0
    }
  }
}
