internal import Dispatch
internal import GRDB
package import Storage
package import Vocabulary

/// The embedded engine: one file in WAL mode, one writer, several readers, every commit on the disk before it returns.
package final class SQLiteDatabase: Storage.Database {
  private let pool: DatabasePool

  /// Opens or creates the file at `path` and brings its schema up to date.
  ///
  /// - Throws: `storage.corrupt`, `storage.newer-schema`, `storage.unavailable`, `storage.failed`.
  package init(path: String, migrations: [Migration], readers: Int = 4) throws {
    do {
      var configuration = Configuration()
      configuration.maximumReaderCount = readers
      configuration.busyMode = .timeout(10)
      configuration.foreignKeysEnabled = true
      configuration.label = "rollcall"
      configuration.prepareDatabase { connection in
        try connection.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")
      }
      pool = try DatabasePool(path: path, configuration: configuration)
      // DatabasePool sets NORMAL when it opens, under which a power cut may undo acknowledged commits.
      let synchronous = try pool.writeWithoutTransaction { connection in
        try connection.execute(sql: "PRAGMA synchronous = FULL")
        return try Int.fetchOne(connection, sql: "PRAGMA synchronous")
      }
      guard synchronous == 2 else {
        throw StorageError(.failed, "SQLite refuses synchronous=FULL; commits would not be durable.")
      }
      try pool.write { try SQLiteMigrator.migrate($0, migrations) }
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  package func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    do {
      return try await pool.read { try body(SQLiteTransaction(connection: $0)) }
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  package func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    do {
      return try await pool.write { try body(SQLiteTransaction(connection: $0)) }
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  /// Copies the database as it stands now to a new file at `path`, while writers go on.
  package func backup(to path: String) throws {
    do {
      let target = try DatabaseQueue(path: path)
      try pool.backup(to: target)
      try target.close()
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  /// Runs SQLite's own check of the whole file; an empty list means sound.
  package func integrityFaults() async throws -> [String] {
    let found = try await pool.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    return found == ["ok"] ? [] : found
  }

  /// Moves the log into the file and closes every connection.
  package func close() throws {
    do { try pool.close() } catch { throw SQLiteFault.storageError(error) }
  }
}
