import Foundation
import Storage
import StoragePostgres
import Synchronization
import TestSupport
import Testing
import Vocabulary

/// What PostgreSQL alone has to keep.
@Suite("PostgreSQL")
struct PostgresTests {
  private let own = DistrictID(rawValue: "own")!
  private let other = DistrictID(rawValue: "other")!

  private func withServer(
    _ migrations: [Migration] = sampleMigrations,
    _ body: (PostgresDatabase, PostgresServer, String) async throws -> Void
  ) async throws {
    let server = try PostgresServer.shared.get()
    let schema = server.freshSchema()
    let database = try await server.open(schema: schema, migrations: migrations)
    try await body(database, server, schema)
    try await database.close()
  }

  @Test("A transaction sees and writes its own districts alone, whatever its statements say")
  func rowSecurity() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      try await database.write(in: .state) { transaction in
        for district in ["own", "other", "third"] {
          try transaction.run("INSERT INTO sample_thing (district_id, id) VALUES (\(district), 'a')")
        }
      }
      func seen(_ scope: TenantScope) async throws -> [String] {
        try await database.read(in: scope) {
          try $0.rows("SELECT district_id FROM sample_thing ORDER BY district_id").map { try $0.get("district_id") }
        }
      }
      #expect(try await seen(.state) == ["other", "own", "third"])
      #expect(try await seen(.districts([own])) == ["own"])
      #expect(try await seen(.districts([own, other])) == ["other", "own"])
      #expect(try await seen(.districts([])).isEmpty)
      let changed = try await database.write(in: .districts([own])) { transaction in
        try transaction.run("UPDATE sample_thing SET number = 1")
      }
      #expect(changed == 1)
      let foreign: SQL = "INSERT INTO sample_thing (district_id, id) VALUES ('other', 'b')"
      #expect(
        try await storageFault { try await database.write(in: .districts([own])) { _ = try $0.run(foreign) } }
          == .failed)
      let all: SQL = "UPDATE sample_thing SET district_id = 'other'"
      #expect(
        try await storageFault { try await database.write(in: .districts([own])) { _ = try $0.run(all) } } == .failed)
    }
  }

  @Test("The role of transactions owns nothing and changes no schema")
  func role() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      for statement: SQL in [
        "CREATE TABLE sample_more (district_id TEXT NOT NULL PRIMARY KEY)", "DROP TABLE sample_thing",
        "ALTER TABLE sample_thing DISABLE ROW LEVEL SECURITY", "DELETE FROM storage_migration",
      ] {
        #expect(
          try await storageFault { try await database.write(in: .state) { _ = try $0.run(statement) } } == .failed)
      }
      #expect(try await database.tenancyViolations(shared: ["storage_migration"]) == [])
    }
  }

  @Test("A table that breaks the rule of tenancy is told")
  func violations() async throws {
    let broken = Migration(
      "bad", 1,
      ["CREATE TABLE bad_thing (id TEXT PRIMARY KEY)", "CREATE TABLE bad_row (id TEXT PRIMARY KEY, district_id TEXT)"])
    try await withServer(sampleMigrations + [broken]) { (database, _, _) async throws -> Void in
      #expect(
        try await database.tenancyViolations(shared: ["storage_migration", "gone"]) == [
          "bad_row.district_id may be NULL.", "bad_row.district_id does not lead the primary key.",
          "bad_thing has no district_id, and is not in the list of shared tables.",
          "gone stands in the list of shared tables, and there is no such table.",
        ])
    }
  }

  @Test("Twenty controllers that start at once make the schema once")
  func startAtOnce() async throws {
    let server = try PostgresServer.shared.get()
    let schema = server.freshSchema()
    try server.makeSchema(schema)
    var limits = PostgresDatabase.Limits()
    limits.sessions = 1
    try await withThrowingTaskGroup(of: PostgresDatabase.self) { [limits] group in
      for _ in 0..<20 {
        group.addTask {
          try await PostgresDatabase(try server.address(schema: schema), migrations: sampleMigrations, limits: limits)
        }
      }
      for try await database in group { try await database.close() }
    }
    let database = try await server.open(schema: schema, migrations: sampleMigrations)
    let steps = try await database.read(in: .state) { try $0.rows("SELECT number FROM storage_migration").count }
    #expect(steps == 1)
    try await database.close()
  }

  @Test("Texts are ordered byte by byte, whatever the server's locale")
  func order() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      let ids = try await database.write(in: .state) { transaction in
        for id in ["b", "B", "a", "_", "A", "ä", "-a"] { try transaction.insert(id) }
        return try transaction.rows("SELECT id FROM sample_thing ORDER BY id").map { try $0.get("id", as: String.self) }
      }
      #expect(ids == ["-a", "A", "B", "_", "a", "b", "ä"])
    }
  }

  @Test("A session that the server ends is replaced, and its transaction run again")
  func lostSession() async throws {
    try await withServer { (database, server, schema) async throws -> Void in
      try await database.write(in: .state) { try $0.insert("a") }
      try Self.endSessions(server, schema)
      #expect(try await database.ids() == ["a"])
      // In the middle of a transaction: it is run again from its beginning.
      let runs = Counter()
      try await database.write(in: .state) { transaction in
        try transaction.insert("b")
        if runs.next() == 1 { try Self.endSessions(server, schema) }
        try transaction.insert("c")
      }
      #expect(runs.value == 2)
      #expect(try await database.ids() == ["a", "b", "c"])
    }
  }

  private static func endSessions(_ server: PostgresServer, _ schema: String) throws {
    // Each of these tests has a schema of its own, which its sessions have in their search path.
    try server.run(
      sql: """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
        WHERE c.relnamespace = '\(schema)'::regnamespace AND l.pid <> pg_backend_pid();
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '\(schema)'
        """)
  }

  @Test("An error that the body keeps to itself loses nothing silently: the transaction fails, and the session goes on")
  func swallowed() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      let fault = try await storageFault {
        try await database.write(in: .state) { transaction in
          try transaction.insert("a")
          try? transaction.insert("a")
        }
      }
      #expect(fault == .failed)
      #expect(try await database.ids().isEmpty)
      try await database.write(in: .state) { try $0.insert("b") }
      #expect(try await database.ids() == ["b"])
    }
  }

  @Test("A text with a NUL is a broken constraint and harms nothing")
  func nul() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      #expect(try await storageFault { try await database.write(in: .state) { try $0.insert("a\0b") } } == .constraint)
      #expect(try await database.ids().isEmpty)
    }
  }

  @Test("Rows that meet themselves in an upsert are taken one after another")
  func meetsItself() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      let number = try await database.write(in: .state) { transaction in
        try transaction.run(
          """
          INSERT INTO sample_thing (district_id, id, number, data) VALUES ('d', $1, $2, $3)
          ON CONFLICT (district_id, id) DO UPDATE SET number = sample_thing.number * 10 + excluded.number
          """, rows: (1...3).map { [.text("a"), .integer($0), .null] })
        return try transaction.row("SELECT number FROM sample_thing")?.get("number", as: Int.self)
      }
      #expect(number == 123)
    }
  }

  @Test("Many rows with values that are absent here and there, in several parts")
  func manyRows() async throws {
    try await withServer { (database, _, _) async throws -> Void in
      let rows = (0..<2_500).map { index -> [SQLValue] in
        let number: SQLValue = index % 3 == 0 ? .null : .integer(Int64(index))
        let data: SQLValue = index % 2 == 0 ? .bytes([1, 2]) : .null
        return [.text("\(index)"), number, data]
      }
      let (count, sum, bytes) = try await database.write(in: .state) { transaction in
        try transaction.run(
          "INSERT INTO sample_thing (district_id, id, number, data) VALUES ('it''s $1', $1, $2, $3)", rows: rows)
        let row = try transaction.row(
          "SELECT COUNT(*) AS count, SUM(number) AS sum, COUNT(data) AS bytes FROM sample_thing WHERE district_id = \("it's $1")"
        )
        return (
          try row?.get("count", as: Int.self), try row?.get("sum", as: Int.self), try row?.get("bytes", as: Int.self)
        )
      }
      #expect(count == 2_500 && bytes == 1_250)
      #expect(sum == (0..<2_500).filter { $0 % 3 != 0 }.reduce(0, +))
    }
  }

  @Test("A server that is not there is unavailable, soon, and the address is shown without its password")
  func unreachable() async throws {
    let address = try PostgresAddress("postgres://rollcall:secret@127.0.0.1:1/rollcall?connect_timeout=2")
    #expect(address.shown == "postgres://rollcall@127.0.0.1:1/rollcall" && address.holdsPassword)
    do {
      _ = try await PostgresDatabase(address, migrations: sampleMigrations)
      Issue.record("connected")
    } catch let error as StorageError {
      #expect(error.kind == .unavailable && !error.message.contains("secret"), "\(error.message)")
    }
  }

  @Test(
    "An address that cannot be used is refused in words without its password",
    arguments: [
      "mysql://h/d", "postgres://u:secret@h:port/d", "postgres://u:secret@db.example.org/d",
      "postgres://h/d?nonsense=1",
    ])
  func badAddress(_ text: String) throws {
    do {
      _ = try PostgresAddress(text)
      Issue.record("taken")
    } catch let error as StorageError {
      #expect(error.kind == .address && !error.message.contains("secret"), "\(error.message)")
    }
  }

  @Test("A database of a newer version is refused and let alone")
  func newer() async throws {
    try await withServer { (_, server, schema) async throws -> Void in
      let address = try server.address(schema: schema)
      #expect(try await storageFault { _ = try await PostgresDatabase(address, migrations: []) } == .newerSchema)
    }
  }
}

private final class Counter: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
  var value: Int { count.withLock { $0 } }
}
