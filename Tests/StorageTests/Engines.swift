import Foundation
import Storage
import StoragePostgres
import StorageSQLite
import TestSupport
import Testing
import Vocabulary

/// A database engine that the behaviour suite runs on. A second engine joins ``engines`` and changes nothing else.
protocol EngineUnderTest: Sendable, CustomTestStringConvertible {
  var engine: Engine { get }
  /// Opens, or opens again, the database of `place`.
  func open(_ place: Place, _ migrations: [Migration]) async throws -> any Database
  func close(_ database: any Database) async throws
}

extension EngineUnderTest {
  var testDescription: String { "\(engine)" }
}

let engines: [any EngineUnderTest] = [SQLiteUnderTest(), PostgresUnderTest()]

struct SQLiteUnderTest: EngineUnderTest {
  let engine = Engine.sqlite

  func open(_ place: Place, _ migrations: [Migration]) async throws -> any Database {
    try SQLiteDatabase(path: place.file, migrations: migrations)
  }

  func close(_ database: any Database) async throws { try #require(database as? SQLiteDatabase).close() }
}

struct PostgresUnderTest: EngineUnderTest {
  let engine = Engine.postgres

  func open(_ place: Place, _ migrations: [Migration]) async throws -> any Database {
    try await PostgresServer.shared.get().open(schema: place.schema, migrations: migrations)
  }

  func close(_ database: any Database) async throws { try await #require(database as? PostgresDatabase).close() }
}

/// A test's own folder, removed with the value; its unique name serves PostgreSQL as the name of a schema.
final class Place: Sendable {
  let folder: String
  var file: String { folder + "/test.sqlite" }
  let schema: String

  init() throws {
    let name = UUID().uuidString.lowercased().replacing("-", with: "")
    folder = NSTemporaryDirectory() + "rollcall-storage-" + name
    schema = "place_" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}

/// A table with a column of each portable type.
let sampleMigrations = [
  Migration(
    "sample", 1,
    [
      """
      CREATE TABLE sample_thing (
        district_id TEXT NOT NULL, id TEXT NOT NULL, number BIGINT, flag BOOLEAN, level DOUBLE PRECISION, data BYTEA,
        PRIMARY KEY (district_id, id), CHECK (number IS NULL OR number <> -13)
      )
      """
    ])
]

let cedar = "cedar"

/// Opens a database with the sample table, and closes it when `body` is done.
func withDatabase(
  _ engine: any EngineUnderTest, _ migrations: [Migration] = sampleMigrations,
  _ body: (any Database) async throws -> Void
) async throws {
  let place = try Place()
  let database = try await engine.open(place, migrations)
  try await body(database)
  try await engine.close(database)
  withExtendedLifetime(place) {}
}

extension Database {
  func write<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
    try await write(in: .state, body)
  }

  func read<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
    try await read(in: .state, body)
  }

  /// The ids in the sample table, in order.
  func ids() async throws -> [String] {
    try await read { try $0.rows("SELECT id FROM sample_thing ORDER BY id").map { try $0.get("id") } }
  }
}

extension Transaction {
  func insert(_ id: String, number: Int? = nil) throws {
    try run("INSERT INTO sample_thing (district_id, id, number) VALUES (\(cedar), \(id), \(number))")
  }
}

/// The error's kind; fails the test where `body` throws none, or one that is no ``StorageError``.
func storageFault(_ body: () async throws -> Void) async throws -> StorageError.Kind {
  do {
    try await body()
  } catch let error as StorageError {
    return error.kind
  }
  throw Unexpected(text: "nothing was thrown")
}

/// The same for what does not wait.
func storageFaultNow(_ body: () throws -> Void) throws -> StorageError.Kind {
  do { try body() } catch let error as StorageError { return error.kind }
  throw Unexpected(text: "nothing was thrown")
}

struct Unexpected: Error {
  var text = "thrown by the test"
}
