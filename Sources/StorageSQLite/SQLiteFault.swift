internal import GRDB
internal import Storage

enum SQLiteFault {
  /// The error in the words of ``StorageError``; a feature's own error passes through.
  static func storageError(_ error: any Error) -> any Error {
    guard let fault = error as? DatabaseError else { return error }
    return storageError(
      fault.resultCode, fault.message ?? "SQLite gave no message", isCommit: fault.sql?.hasPrefix("COMMIT") == true)
  }

  private static let cannotWrite = "The database cannot be written: "

  /// On a connection that only reads, what tries to write is at fault itself, and not the disk.
  static func whileReading(_ error: any Error) -> any Error {
    let told = storageError(error)
    guard let fault = told as? StorageError, fault.message.hasPrefix(cannotWrite) else { return told }
    return StorageError(.failed, "A reading transaction cannot write.")
  }

  static func storageError(_ code: ResultCode, _ message: String, isCommit: Bool = false) -> StorageError {
    switch code {
    // Where writing it through failed, the log may have the change already.
    case .SQLITE_IOERR where isCommit:
      StorageError(
        .unknown,
        "The database's disk failed while it kept this change (\(message)): it may be kept or not. Look, and try again."
      )
    case .SQLITE_CONSTRAINT: StorageError(.constraint, message)
    case .SQLITE_FULL: StorageError(.full, "The disk is full: \(message). Nothing of this change was kept.")
    case .SQLITE_BUSY, .SQLITE_LOCKED: StorageError(.unavailable, message)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: StorageError(.corrupt, "The database file is damaged: \(message).")
    case .SQLITE_CANTOPEN: StorageError(.unavailable, "The database cannot be opened: \(message).")
    case .SQLITE_READONLY:
      StorageError(
        .unavailable,
        "\(cannotWrite)\(message). See whether its disk is mounted read-only, and whose the files are."
      )
    case .SQLITE_IOERR:
      StorageError(
        .unavailable, "The database's disk does not answer as it should: \(message). Nothing of this change was kept.")
    default: StorageError(.failed, message)
    }
  }
}
