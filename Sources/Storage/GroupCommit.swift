internal import Synchronization
package import Vocabulary

/// Lets concurrent changes of one kind share a transaction, each in a savepoint of its own: they do not stand in each other's
/// way on rows that all of them change, and one commit is durable for all.
///
/// Who comes while nothing is under way goes at once; those who come meanwhile go together.
package final class GroupCommit<Value: Sendable>: Sendable {
  /// May run again after a serialization conflict: no side effects.
  package typealias Work = @Sendable (any Transaction) throws -> Value

  private struct Waiting {
    let work: Work
    let done: CheckedContinuation<Value, any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    var isCommitting = false
  }

  private let state = Mutex(State())
  private let database: any Database
  private let scope: TenantScope
  private let largest: Int

  /// - Parameter largest: changes that share one transaction at most.
  package init(database: any Database, in scope: TenantScope, largest: Int) {
    (self.database, self.scope, self.largest) = (database, scope, largest)
  }

  /// What `work` comes to, once it is durable.
  ///
  /// - Throws: what `work` throws, and then nothing of it stays; `storage.…`.
  package func commit(_ work: @escaping Work) async throws -> Value {
    try await withCheckedThrowingContinuation { done in
      let isFirst = state.withLock { state in
        state.waiting.append(Waiting(work: work, done: done))
        defer { state.isCommitting = true }
        return !state.isCommitting
      }
      if isFirst { Task { await commitUntilEmpty() } }
    }
  }

  private func commitUntilEmpty() async {
    while let group = next() { await commit(group) }
  }

  private func next() -> [Waiting]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isCommitting = false
        return nil
      }
      let group = Array(state.waiting.prefix(largest))
      state.waiting.removeFirst(group.count)
      return group
    }
  }

  private func commit(_ group: [Waiting]) async {
    let works = group.map(\.work)
    do {
      let results = try await database.write(in: scope) { transaction in
        try works.map { try Self.apart($0, transaction) }
      }
      for (member, result) in zip(group, results) { member.done.resume(with: result) }
    } catch {
      for member in group { member.done.resume(throwing: error) }
    }
  }

  /// A member's own fault undoes that member alone; a fault of the engine ends the whole group.
  private static func apart(_ work: Work, _ transaction: any Transaction) throws -> Result<Value, any Error> {
    do {
      return .success(try transaction.savepoint { try work(transaction) })
    } catch let error as StorageError where error.kind != .constraint && error.kind != .column {
      throw error
    } catch {
      return .failure(error)
    }
  }
}
