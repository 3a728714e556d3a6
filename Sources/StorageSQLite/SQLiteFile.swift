internal import GRDB
package import Storage

/// A database file that nobody writes meanwhile, such as one that is copied elsewhere: brought up to date, put together
/// into one file without a log beside it, and from then on only read. Reading changes no byte of it.
package final class SQLiteFile: Sendable {
  private let queue: DatabaseQueue

  /// - Throws: `storage.newer-schema`, `storage.corrupt`, `storage.unavailable` where another process uses it.
  package init(path: String, migrations: [Migration]) throws {
    do {
      // Opening a pool writes to the file, so this is done only where it is needed.
      if try Self.isOlder(path, migrations) { try SQLiteDatabase(path: path, migrations: migrations).close() }
      try Self.putTogether(path)
      queue = try DatabaseQueue(path: path, configuration: Self.configuration(readonly: true))
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  package func read<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
    do {
      return try await queue.read { try body(SQLiteTransaction(connection: $0)) }
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  package func close() throws { try queue.close() }

  private static func isOlder(_ path: String, _ migrations: [Migration]) throws -> Bool {
    let known = try MigrationSteps.last(migrations)
    return try SQLiteBackup.look(at: path, having: "storage_migration") { transaction in
      var applied: [String: Int] = [:]
      for row in try transaction.rows("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature") {
        applied[try row.get("feature")] = try row.get("number", as: Int.self)
      }
      try MigrationSteps.refuseNewer(applied, known: known)
      return applied != known
    } ?? true
  }

  /// Moves the log into the file. Source: sqlite.org, "Write-Ahead Logging", TRUNCATE
  private static func putTogether(_ path: String) throws {
    let queue = try DatabaseQueue(path: path, configuration: configuration(readonly: false))
    _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try queue.close()
  }

  private static func configuration(readonly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { connection in
      try connection.execute(
        sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -65536")
    }
    return configuration
  }
}
