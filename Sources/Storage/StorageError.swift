package import Vocabulary

/// What an engine says went wrong.
package struct StorageError: CodedError {
  package enum Kind: String, CaseIterable, Sendable {
    /// A uniqueness, foreign key or check constraint; the caller's data is at fault.
    case constraint = "storage.constraint"
    /// The disk is full; nothing of the transaction was kept.
    case full = "storage.full"
    /// The database is busy, or could not be reached in time; try again.
    case unavailable = "storage.unavailable"
    /// The database went away, or its disk failed, while it kept a change: it may be kept or not.
    case unknown = "storage.unknown"
    /// The file is damaged.
    case corrupt = "storage.corrupt"
    /// A result does not have the column or type that the code asks for.
    case column = "storage.column"
    /// The database was written by a newer Rollcall.
    case newerSchema = "storage.newer-schema"
    /// The address of a database server cannot be used as it is.
    case address = "storage.address"
    /// The database server has no role that transactions can run as.
    case role = "storage.role"
    /// A copy of another database was begun here, and is not whole yet.
    case copyUnfinished = "storage.copy-unfinished"
    /// A copy was to be made where something is already.
    case occupied = "storage.occupied"
    case failed = "storage.failed"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
