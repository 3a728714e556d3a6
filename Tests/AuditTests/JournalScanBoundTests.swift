import Foundation
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Audit

/// What one page of a long journal costs, counted in statements and in rows.
@Suite("The bounds of the journal's pages")
struct JournalScanBoundTests {
  private static let cedar = DistrictID(rawValue: "cedar")!
  private static let birch = DistrictID(rawValue: "birch")!
  private static let start = Instant(seconds: 1_790_000_000)
  private static let (ada, bob) = (
    PrincipalID(rawValue: "prn_0000000000000001")!, PrincipalID(rawValue: "prn_0000000000000002")!
  )
  private static let persons = (1...2).map { PersonID(rawValue: "per_000000000000000\($0)")! }

  /// Copies of two looks, made by the engine itself: each `rare`th is Bob's for an audit, in a search of several; the others are
  /// Ada's at one person, for repair.
  private func withLooks(
    _ count: Int, rare: Int, _ body: (any Database, StatementWatch) async throws -> Void
  ) async throws {
    let path = NSTemporaryDirectory() + "rollcall-bound-\(UUID().uuidString).sqlite"
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    let base = try await TestDatabase.open(path, migrations: Journal.migrations)
    try await base.write(in: .state) { transaction in
      try StudentViews.record(
        [
          .init(.person, of: [Self.persons[0]], in: Self.cedar, purpose: .repair, by: Self.ada, at: Self.start),
          .init(.search, of: Self.persons, in: Self.cedar, purpose: .audit, by: Self.bob, at: Self.start),
        ], in: transaction)
      try transaction.run(
        """
        INSERT INTO audit_entry (district_id, position, id, at, actor_kind, actor, action, object_kind, object, salt,
          body, body_digest, leaf_hash, leaf_version)
        WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < \(count))
        SELECT district_id, 1000 + number, 'ent_' || (1000000000000000 + number), at, actor_kind, actor, action, object_kind, object,
          salt, body, body_digest, leaf_hash, leaf_version
        FROM numbers JOIN audit_entry ON action = CASE WHEN number % \(rare) = 0 THEN 'person.search' ELSE 'person.view' END
        """)
      if transaction.engine == .postgres { try transaction.run("ANALYZE audit_entry") }
    }
    let watch = StatementWatch()
    try await body(WatchedDatabase(base, watch), watch)
    try await base.close()
  }

  private struct Asked: Sendable {
    var found: [ViewItem] = []
    var next: String?
    var pages = 0
    var statements = 0
    var rows = 0
  }

  private func ask(
    _ query: [(name: String, value: String)], limit: Int, pages: Int = 1, bounds: JournalScan.Bounds = .init(),
    scope: TenantScope = .state, _ database: any Database, _ watch: StatementWatch
  ) async throws -> Asked {
    let filter = try ViewFilter(Call(.get, "/api/v1/views", query: query, now: Self.start))
    return try await database.read(in: scope) { transaction in
      let (statements, rows) = (watch.texts.count, watch.rows)
      var asked = Asked()
      repeat {
        let page = try ViewLog.page(
          filter, scope: scope, page: PageRequest(after: asked.next, limit: limit), bounds, transaction)
        asked.found += page.items
        asked.next = page.next
        asked.pages += 1
      } while asked.next != nil && asked.pages < pages
      (asked.statements, asked.rows) = (watch.texts.count - statements, watch.rows - rows)
      return asked
    }
  }

  @Test(
    "A reason, a person or somebody who looked, rare over 100,000 looks, cost few statements and rows; so does one that is not there"
  )
  func rare() async throws {
    try await withLooks(100_000, rare: 25_000) { database, watch in
      for (query, limit, expected) in [
        ([("purpose", "audit")], 100, 5), ([("purpose", "audit")], 1, 1), ([("purpose", "other")], 100, 0),
        ([("purpose", "repair"), ("person", Self.persons[1].rawValue)], 100, 0),
        ([("person", Self.persons[1].rawValue)], 100, 5), ([("actor", Self.bob.rawValue)], 100, 5),
        ([("actor", Self.ada.rawValue), ("person", Self.persons[1].rawValue)], 1, 0),
      ] as [([(name: String, value: String)], Int, Int)] {
        let asked = try await ask(query, limit: limit, database, watch)
        #expect(asked.found.count == expected, "\(query)")
        // Nine windows, an end and a part each.
        #expect(asked.statements <= 18, "\(query): \(asked.statements)")
        #expect(asked.rows <= 9 + expected + 1, "\(query): \(asked.rows)")
      }
      let plain = try await ask([], limit: 100, database, watch)
      #expect(plain.statements == 1 && plain.rows == 101)
    }
  }

  @Test("A page goes through as many entries as its bounds say, and the next ones find the others")
  func most() async throws {
    try await withLooks(10_000, rare: 2_500) { database, watch in
      let bounds = JournalScan.Bounds(window: 1_000, most: 3_000)
      let first = try await ask([("purpose", "audit")], limit: 100, bounds: bounds, database, watch)
      #expect(first.found.count == 2 && first.next != nil && first.statements == 6)
      let all = try await ask([("purpose", "audit")], limit: 100, pages: 100, bounds: bounds, database, watch)
      #expect(all.found.count == 5 && all.next == nil && all.pages == 4)
      #expect(Set(all.found.map(\.id.rawValue)).count == 5)
    }
  }

  @Test("What the engine takes and is passed over afterwards is asked for in large parts, and bounded too")
  func passed() async throws {
    try await withLooks(10_000, rare: 5_000) { database, watch in
      for filter in ["", " AND actor <> 'nobody'"] as [SQL] {
        let scan = JournalScan(
          bounds: .init(window: 4_000, most: 400_000, passed: 3_000), scope: .state, narrow: "", filter: filter,
          from: nil, until: nil)
        let before = watch.texts.count
        let (pages, found) = try await database.read(in: .state) { transaction in
          var (position, pages, found) = (Int64.max, 0, [String]())
          while true {
            let page = try scan.page(before: position, limit: 1, transaction, position: \JournalItem.position) { row in
              let item = try JournalItem(row)
              return item.action == "person.search" ? item : nil
            }
            pages += 1
            found += page.items.map(\.id.rawValue)
            guard let next = page.next.flatMap(Int64.init) else { return (pages, found) }
            position = next
          }
        }
        #expect(Set(found).count == 3 && found.count == 3)
        // A page for each three thousand that are passed over, and for each that is found.
        #expect(pages <= 8 && watch.texts.count - before <= 40, "\(pages), \(watch.texts.count - before)")
      }
    }
  }

  @Test("No page has SQLite sort the entries behind it", .enabled(if: !TestDatabase.isPostgres))
  func plans() async throws {
    try await withLooks(100, rare: 10) { database, _ in
      for scope in [TenantScope.state, .district(Self.cedar), .districts([Self.cedar, Self.birch])] {
        for query in [
          [], [("purpose", "audit")], [("person", Self.persons[1].rawValue), ("actor", Self.bob.rawValue)],
          [("to", "2026-12-31")],
        ] as [[(name: String, value: String)]] {
          let filter = try ViewFilter(Call(.get, "/api/v1/views", query: query, now: Self.start))
          let plan = try await database.read(in: scope) { transaction in
            let planned = NotedPlans(transaction)
            _ = try ViewLog.page(filter, scope: scope, page: PageRequest(after: nil, limit: 3), planned)
            let journal = JournalScan(scope: scope, narrow: "", filter: "", from: nil, until: nil)
            _ = try JournalRoutes.entries(journal, before: .max, limit: 3, planned)
            return planned.lines
          }
          #expect(!plan.isEmpty && plan.allSatisfy { !$0.contains("TEMP B-TREE") && !$0.contains("SCAN") }, "\(plan)")
        }
      }
    }
  }
}
