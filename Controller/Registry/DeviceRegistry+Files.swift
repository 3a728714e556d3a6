import Serving
import Storage
import Synchronization
import Vocabulary

extension DeviceRegistry {
  /// Reads a file of the path's district, then does what it says. A large one keeps a thread and a lot of memory: one at a time.
  ///
  /// On a reader's own thread, and before the writing transaction, which would hold up every check-in meanwhile. What is wrong
  /// with the file, `read` returns, to be thrown inside that one: a file that is sent again gets its first answer, whatever
  /// it would get now.
  ///
  /// - Throws: `request.overloaded`, `request.not-found`, and what the two throw.
  func reading<Read: Sendable>(
    _ call: Call, _ context: OperatorContext, _ read: @escaping @Sendable (any Transaction) throws -> Read,
    then write: (Read) async throws -> Reply
  ) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let isFirst = isImporting.withLock { isImporting in
      defer { isImporting = true }
      return !isImporting
    }
    guard isFirst else {
      throw ServingError(
        .overloaded, "Another file of devices is being read. Send this one again in a moment.",
        headers: [.retryAfter: "10"])
    }
    defer { isImporting.withLock { $0 = false } }
    let found = try await database.read(in: context.scope) { transaction in
      _ = try self.existing(district, transaction)
      return try read(transaction)
    }
    return try await write(found)
  }
}
