internal import GRDB
package import Storage

/// Copies and looks at a database file that another process may be writing.
package enum SQLiteBackup {
  /// Copies the database at `source` as it stands at one moment to a new file at `target`, which its owner alone may
  /// read, then checks the copy.
  ///
  /// The copy is taken in one step under one snapshot, so writers go on and the copy is never half old, half new.
  /// - Throws: `storage.failed` where there is a file at `target` already; `storage.unavailable`, `storage.corrupt`,
  ///   `storage.full`.
  package static func copy(from source: String, to target: String) throws {
    do {
      var reading = Configuration()
      reading.busyMode = .timeout(30)
      let from = try DatabaseQueue(path: source, configuration: reading)
      guard try createPrivateFile(target) else {
        throw StorageError(.failed, "There is a file at \(target) already; a copy overwrites nothing.")
      }
      let to = try DatabaseQueue(path: target)
      try from.backup(to: to)
      let faults = try to.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
      guard faults == ["ok"] else {
        let first = faults.prefix(3).joined(separator: "; ")
        throw StorageError(.corrupt, "The copy does not pass SQLite's check: \(first).")
      }
      try to.close()
      try from.close()
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }

  /// SQLite's own check of the whole file at `path`; an empty list means sound.
  ///
  /// - Throws: `storage.unavailable`, `storage.corrupt`.
  package static func integrityFaults(of path: String) throws -> [String] {
    let found = try reading(path) { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    return found == ["ok"] ? [] : found
  }

  /// What `body` finds in the file at `path`, of which nothing is changed, its schema neither; nil where the file holds
  /// no table `table`, as before its first migration has come to its end.
  ///
  /// - Throws: `storage.unavailable`, `storage.corrupt`; what `body` throws.
  package static func look<T>(
    at path: String, having table: String, _ body: (any Transaction) throws -> T
  ) throws -> T? {
    try reading(path) { connection in
      guard try connection.tableExists(table) else { return nil }
      return try body(SQLiteTransaction(connection: connection))
    }
  }

  private static func reading<T>(_ path: String, _ body: (GRDB.Database) throws -> T) throws -> T {
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(30)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      let found = try queue.read(body)
      try queue.close()
      return found
    } catch {
      throw SQLiteFault.storageError(error)
    }
  }
}
