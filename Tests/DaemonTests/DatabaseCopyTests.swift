import Audit
import Foundation
import Storage
import StoragePostgres
import StorageSQLite
import TestSupport
import Testing
import Vocabulary

@testable import rollcalld

/// An SQLite state is copied into PostgreSQL whole, or not at all for anybody who would serve it.
@Suite(.serialized) struct DatabaseCopyTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)")
    .path
  private static let now = SampleController.now

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func copy(
    _ file: String, to address: String, _ migrations: [Migration], _ numbered: [NumberedColumn] = []
  ) async throws -> DatabaseCopy.Outcome {
    try await DatabaseCopy(
      file: file, address: PostgresAddress(address), migrations: migrations, numbered: numbered, progress: { _ in }
    ).run(now: Self.now)
  }

  private func code(_ body: () async throws -> Void) async -> (code: String, words: String) {
    do { try await body() } catch let error as any CodedError { return ("\(error.code)", error.message) } catch {
      return ("\(type(of: error))", "\(error)")
    }
    return ("none", "")
  }

  // MARK: - The whole controller

  @Test("A controller's state is copied whole: the API answers as before, the journal goes on, tenants stay apart")
  func wholeController() async throws {
    let sample = try await SampleController(isPostgres: false)
    let cedar = try await SampleDistrict("cedar", in: sample)
    _ = try await SampleDistrict("birch", in: sample)
    let paths = [
      "/api/v1/devices", "/api/v1/journal", "/api/v1/principals", "/api/v1/pending", "/api/v1/districts",
      "/api/v1/districts/cedar/batches", "/api/v1/districts/cedar/devices/\(cedar.device)",
      "/api/v1/districts/cedar/devices/\(cedar.device)/ledger", "/api/v1/health", "/api/v1/districts/cedar/health",
    ]
    var before: [String] = []
    for path in paths { before.append(await sample.text(.get, path, token: sample.adminToken).text) }
    try await sample.controller.close()
    let file = sample.folder + "/rollcall.sqlite"
    let address = try PostgresServer.setting()
    let outcome = try await copy(file, to: address, Controller.migrations, Journal.numbered)
    #expect(outcome.tables.contains { $0.name == "registry_device" && $0.rows == 2 }, "\(outcome.tables)")
    #expect(!outcome.wasComplete)

    let moved = try await SampleController(sample, on: address)
    for (path, text) in zip(paths, before) {
      #expect(await moved.text(.get, path, token: sample.adminToken).text == text, "\(path)")
    }
    // A new entry of the journal stands behind the copied ones.
    _ = try await SampleDistrict("maple", in: moved)
    let journal = await moved.call(.get, "/api/v1/journal?limit=200")
    let districts = try #require(journal.body["items"] as? [[String: Any]]).compactMap { $0["district"] as? String }
    let newest = try #require(districts.lastIndex(of: "maple"))
    #expect(districts[...newest].allSatisfy { $0 == "maple" }, "\(districts)")
    // What counts, counts on.
    let health = await moved.call(.get, "/api/v1/health")
    #expect(health.body["total"] as? Int == 3, "\(health)")
    let shared = TenantTablesTests.shared.union(["storage_copy", "storage_copy_table"])
    #expect(try await TestDatabase.tenancyViolations(in: moved.controller.database, shared: shared) == [])
    try await moved.controller.close()
    // Run once more, it changes nothing and says what it found then.
    let again = try await copy(file, to: address, Controller.migrations, Journal.numbered)
    #expect(again.wasComplete && again.tables == outcome.tables)
  }

  // MARK: - Values

  private static let migrations = [
    Migration(
      "thing", 1,
      [
        "CREATE TABLE thing_group (district_id TEXT NOT NULL, code BYTEA NOT NULL, PRIMARY KEY (district_id, code))",
        """
        CREATE TABLE thing_all (
          district_id TEXT NOT NULL, id TEXT NOT NULL, place BIGINT NOT NULL, code BYTEA, number BIGINT, flag BOOLEAN,
          level DOUBLE PRECISION, data BYTEA, words TEXT, PRIMARY KEY (district_id, place, id),
          FOREIGN KEY (district_id, code) REFERENCES thing_group (district_id, code)
        )
        """,
      ])
  ]

  private func source(_ fill: @escaping @Sendable (any Transaction) throws -> Void) async throws -> String {
    let file = folder + "/\(UUID().uuidString).sqlite"
    let database = try SQLiteDatabase(path: file, migrations: Self.migrations)
    try await database.write(in: .state) { transaction in
      try transaction.run(
        "INSERT INTO thing_group (district_id, code) VALUES ('cedar', \([UInt8]())), ('cedar', \([UInt8](0...255)))")
      try fill(transaction)
    }
    try database.close()
    return file
  }

  private static let insert: SQL = """
    INSERT INTO thing_all (district_id, id, place, code, number, flag, level, data, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """

  @Test("Every value arrives as it was: NULL, empty, negative, greatest, not ASCII, large; on many pages")
  func values() async throws {
    let nothing = [SQLValue](repeating: .null, count: 6)
    let odd: [[SQLValue]] = [
      nothing,
      [.bytes([]), .integer(.min), .boolean(false), .double(-0.0), .bytes([]), .text("")],
      [.bytes(Array(0...255)), .integer(.max), .boolean(true), .double(.infinity), .bytes([0, 0, 255]), .text("é")],
      [
        .null, .integer(-1), .null, .double(Double.leastNonzeroMagnitude), .bytes(.init(repeating: 7, count: 3 << 20)),
        .text("\u{FFFD} \u{1F4BB}'\"\\\n"),
      ],
      [
        .null, .integer(0), .null, .double(.greatestFiniteMagnitude), .null,
        .text(String(repeating: "ß", count: 1 << 19)),
      ],
      [.null, .integer(1), .null, .double(0.1 + 0.2), .null, .text("$1 {a,\"b\",NULL} \u{1}\u{7f}")],
    ]
    let file = try await source { transaction in
      // Keys whose order differs between a locale and bytes, and more rows than three pages hold.
      let ids = ["a", "B", "ä", "Z z", "", "\u{10FFFF}"]
      try transaction.run(
        Self.insert,
        rows: odd.enumerated().map { index, row in [.text("cedar"), .text(ids[index]), .integer(-5)] + row })
      let plain = Array(odd[5].dropFirst())
      let many = (0..<12_000).map { index -> [SQLValue] in
        let district = index % 2 == 0 ? "cedar" : "Birch"
        return [.text(district), .text("id \(index)"), .integer(Int64(index % 3)), .null] + plain
      }
      try transaction.run(Self.insert, rows: many)
    }
    let address = try PostgresServer.setting()
    let outcome = try await copy(file, to: address, Self.migrations)
    #expect(outcome.tables.map(\.rows) == [12_006, 2])
    let target = try await PostgresDatabase(PostgresAddress(address), migrations: Self.migrations)
    let read: @Sendable (any Transaction) throws -> [[SQLValue]] = { transaction in
      try transaction.rows("SELECT * FROM thing_all WHERE place = -5 ORDER BY id").map(\.values)
    }
    let there = try await target.read(in: .state, read)
    let original = try SQLiteDatabase(path: file, migrations: Self.migrations)
    let here = try await original.read(in: .state, read)
    #expect(there.count == 6 && there.map { Array($0[3...]) }.count == here.count)
    for (left, right) in zip(there, here) {
      for (one, other) in zip(left, right) where one != other {
        // SQLite keeps a boolean as a number.
        #expect((one == .boolean(true) && other == .integer(1)) || (one == .boolean(false) && other == .integer(0)))
      }
    }
    try original.close()
    try await target.close()
  }

  @Test(
    "A value that PostgreSQL cannot keep, or that the column's type does not hold, is told with its row; nothing serves it"
  )
  func refusedValues() async throws {
    let row = "INSERT INTO thing_all (district_id, id, place, number, flag, words) VALUES ('cedar', 'row 7', 7, "
    for (values, words) in [
      (SQL(stringLiteral: "1, TRUE, 'a' || char(0) || 'b')"), "'words' of the row with district_id = 'cedar'"),
      (SQL(stringLiteral: "1, TRUE, CAST(x'61ff62' AS TEXT))"), "is not UTF-8"),
      (SQL(stringLiteral: "1, TRUE, x'6162')"), "another type"),
      (SQL(stringLiteral: "'many', TRUE, 'a')"), "'number' of the row"),
      (SQL(stringLiteral: "1, 2, 'a')"), "'flag' of the row"),
    ] {
      let file = try await source { try $0.run(SQL(stringLiteral: row) + values) }
      let address = try PostgresServer.setting()
      let refused = await code { _ = try await copy(file, to: address, Self.migrations) }
      #expect(refused.code == "migrate.value" && refused.words.contains(words), "\(refused)")
      #expect(refused.words.contains("id = 'row 7'"), "\(refused)")
      let served = await code { _ = try await PostgresDatabase(PostgresAddress(address), migrations: Self.migrations) }
      #expect(served.code == "storage.copy-unfinished", "\(served)")
    }
  }

  // MARK: - Faults

  @Test("A copy that something else wrote to before it was whole is found out, whatever was changed, and serves nobody")
  func tampered() async throws {
    let file = try await source { transaction in
      try transaction.run(
        Self.insert,
        rows: (0..<100).map { index -> [SQLValue] in
          [.text("cedar"), .text("id \(index)"), .integer(1), .null, .integer(1), .null, .null, .null, .text("x")]
        })
    }
    for change in [
      "UPDATE thing_all SET words = 'y' WHERE id = 'id 7'", "UPDATE thing_all SET words = NULL WHERE id = 'id 7'",
      "DELETE FROM thing_all WHERE id = 'id 7'", "INSERT INTO thing_all (district_id, id, place) VALUES ('a', 'b', 1)",
      "INSERT INTO thing_all (district_id, id, place) VALUES ('z', 'b', 1)",
      "UPDATE thing_all SET district_id = 'oak' WHERE id = 'id 7'", "DELETE FROM thing_group WHERE code = ''",
    ] {
      let address = try PostgresServer.setting()
      _ = try await copy(file, to: address, Self.migrations)
      let schema = try #require(address.split(separator: "%3D").last)
      // As it stands before its last transaction.
      try PostgresServer.shared.get().run(
        sql: """
          SET search_path = \(schema); DELETE FROM storage_copy_table; UPDATE storage_copy SET completed_at = NULL; \(change)
          """)
      let found = await code { _ = try await copy(file, to: address, Self.migrations) }
      #expect(found.code == "migrate.differs", "\(change): \(found)")
      let served = await code { _ = try await PostgresDatabase(PostgresAddress(address), migrations: Self.migrations) }
      #expect(served.code == "storage.copy-unfinished", "\(change): \(served)")
    }
  }

  @Test("Only an empty schema, or a copy of this very state that was begun, is copied into")
  func occupied() async throws {
    let file = try await source { _ in }
    let other = try await source { _ = try $0.run("DELETE FROM thing_group WHERE code = x''") }
    let address = try PostgresServer.setting()
    let database = try await PostgresDatabase(PostgresAddress(address), migrations: Self.migrations)
    try await database.close()
    var refused = await code { _ = try await copy(file, to: address, Self.migrations) }
    #expect(refused.code == "storage.occupied" && refused.words.contains("DROP SCHEMA test_"), "\(refused)")

    let second = try PostgresServer.setting()
    _ = try await copy(file, to: second, Self.migrations)
    refused = await code { _ = try await copy(other, to: second, Self.migrations) }
    #expect(refused.code == "storage.occupied" && refused.words.contains("a whole copy of \(file)"), "\(refused)")

    let third = try PostgresServer.setting()
    let bad = try await source { try $0.run("INSERT INTO thing_all (district_id, id, place) VALUES ('a', x'00', 1)") }
    refused = await code { _ = try await copy(bad, to: third, Self.migrations) }
    #expect(refused.code == "migrate.value", "\(refused)")
    refused = await code { _ = try await copy(file, to: third, Self.migrations) }
    #expect(refused.code == "storage.occupied" && refused.words.contains("an unfinished copy"), "\(refused)")
    // The source itself, changed meanwhile, is another state.
    let changed = try SQLiteDatabase(path: bad, migrations: Self.migrations)
    _ = try await changed.write(in: .state) { try $0.run("DELETE FROM thing_all") }
    try changed.close()
    refused = await code { _ = try await copy(bad, to: third, Self.migrations) }
    #expect(refused.code == "storage.occupied" && refused.words.contains("before it was changed"), "\(refused)")
  }

  @Test("Tables, columns and sequences that one side alone has are an error; what the target fills itself is not")
  func schemas() throws {
    func table(
      _ name: String, _ columns: [StoredTable.Column] = [], key: [String] = ["id"], references: Set<String> = []
    ) -> StoredTable {
      StoredTable(
        name, columns: [StoredTable.Column("id", .text, isOptional: false)] + columns, key: key, references: references)
    }
    func plan(
      _ source: [StoredTable], _ target: [StoredTable], _ sequences: [NumberedColumn] = []
    ) throws -> CopyPlan {
      try CopyPlan(
        source: source, target: target, sequences: sequences,
        numbered: [NumberedColumn(sequence: "known", table: "a", column: "id")])
    }
    let number = StoredTable.Column("n", .integer, isOptional: true)
    let needed = StoredTable.Column("n", .integer, isOptional: false)
    let stamp = StoredTable.Column("changed_in", nil, isOptional: true)
    for (source, target) in [
      ([table("a"), table("b")], [table("a")]), ([table("a")], [table("a"), table("b")]),
      ([table("a", [number])], [table("a")]), ([table("a")], [table("a", [needed])]),
      ([table("a", [number])], [table("a", [StoredTable.Column("n", .text, isOptional: true)])]),
      ([table("a")], [table("a", key: [])]), ([table("a", key: [])], [table("a", key: [])]),
      (
        [table("a"), table("b")], [table("a", references: ["b"]), table("b", references: ["a"])]
      ),
    ] {
      #expect(throws: MigrationError(.schema, "")) { try plan(source, target) }
    }
    let sequence = NumberedColumn(sequence: "stray", table: "", column: "")
    #expect(throws: MigrationError(.schema, "")) { try plan([table("a")], [table("a")], [sequence]) }
    let good = try plan(
      [table("a"), table("b"), table("c")],
      [table("a", [stamp, number], references: ["c"]), table("b", references: ["a"]), table("c")],
      [
        NumberedColumn(sequence: "known", table: "", column: ""),
        NumberedColumn(sequence: "own", table: "b", column: "id"),
      ])
    #expect(good.tables.map(\.name) == ["c", "a", "b"])
    #expect(good.tables[1].columns.map(\.name) == ["id"])
    #expect(good.numbered.map(\.table) == ["a", "b"])
  }
}
