internal import CPostgres
internal import Storage

/// What the server, or the way to it, says went wrong.
struct PostgresFault: Error {
  /// Five characters; empty where the fault is not the server's. Source: PostgreSQL 15, Appendix A
  let state: String
  /// For people; never a row's values.
  let message: String
  /// The session is gone with its transaction.
  let isLost: Bool

  init(state: String, message: String, isLost: Bool) {
    (self.state, self.message, self.isLost) = (state, message, isLost)
  }

  init(_ result: OpaquePointer?, on session: OpaquePointer?) {
    state = rc_sqlstate(result).map { String(cString: $0) } ?? ""
    let words = rc_primary(result).map { String(cString: $0) } ?? String(cString: PQerrorMessage(session))
    message = words.split(separator: "\n").joined(separator: "; ")
    isLost = PQstatus(session) == CONNECTION_BAD
  }

  /// The same transaction may succeed when it is run again: another one was in its way.
  var isConflict: Bool { state == "40001" || state == "40P01" }

  /// Another controller changed the schema under a prepared statement: it is right again on a new session.
  var isStale: Bool { state == "26000" || state == "0A000" }

  /// Our own state for a server that did not answer in time: nobody waits for it a second time.
  static let hung = "RC000"

  /// The server takes no writes: a standby, or fenced off.
  var isReadOnly: Bool { state == "25006" }

  /// The server goes away, comes up, or is a standby now: another session may find one that serves.
  var isServerGone: Bool { isLost || ["57P01", "57P02", "57P03"].contains(state) }

  func storageError(reading: Bool) -> StorageError {
    if state.isEmpty, message.contains("too many") || message.contains("remaining connection slots") {
      return StorageError(.unavailable, "The database has no connection free: \(message).")
    }
    if isServerGone { return StorageError(.unavailable, "The database does not answer: \(message).") }
    switch state {
    case "25006":
      return reading
        ? StorageError(.failed, message)
        : StorageError(.unavailable, "The database is read-only, perhaps a standby: \(message).")
    case "53100":
      return StorageError(.full, "The database's disk is full: \(message). Nothing of this change was kept.")
    case "57014": return StorageError(.unavailable, "The database took too long: \(message).")
    case "55P03": return StorageError(.unavailable, "Another transaction holds what this one needs: \(message).")
    case _ where isConflict:
      return StorageError(.unavailable, "Too many transactions change the same things: \(message).")
    default: break
    }
    switch state.prefix(2) {
    // A message that breaks the protocol, such as one with too few values, is this program's fault.
    case _ where state == "08P01": return StorageError(.failed, message)
    case "23": return StorageError(.constraint, message)
    case "08", "53": return StorageError(.unavailable, "The database cannot take this now: \(message).")
    case "28": return StorageError(.unavailable, "The database refuses this user: \(message).")
    case "3D": return StorageError(.unavailable, "\(message).")
    case _ where ["XX001", "XX002"].contains(state):
      return StorageError(.corrupt, "The database is damaged: \(message).")
    case "": return StorageError(.unavailable, "The database cannot be reached: \(message).")
    default: return StorageError(.failed, message)
    }
  }
}
