import Storage
import Synchronization
import Vocabulary

/// A database that remembers whether the last change could be kept, so that a controller which can store nothing says so.
final class WatchedDatabase: Database {
  private let base: any Database
  private let fault = Mutex<StorageError?>(nil)

  init(_ base: any Database) { self.base = base }

  /// Why the last change could not be kept; nil where it could, or where that was its own fault.
  var lastFault: StorageError? { fault.withLock { $0 } }

  func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T { try await base.read(in: scope, body) }

  func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    do {
      let value = try await base.write(in: scope, body)
      // On a full disk a change that fits into what is there is kept; that says nothing of the next one.
      if let last = lastFault, last.kind != .full { fault.withLock { $0 = nil } }
      return value
    } catch let error as StorageError {
      if [.full, .unavailable, .unknown, .corrupt].contains(error.kind) { fault.withLock { $0 = error } }
      throw error
    }
  }

  /// A change that was kept elsewhere shows that it can be.
  func recovered() { fault.withLock { $0 = nil } }

  func close() async throws { try await base.close() }
}
