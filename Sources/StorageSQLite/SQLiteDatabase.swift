internal import GRDB
package import Storage
package import Vocabulary

#if canImport(Glibc)
  internal import Glibc
#endif

/// The embedded engine: one file in WAL mode, one writer, several readers, every commit on the disk before it returns.
///
/// Transactions run on GRDB's threads; `body` runs once. Cancelling the task of a transaction that is not yet committed
/// undoes it, with a `CancellationError`.
package final class SQLiteDatabase: Storage.Database {
  private let pool: DatabasePool
  let log: LogMover

  /// Opens or creates the file at `path`, readable by its owner alone, and brings its schema up to date.
  ///
  /// - Throws: `storage.corrupt`, `storage.newer-schema`, `storage.unavailable`, `storage.failed`.
  package init(path: String, migrations: [Migration], readers: Int = 4) throws {
    do {
      try createPrivateFile(path)
      pool = try DatabasePool(path: path, configuration: Self.configuration(readers: readers))
      // DatabasePool sets NORMAL when it opens, under which a power cut may undo acknowledged commits. There is one
      // writing connection for the pool's whole life; the readers cannot write.
      let synchronous = try pool.writeWithoutTransaction { connection in
        // Pages of the log past which a commit moves them itself: see LogMover.
        try connection.execute(
          sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16000")
        return try Int.fetchOne(connection, sql: "PRAGMA synchronous")
      }
      guard synchronous == 2 else {
        throw StorageError(.failed, "SQLite refuses synchronous=FULL; commits would not be durable.")
      }
      try pool.write { try SQLiteMigrator.migrate($0, migrations) }
      log = try LogMover(path: path)
      log.start()
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  private static func configuration(readers: Int) -> Configuration {
    var configuration = Configuration()
    configuration.maximumReaderCount = readers
    configuration.busyMode = .timeout(10)
    configuration.foreignKeysEnabled = true
    configuration.label = "rollcall"
    configuration.prepareDatabase { connection in
      // Cache: 4 MiB a reading connection, 16 MiB the writing one, whose pages check-ins go through again and again. The log
      // shrinks to 64 MiB after a burst. Damaged pages are noticed when they are read. A row that REPLACE removes meets the
      // triggers of an append-only table as one that DELETE removes.
      try connection.execute(
        sql: """
          PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096;
          PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; PRAGMA recursive_triggers = ON
          """)
    }
    return configuration
  }

  package func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    do {
      return try await pool.read { try body(SQLiteTransaction(connection: $0)) }
    } catch {
      throw SQLiteFault.whileReading(error)
    }
  }

  package func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    do {
      let value = try await pool.write { try body(SQLiteTransaction(connection: $0)) }
      log.committed()
      return value
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  /// Moves the log into the file and closes every connection.
  package func close() throws {
    do {
      try log.stop()
      try pool.close()
    } catch { throw SQLiteFault.storageError(error) }
  }
}

/// Creates an empty file with mode 0600, which SQLite then fills and gives its log the same mode; false where there is one.
///
/// - Throws: `storage.unavailable`.
@discardableResult func createPrivateFile(_ path: String) throws -> Bool {
  let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
  guard descriptor < 0 else {
    close(descriptor)
    return true
  }
  guard errno == EEXIST else {
    throw StorageError(.unavailable, "The file \(path) cannot be made: \(String(cString: strerror(errno))).")
  }
  return false
}
