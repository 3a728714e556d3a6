import Foundation
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Audit

/// As if every district were there.
private struct EveryDistrict: JournalTenants {
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws {}
}

/// The journal read back through filters, and what of it who may see.
@Suite("The journal through filters")
struct JournalScanTests {
  private struct Body: JournalBody { let number: Int }

  private static let cedar = DistrictID(rawValue: "cedar")!
  private static let birch = DistrictID(rawValue: "birch")!
  private static let day = Int64(86_400)
  /// 2026-09-21T14:13:20Z.
  private static let start = Instant(seconds: 1_790_000_000)
  private static let persons = (1...3).map { PersonID(rawValue: "per_000000000000000\($0)")! }
  private static let (ada, bob) = (
    PrincipalID(rawValue: "prn_0000000000000001")!, PrincipalID(rawValue: "prn_0000000000000002")!
  )

  private func withJournal(_ body: (any Database) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "rollcall-scan-\(UUID().uuidString).sqlite"
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    let database = try await TestDatabase.open(path, migrations: Journal.migrations)
    try await body(database)
    try await database.close()
  }

  /// One entry an hour, the first of them `action`'s own.
  private func fill(_ database: any Database, _ count: Int, every step: Int64 = 3600) async throws {
    try await database.write(in: .state) { transaction in
      try Journal.record(
        (0..<count).map { number in
          JournalEntry(
            at: Self.start.advanced(by: .seconds(Int64(number) * step)), actor: .principal(Self.ada),
            action: number == 3 ? "thing.rare" : "thing.change", object: ("thing", "t\(number)"),
            district: Self.cedar, body: Body(number: number))
        }, in: transaction)
    }
  }

  private static func scan(
    _ filter: SQL = "", narrow: SQL = "", from: Instant? = nil, until: Instant? = nil,
    _ bounds: JournalScan.Bounds = .init(window: 10, most: 30)
  ) -> JournalScan {
    JournalScan(
      bounds: bounds, scope: .district(cedar), narrow: narrow, filter: filter, from: from, until: until)
  }

  private func objects(
    _ scan: JournalScan, before: Int64 = .max, limit: Int = 5, _ database: any Database
  ) async throws -> (found: [String], next: String?) {
    try await database.read(in: .district(Self.cedar)) { transaction in
      let page = try JournalRoutes.entries(scan, before: before, limit: limit, transaction)
      return (page.items.compactMap(\.object.id), page.next)
    }
  }

  @Test("A filter that takes few goes through so many entries a page, and the next one goes on; nothing is left out")
  func bounded() async throws {
    try await withJournal { database in
      try await fill(database, 100)
      let rare = Self.scan(" AND action = 'thing.rare'")
      var (pages, found, next) = (0, [String](), String?.some(String(Int64.max)))
      while let before = next.flatMap(Int64.init) {
        let page = try await objects(rare, before: before, database)
        pages += 1
        found += page.found
        next = page.next
      }
      #expect(found == ["t3"])
      #expect((4...5).contains(pages), "100 entries, 30 a page: \(pages)")
      // Without a filter pages are full, whatever the windows are.
      let all = try await objects(Self.scan(), limit: 25, database)
      #expect(all.found == (75..<100).reversed().map { "t\($0)" } && all.next != nil)
      let half = Self.scan(" AND position % 2 = 0")
      let first = try await objects(half, limit: 4, database)
      let second = try await objects(half, before: try #require(first.next.flatMap(Int64.init)), limit: 4, database)
      #expect(first.found.count == 4 && second.found.count == 4 && Set(first.found).isDisjoint(with: second.found))
    }
  }

  @Test("A day in the past is found at once, and nothing behind it is read")
  func days() async throws {
    try await withJournal { database in
      try await fill(database, 400)
      let from = Self.start.advanced(by: .seconds(10 * Self.day))
      let until = from.advanced(by: .seconds(4 * 3600))
      // Two windows of ten: neither the 150 entries that came later nor the 240 before are gone through.
      let scan = Self.scan(from: from, until: until, .init(window: 10, most: 20))
      let page = try await objects(scan, limit: 50, database)
      #expect(page.found == (240..<244).reversed().map { "t\($0)" })
      #expect(page.next == nil)
    }
  }

  @Test("Of several districts pages are in the journal's order, however many districts are asked for")
  func districts() async throws {
    try await withJournal { database in
      try await database.write(in: .state) { transaction in
        for number in 0..<30 {
          try Journal.record(
            JournalEntry(
              at: Self.start.advanced(by: .seconds(Int64(number) * 3600)), actor: .principal(Self.ada),
              action: number % 3 == 0 ? "thing.rare" : "thing.change", object: ("thing", "t\(number)"),
              district: number % 2 == 0 ? Self.cedar : Self.birch, body: Body(number: number)), in: transaction)
        }
      }
      let others = (0..<40).map { DistrictID(rawValue: "other-\($0)")! }
      for scope in [
        TenantScope.districts([Self.cedar, Self.birch]), .districts(Set([Self.cedar, Self.birch] + others)), .state,
      ] {
        func page(_ filter: SQL, from: Int64? = nil, before: Int64 = .max) async throws -> Page<JournalItem> {
          let since = from.map { Self.start.advanced(by: .seconds($0 * 3600)) }
          let scan = JournalScan(
            bounds: .init(window: 10, most: 100), scope: scope, narrow: "", filter: filter, from: since,
            until: since?.advanced(by: .seconds(2 * 3600)))
          return try await database.read(in: scope) {
            try JournalRoutes.entries(scan, before: before, limit: 12, $0)
          }
        }
        let first = try await page("")
        #expect(first.items.compactMap(\.object.id) == (18..<30).reversed().map { "t\($0)" })
        let second = try await page("", before: try #require(first.next.flatMap(Int64.init)))
        #expect(second.items.compactMap(\.object.id) == (6..<18).reversed().map { "t\($0)" })
        let rare = try await page(" AND action = 'thing.rare'")
        #expect(rare.items.compactMap(\.object.id) == stride(from: 27, through: 0, by: -3).map { "t\($0)" })
        #expect(try await page("", from: 7).items.compactMap(\.object.id) == ["t8", "t7"])
      }
    }
  }

  // MARK: - Looks

  @Test("What a look's action is called stands in the condition that finds looks, and nothing else does")
  func named() {
    let names = StudentViews.Look.Kind.allCases.map { "'\(StudentViews.action($0))'" }
    let condition = StudentViews.condition.rendered(for: .sqlite).text
    #expect(Set(condition.matches(of: /'[^']*'/).map { String($0.output) }) == Set(names))
  }

  private func look(
    _ kind: StudentViews.Look.Kind, _ persons: [PersonID], in district: DistrictID = cedar, by actor: PrincipalID = ada,
    at seconds: Int64 = 0
  ) -> StudentViews.Look {
    StudentViews.Look(
      kind, of: persons, in: district, purpose: .repair, by: actor, at: Self.start.advanced(by: .seconds(seconds)))
  }

  @Test("Whom a look showed is found by the engine among others' looks, in searches too; a list names nobody")
  func persons() async throws {
    try await withJournal { database in
      let looks = (0..<60).map { look(.person, [Self.persons[1]], by: Self.bob, at: $0) }
      try await database.write(in: .state) {
        try StudentViews.record([self.look(.person, [Self.persons[0]])], in: $0)
        try StudentViews.record([self.look(.search, [Self.persons[0], Self.persons[2]])], in: $0)
        try StudentViews.record([self.look(.list, [])], in: $0)
        try StudentViews.record(looks, in: $0)
      }
      func found(_ query: [(name: String, value: String)], _ bounds: JournalScan.Bounds) async throws -> [String] {
        let filter = try ViewFilter(Call(.get, "/api/v1/views", query: query, now: Self.start))
        return try await database.read(in: .state) {
          try ViewLog.page(filter, scope: .state, page: PageRequest(after: nil, limit: 10), bounds, $0).items
            .map(\.kind.rawValue)
        }
      }
      let bounds = JournalScan.Bounds(window: 100, most: 100)
      #expect(try await found([("person", Self.persons[0].rawValue)], bounds) == ["search", "person"])
      #expect(try await found([("actor", Self.ada.rawValue)], bounds) == ["list", "search", "person"])
      #expect(try await found([("actor", Self.ada.rawValue)], .init(window: 10, most: 20)) == [])
    }
  }

  @Test(
    "Who looked at whom is left out of the journal and its leaves where somebody may not list views, district by district"
  )
  func shown() async throws {
    try await withJournal { database in
      let looks = [Self.cedar, Self.birch].map { look(.person, [Self.persons[0]], in: $0) }
      try await database.write(in: .state) { transaction in
        try StudentViews.record(looks, in: transaction)
        for district in [Self.cedar, Self.birch] {
          try Journal.record(
            JournalEntry(
              at: Self.start, actor: .principal(Self.ada), action: "thing.change", object: ("thing", "t"),
              district: district, body: Body(number: 1)), in: transaction)
        }
      }
      func seen(_ grants: Grant...) async throws -> [String] {
        let caller = Caller(principal: Self.bob, name: "Bob", grants: Set(grants))
        let routes = JournalRoutes(database: database, tenants: EveryDistrict()).peopleRoutes
        let route = try #require(routes.first { $0.path == "/api/v1/journal" })
        let context = try OperatorContext(caller, route.rule, district: nil)
        let reply = try await route.handle(Call(.get, route.path, now: Self.start), context)
        let json = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
        let paged = try await JournalReader(database: database, tenants: EveryDistrict()).page(
          try JournalQuestion(Call(.get, "/journal", now: Self.start)), after: nil, limit: 10, for: context)
        let items = (json?["items"] as? [[String: Any]] ?? []).map { item in
          "\(item["district"] as? String ?? "") \(item["action"] as? String ?? "")"
        }
        #expect(items == paged.rows.map { "\($0.district ?? "") \($0.action)" })
        return items.sorted()
      }
      let changes = ["birch thing.change", "cedar thing.change"]
      #expect(
        try await seen(Grant(.stateAdmin, at: .state))
          == (changes + ["birch person.view", "cedar person.view"]).sorted())
      #expect(try await seen(Grant(.readOnly, at: .state)) == changes)
      #expect(try await seen(Grant(.districtIT, at: .district(Self.cedar))) == ["cedar thing.change"])
      #expect(
        try await seen(Grant(.districtAdmin, at: .district(Self.cedar)), Grant(.readOnly, at: .district(Self.birch)))
          == ["birch thing.change", "cedar person.view", "cedar thing.change"])
    }
  }
}
