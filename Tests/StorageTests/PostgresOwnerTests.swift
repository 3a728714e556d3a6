import Dispatch
import Foundation
import Storage
import TestSupport
import Testing

@testable import StoragePostgres

/// What PostgreSQL's owner of the tables does and needs: migrations, roles, and letting go of what it no longer waits for.
@Suite("PostgreSQL's owner")
struct PostgresOwnerTests {
  private let server: PostgresServer

  init() throws { server = try PostgresServer.shared.get() }

  private func until(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end { if try await condition() { return } }
    Issue.record("it never came to it")
  }

  /// Waits until there is such a row, by one session: a process for each look would be hundreds.
  ///
  /// It keeps its thread: one of those that tasks run on must not be it, for there may be two of them.
  private static func waitHere(at address: PostgresAddress, _ rows: String) throws {
    let session = try PostgresSession(address, patience: .seconds(60))
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if try !session.run("SELECT 1 AS one FROM \(rows) LIMIT 1", []).rows().isEmpty { return }
    }
    Issue.record("it never came to it")
  }

  private static func wait(at address: PostgresAddress, _ rows: String) async throws {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try waitHere(at: address, rows) }) }
    }
  }

  /// The same for what is to be over.
  private static func waitUntilNone(at address: PostgresAddress, _ rows: String) async throws {
    try await wait(at: address, "(SELECT 1) AS always WHERE NOT EXISTS (SELECT 1 FROM \(rows))")
  }

  @Test("The tests' own user is a plain owner, so that row level security and grants are what holds transactions")
  func plain() throws {
    let powers = try server.ask(
      sql: """
        SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles
        WHERE rolname IN ('\(PostgresServer.owner)', '\(PostgresServer.role)')
        """)
    #expect(powers == "f|f|f|f\nf|f|f|f")
  }

  @Test("A server that cannot be reached is let alone longer each time, up to four seconds")
  func rest() {
    for _ in 0..<100 {
      for (failures, most) in [(1, Duration.milliseconds(500)), (3, .seconds(2)), (40, .seconds(4))] {
        let rest = SessionPool.rest(afterFailures: failures)
        #expect(rest >= most / 2 && rest <= most, "\(failures): \(rest)")
      }
    }
  }

  @Test("A backend that waits for a standby is told to let go once nobody waits for it, so that none gather")
  func cancelled() async throws {
    let server = try PostgresServer()
    var limits = PostgresDatabase.Limits()
    (limits.answer, limits.sessions) = (700, 4)
    let database = try await server.open(schema: "own", migrations: sampleMigrations, limits: limits)
    try server.run(sql: "ALTER SYSTEM SET synchronous_standby_names = 'away'")
    try server.run(sql: "SELECT pg_reload_conf()")
    var number = 0
    func write() async throws -> StorageError.Kind? {
      number += 1
      do {
        try await database.write(in: .state) { [number] in try $0.insert("row-\(number)") }
        return nil
      } catch let error as StorageError {
        return error.kind
      }
    }
    try await until { try await write() == .unknown }
    for _ in 0..<3 { #expect(try await write() == .unknown) }
    try await Self.waitUntilNone(at: server.address(schema: "own"), "pg_stat_activity WHERE wait_event = 'SyncRep'")
    try await database.close()
  }

  @Test("A change of the schema waits for a check-in at a controller of the version before, which never waits for it")
  func besideBusy() async throws {
    let server = self.server
    let schema = server.freshSchema()
    let first = Migration(
      "checkin", 1, ["CREATE TABLE checkin_a (id TEXT NOT NULL)", "CREATE TABLE checkin_state (id TEXT NOT NULL)"])
    // In this order each would wait for the other, were the tables not taken first.
    let second = Migration(
      "checkin", 2,
      ["ALTER TABLE checkin_a ADD COLUMN more TEXT", "ALTER TABLE checkin_state ADD COLUMN more TEXT"])
    let old = try await server.open(schema: schema, migrations: [first])
    let address = try server.address(schema: schema)
    @Sendable func rows(_ condition: String) -> String {
      "pg_locks WHERE relation = 'checkin_state'::regclass AND \(condition)"
    }
    async let checkIn: Void = old.write(in: .state) { transaction in
      try transaction.run("INSERT INTO checkin_state (id) VALUES ('one')")
      try Self.waitHere(at: address, rows("NOT granted"))
      try transaction.run("INSERT INTO checkin_a (id) VALUES ('one')")
    }
    try await Self.wait(at: address, rows("granted"))
    let new = try await server.open(schema: schema, migrations: [first, second])
    try await checkIn
    for table in ["checkin_a", "checkin_state"] {
      #expect(try server.ask(sql: "SELECT id || COALESCE(more, '-') FROM \(schema).\(table)") == "one-", "\(table)")
    }
    try await old.close()
    try await new.close()
  }

  @Test("A step that does not come to its end is ended, and nothing of the change is kept")
  func step() async throws {
    let schema = server.freshSchema()
    let endless = Migration(
      "endless", 1, ["CREATE TABLE endless_one (id TEXT NOT NULL)", "SELECT pg_sleep(600)::text AS slept"])
    var limits = PostgresDatabase.Limits()
    limits.step = 300
    let fault = try await storageFault {
      _ = try await server.open(schema: schema, migrations: sampleMigrations + [endless], limits: limits)
    }
    #expect(fault == .unavailable)
    #expect(try server.ask(sql: "SELECT to_regclass('\(schema).endless_one') IS NULL") == "t")
    let database = try await server.open(schema: schema, migrations: sampleMigrations)
    try await database.close()
  }

  @Test("A change of the schema whose commit waits for a standby is given up, and its tables are free again")
  func standby() async throws {
    let server = try PostgresServer()
    var limits = PostgresDatabase.Limits()
    limits.answer = 700
    try server.run(sql: "ALTER SYSTEM SET synchronous_standby_names = 'away'")
    try server.run(sql: "SELECT pg_reload_conf()")
    var schema = ""
    // The server takes up its new setting when it comes to it.
    try await until {
      schema = server.freshSchema()
      // Not by `open`: what makes the schema would wait too.
      try server.run(
        sql: "SET synchronous_commit = local; CREATE SCHEMA \(schema) AUTHORIZATION \(PostgresServer.owner)")
      do {
        let database = try await PostgresDatabase(
          try server.address(schema: schema), migrations: sampleMigrations, limits: limits)
        try await database.close()
        return false
      } catch let error as StorageError {
        return error.kind == .unavailable
      }
    }
    try await Self.waitUntilNone(at: server.address(schema: schema), "pg_stat_activity WHERE wait_event = 'SyncRep'")
    // It is kept on this server, so the next start has nothing to commit.
    let database = try await PostgresDatabase(
      try server.address(schema: schema), migrations: sampleMigrations, limits: limits)
    #expect(try await database.ids() == [])
    try await database.close()
  }

  @Test("Where another controller does not finish changing the schema, waiting ends with an error that says so")
  func patience() async throws {
    let schema = server.freshSchema()
    let first = try await server.open(schema: schema, migrations: sampleMigrations)
    let (held, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    async let holder: Void = first.write(in: .state) { transaction in
      _ = try transaction.rows(
        "SELECT pg_advisory_xact_lock(hashtextextended('rollcall migration of ' || current_schema(), 0))::text AS held")
      held.signal()
      gate.wait()
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        held.wait()
        continuation.resume()
      }
    }
    var limits = PostgresDatabase.Limits()
    limits.migration = 200
    do {
      _ = try await server.open(schema: schema, migrations: sampleMigrations, limits: limits)
      Issue.record("it did not wait")
    } catch let error as StorageError {
      #expect(
        error.kind == .unavailable && error.message.contains("changing the database's schema"), "\(error.message)")
    }
    // Once for each time that the transaction may be run.
    for _ in 0..<40 { gate.signal() }
    try await holder
    let second = try await server.open(schema: schema, migrations: sampleMigrations, limits: limits)
    try await first.close()
    try await second.close()
  }

  @Test("A start that finds everything as it should be changes nothing, and a missing grant is given again")
  func grants() async throws {
    let schema = server.freshSchema()
    func rows() throws -> String {
      try server.ask(
        sql: """
          SELECT string_agg(c.relname || c.xmin::text, ',' ORDER BY c.relname) || n.xmin::text FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = '\(schema)' GROUP BY n.xmin::text
          """)
    }
    func open() async throws {
      let database = try await server.open(schema: schema, migrations: sampleMigrations)
      #expect(try await database.ids() == [])
      try await database.close()
    }
    try await open()
    let before = try rows()
    try await open()
    #expect(try rows() == before)
    try server.run(sql: "REVOKE SELECT ON \(schema).sample_thing FROM \(PostgresServer.role)")
    try await open()
    #expect(try rows() != before)
  }

  @Test("A user who may not take the role of transactions is told the statement; one who may make roles makes it")
  func roles() async throws {
    let schema = server.freshSchema()
    try server.run(
      sql: """
        CREATE ROLE no_\(schema) LOGIN; CREATE ROLE makes_\(schema) LOGIN CREATEROLE;
        CREATE SCHEMA \(schema) AUTHORIZATION no_\(schema)
        """)
    let refused = try PostgresAddress(server.text(schema: schema, user: "no_\(schema)"))
    do {
      _ = try await PostgresDatabase(refused, migrations: sampleMigrations)
      Issue.record("it may")
    } catch let error as StorageError {
      #expect(error.kind == .role && error.message.contains("GRANT \(PostgresServer.role) TO"), "\(error.message)")
    }
    try server.run(sql: "ALTER SCHEMA \(schema) OWNER TO makes_\(schema)")
    let maker = try PostgresAddress(server.text(schema: schema, user: "makes_\(schema)"))
    for _ in 0..<2 {
      let database = try await PostgresDatabase(maker, migrations: sampleMigrations, role: "made_\(schema)")
      let name = try await database.read {
        try $0.row("SELECT current_user::text AS name")?.get("name", as: String.self)
      }
      #expect(name == "made_\(schema)")
      try await database.close()
    }
  }
}
