import Access
import Audit
import CheckIn
import Enrollment
import Glibc
import Registry
import Serving
import Storage
import StoragePostgres
import StorageSQLite
import Vocabulary

/// The stores of a controller's state that `rollcalld init` made, opened without the controller.
struct SeedStores: Sendable {
  let database: any Database
  let registry: DeviceRegistry
  let checkIns: CheckIns
  let authority: CertificateAuthority
  /// nil where the database is PostgreSQL.
  let file: String?
  private let lock: Lock

  /// Of the features whose tables are written here, and of those that they lean on.
  private static let migrations: [Migration] =
    Idempotency.migrations + Journal.migrations + Access.migrations + DeviceRegistry.migrations
    + EnrollmentDesk.migrations + CheckIns.migrations

  /// With the steps of features that nothing is written of, as the controller took them: none of them is applied here,
  /// and a newer state of a feature that is written of is refused as ever.
  private static func migrations(applied: [String: Int]?) throws -> [Migration] {
    guard let applied, !applied.isEmpty else {
      throw SwarmError("There is no controller's state; run 'rollcalld init' first.")
    }
    let own = Set(migrations.map(\.feature))
    return applied.sorted { $0.key < $1.key }.reduce(migrations) { all, other in
      own.contains(other.key) ? all : all + (1...other.value).map { Migration(other.key, $0, []) }
    }
  }

  private static func applied(_ transaction: any Transaction) throws -> [String: Int] {
    let rows = try transaction.rows("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature")
    return Dictionary(
      uniqueKeysWithValues: try rows.map { (try $0.get("feature"), try $0.get("number", as: Int.self)) })
  }

  /// - Parameters:
  ///   - state: the controller's state folder.
  ///   - address: of PostgreSQL; nil takes what the folder's rollcalld.yaml says, else SQLite in the folder.
  init(state: String, database address: String?) async throws {
    lock = try Lock(state + "/lock")
    authority = try AuthorityFiles(folder: state + "/ca").load()
    if let address = address ?? Self.keptAddress(state) {
      var limits = PostgresDatabase.Limits()
      limits.sessions = 4
      limits.isolation = .snapshot
      (limits.statement, limits.answer) = (300_000, 305_000)
      limits.lock = 60_000
      let place = try PostgresAddress(address)
      let applied = try await PostgresDatabase.look(at: place, having: "storage_migration") { try Self.applied($0) }
      database = try await PostgresDatabase(place, migrations: Self.migrations(applied: applied), limits: limits)
      file = nil
    } else {
      let path = state + "/rollcall.sqlite"
      guard access(path, R_OK | W_OK) == 0 else {
        throw SwarmError("There is no database \(path); run 'rollcalld init --state \(state)' first.")
      }
      let applied = try SQLiteBackup.look(at: path, having: "storage_migration") { try Self.applied($0) }
      database = try SQLiteDatabase(path: path, migrations: Self.migrations(applied: applied))
      file = path
    }
    registry = DeviceRegistry(database: database, facts: StoredFacts())
    checkIns = CheckIns(database: database, records: registry, unknownKeys: NobodyUnknown())
  }

  func close() async throws { try await database.close() }

  /// Bytes of the whole database.
  func size() async throws -> Int64 {
    if let file {
      return [file, file + "-wal"].reduce(0) { sum, path in
        var found = stat()
        return sum + (stat(path, &found) == 0 ? Int64(found.st_size) : 0)
      }
    }
    return try await database.read(in: .state) {
      try $0.row("SELECT pg_database_size(current_database()) AS bytes")?.get("bytes") ?? 0
    }
  }

  /// `database` of the settings that `init` kept.
  private static func keptAddress(_ state: String) -> String? {
    for line in (readText(state + "/rollcalld.yaml") ?? "").split(separator: "\n") where line.hasPrefix("database:") {
      let value = line.dropFirst("database:".count).filter { $0 != " " && $0 != "'" && $0 != "\"" }
      return value.isEmpty ? nil : String(value)
    }
    return nil
  }
}

/// While it lives, no controller runs on the folder. Source: flock(2), as `rollcalld` takes it.
private final class Lock: Sendable {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw SwarmError("\(path) is not there; run 'rollcalld init' on the folder first.")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw SwarmError("A rollcalld works on this state. Stop it first.")
    }
  }

  deinit { close(descriptor) }
}

private struct NobodyUnknown: UnknownKeyDesk {
  func registerPending(_ peer: PeerCertificate, now: Instant) async throws {
    throw SwarmError("Nobody checks in while a state is seeded.")
  }
}
