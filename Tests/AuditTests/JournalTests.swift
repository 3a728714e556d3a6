import Audit
import Foundation
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

/// As if every district were there.
private struct EveryDistrict: JournalTenants {
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws {}
}

@Suite("The journal")
struct JournalTests {
  private struct Body: JournalBody { let role: String }
  private struct Unexpected: Error {}

  private let cedar: DistrictID
  private let birch: DistrictID
  private let principal = PrincipalID(unchecked: "prn_0000000000000001")
  private let now = Instant(milliseconds: 1_790_000_000_000)

  init() throws {
    cedar = try #require(DistrictID(rawValue: "cedar"))
    birch = try #require(DistrictID(rawValue: "birch"))
  }

  private func withJournal(_ body: (any Database, JournalRoutes) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "rollcall-audit-\(UUID().uuidString).sqlite"
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    let database = try await TestDatabase.open(path, migrations: Journal.migrations)
    try await body(database, JournalRoutes(database: database, tenants: EveryDistrict()))
    try await database.close()
  }

  private func record(_ database: any Database, _ object: String, in district: DistrictID?) async throws {
    let entry = JournalEntry(
      at: now, actor: .principal(principal), action: "grant.add", object: ("principal", object), district: district,
      body: Body(role: "read-only"))
    try await database.write(in: .state) { try Journal.record(entry, in: $0) }
  }

  private struct Listing: Decodable {
    struct Named: Decodable {
      let kind: String
      let id: String?
    }
    struct Item: Decodable {
      let id: String
      let district: String?
      let at: String
      let actor: Named
      let action: String
      let object: Named
      let body: [String: String]?
      let leafHash: String
    }
    let items: [Item]
    let next: String?
  }

  private func list(
    _ routes: JournalRoutes, _ query: [(name: String, value: String)] = [], scope: TenantScope = .state
  ) async throws -> Listing {
    let route = try #require(routes.peopleRoutes.first)
    let reply = try await route.handle(
      Call(.get, "/api/v1/journal", query: query, now: now), OperatorContext(caller: nil, scope: scope))
    #expect(reply.status.code == 200)
    return try JSONDecoder().decode(Listing.self, from: Data(reply.body))
  }

  @Test("Many entries at once keep their order, each with a leaf of its own; one that is malformed leaves none")
  func many() async throws {
    try await withJournal { database, routes in
      try await record(database, "first", in: cedar)
      @Sendable func entry(_ number: Int, _ action: String = "grant.add") -> JournalEntry {
        JournalEntry(
          at: now, actor: .principal(principal), action: action, object: ("principal", "p\(number)"),
          district: number % 2 == 0 ? cedar : nil, body: Body(role: "role \(number)"))
      }
      try await database.write(in: .state) { try Journal.record((0..<30).map { entry($0) }, in: $0) }
      try await database.write(in: .state) { try Journal.record([], in: $0) }
      await #expect(throws: AuditError(.entry, "")) {
        try await database.write(in: .state) { try Journal.record([entry(30), entry(31, "Bad action")], in: $0) }
      }
      let items = try await list(routes, [("limit", "100")]).items
      #expect(items.map(\.object.id) == (0..<30).reversed().map { "p\($0)" } + ["first"])
      #expect(items.first?.body == ["role": "role 29"] && items.first?.district == nil)
      #expect(Set(items.map(\.leafHash)).count == 31)
    }
  }

  @Test("An entry is shown with who, what, when and its leaf hash")
  func shown() async throws {
    try await withJournal { database, routes in
      try await record(database, "a", in: cedar)
      let item = try #require(try await list(routes).items.first)
      #expect(item.district == "cedar")
      #expect(item.at == now.rfc3339)
      #expect(item.actor.kind == "principal")
      #expect(item.actor.id == principal.rawValue)
      #expect(item.action == "grant.add")
      #expect(item.object.kind == "principal")
      #expect(item.object.id == "a")
      #expect(item.body == ["role": "read-only"])
      #expect(Digest(hex: item.leafHash) != nil)
      #expect(EntryID(rawValue: item.id) != nil)
    }
  }

  @Test("The stored leaf hash is that of the stored salt and body")
  func recomputed() async throws {
    try await withJournal { database, _ in
      let entry = JournalEntry(
        at: now, actor: .controller, action: "state.init", object: ("state", "x"), district: nil,
        body: Body(role: "r"))
      try await database.write(in: .state) { try Journal.record(entry, in: $0) }
      let row = try #require(
        try await database.read(in: .state) { try $0.row("SELECT salt, body, leaf_hash FROM audit_entry") })
      let (salt, body): ([UInt8], [UInt8]) = (try row.get("salt"), try row.get("body"))
      #expect(salt.count == 16)
      #expect(try JournalLeaf(entry, body: body, salt: salt).hash == row.get("leaf_hash"))
    }
  }

  @Test("Entries of equal bodies have different digests")
  func salted() async throws {
    try await withJournal { database, _ in
      for _ in 0..<20 { try await record(database, "a", in: cedar) }
      let digests: [Digest] = try await database.read(in: .state) {
        try $0.rows("SELECT body_digest FROM audit_entry").map { try $0.get("body_digest") }
      }
      #expect(Set(digests).count == 20)
    }
  }

  @Test("A change that is undone leaves no entry")
  func undone() async throws {
    try await withJournal { database, routes in
      let entry = JournalEntry(at: now, actor: .controller, action: "x.y", object: ("x", "y"), district: nil)
      await #expect(throws: Unexpected.self) {
        try await database.write(in: .state) { transaction in
          try Journal.record(entry, in: transaction)
          throw Unexpected()
        }
      }
      let items = try await list(routes).items
      #expect(items.isEmpty)
    }
  }

  @Test("A district sees its own entries alone, the state all of them")
  func scoped() async throws {
    try await withJournal { database, routes in
      try await record(database, "a", in: cedar)
      try await record(database, "b", in: birch)
      try await record(database, "c", in: nil)
      #expect(try await list(routes).items.map(\.object.id) == ["c", "b", "a"])
      #expect(try await list(routes, scope: .district(cedar)).items.map(\.object.id) == ["a"])
      #expect(try await list(routes, scope: .districts([])).items.isEmpty)
      for place in ["birch", "*", "nowhere"] {
        await #expect(throws: ServingError.notFound) {
          _ = try await list(routes, [("district", place)], scope: .district(cedar))
        }
      }
    }
  }

  @Test("Filters by district, action, object and actor")
  func filters() async throws {
    try await withJournal { database, routes in
      try await record(database, "a", in: cedar)
      try await record(database, "b", in: nil)
      let other = JournalEntry(at: now, actor: .controller, action: "x.y", object: ("x", "a"), district: cedar)
      try await database.write(in: .state) { try Journal.record(other, in: $0) }
      #expect(try await list(routes, [("district", "*")]).items.map(\.object.id) == ["b"])
      #expect(try await list(routes, [("district", "cedar")]).items.count == 2)
      #expect(try await list(routes, [("action", "x.y")]).items.map(\.actor.kind) == ["controller"])
      #expect(try await list(routes, [("object", "a")]).items.count == 2)
      #expect(try await list(routes, [("actor", principal.rawValue)]).items.count == 2)
      #expect(try await list(routes, [("object", "a"), ("action", "grant.add")]).items.count == 1)
    }
  }

  @Test("Pages go on where the last one ended, and entries that arrive meanwhile do not repeat any")
  func pages() async throws {
    try await withJournal { database, routes in
      for index in 0..<7 { try await record(database, "\(index)", in: index % 2 == 0 ? cedar : nil) }
      var seen: [String] = []
      var next: String?
      repeat {
        let page = try await list(routes, [("limit", "3")] + (next.map { [("after", $0)] } ?? []))
        seen += page.items.compactMap(\.object.id)
        next = page.next
        try await record(database, "new", in: cedar)
      } while next != nil
      #expect(seen == ["6", "5", "4", "3", "2", "1", "0"])
    }
  }

  @Test(
    "A filter or place that cannot be is refused",
    arguments: [("district", "No Such"), ("after", "x"), ("after", "-1")])
  func refused(_ name: String, _ value: String) async throws {
    try await withJournal { _, routes in
      await #expect(throws: ServingError(.query, "")) { _ = try await list(routes, [(name, value)]) }
    }
  }

  @Test("A body may be dropped; the entry and its leaf stay")
  func dropped() async throws {
    try await withJournal { database, routes in
      try await record(database, "a", in: cedar)
      let before = try #require(try await list(routes).items.first)
      try await database.write(in: .state) { _ = try $0.run("UPDATE audit_entry SET salt = NULL, body = NULL") }
      let after = try #require(try await list(routes).items.first)
      #expect(after.body == nil)
      #expect(after.leafHash == before.leafHash)
    }
  }

  @Test(
    "The engine itself refuses to change or delete an entry",
    arguments: [
      "DELETE FROM audit_entry", "UPDATE audit_entry SET action = 'x.y'", "UPDATE audit_entry SET at = 0",
      "UPDATE audit_entry SET leaf_hash = salt", "UPDATE audit_entry SET district_id = '*'",
      "UPDATE audit_entry SET body = salt", "UPDATE audit_entry SET body = NULL",
      // PostgreSQL has no such statement: to replace is to update there.
      TestDatabase.isPostgres
        ? "INSERT INTO audit_entry SELECT * FROM audit_entry ON CONFLICT (district_id, position) DO UPDATE SET at = 1"
        : "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
    ] as [SQL])
  func appendOnly(_ statement: SQL) async throws {
    try await withJournal { database, routes in
      try await record(database, "a", in: cedar)
      await #expect(throws: StorageError(.constraint, "")) {
        try await database.write(in: .state) { _ = try $0.run(statement) }
      }
      let items = try await list(routes).items
      #expect(items.map(\.action) == ["grant.add"])
      #expect(items.first?.body == ["role": "read-only"])
    }
  }

  @Test("The journal's tables are tenants' tables")
  func tenants() async throws {
    try await withJournal { database, _ in
      let violations = try await TestDatabase.tenancyViolations(
        in: database, shared: ["audit_tile", "audit_checkpoint", "storage_migration"])
      #expect(violations == [])
    }
  }

  @Test("The codes are stable")
  func codes() {
    #expect(
      AuditError.Kind.allCases.map(\.rawValue) == [
        "audit.entry", "audit.no-checkpoint", "audit.other-key", "audit.purpose-required", "audit.damaged",
      ])
  }
}
