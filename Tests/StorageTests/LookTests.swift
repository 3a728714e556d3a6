import Storage
import TestSupport
import Testing

@testable import StoragePostgres
@testable import StorageSQLite

@Suite("A look at a database that others use")
struct LookTests {
  @Test("What is read of PostgreSQL is of one moment, whatever is written meanwhile")
  func snapshot() async throws {
    let server = try PostgresServer.shared.get()
    let schema = server.freshSchema()
    let database = try await server.open(schema: schema, migrations: sampleMigrations)
    let address = try server.address(schema: schema)
    let counts = try await PostgresDatabase.look(at: address, having: "sample_thing") { transaction in
      func count() throws -> Int { try transaction.rows("SELECT id FROM sample_thing").count }
      let before = try count()
      let session = try PostgresSession(address, patience: .seconds(10))
      try session.command(
        "BEGIN; \(RowSecurity.scope(.state)); INSERT INTO sample_thing (district_id, id) VALUES ('own', 'a'); COMMIT")
      return [before, try count()]
    }
    #expect(counts == [0, 0])
    #expect(try await database.read(in: .state) { try $0.rows("SELECT id FROM sample_thing").count } == 1)
    try await database.close()
  }

  @Test("A disk that cannot be written, or fails, is told as a database that is away: the controller is not ready")
  func disks() {
    #expect(SQLiteFault.storageError(.SQLITE_READONLY, "attempt to write a readonly database").kind == .unavailable)
    #expect(SQLiteFault.storageError(.SQLITE_IOERR, "disk I/O error").kind == .unavailable)
    #expect(SQLiteFault.storageError(.SQLITE_IOERR, "disk I/O error", isCommit: true).kind == .unknown)
    #expect(SQLiteFault.storageError(.SQLITE_FULL, "database or disk is full").kind == .full)
    #expect(SQLiteFault.storageError(.SQLITE_MISUSE, "misuse").kind == .failed)
  }
}
