internal import Synchronization
package import Vocabulary

/// Lets concurrent changes of one kind share a transaction, each in a savepoint of its own: they do not stand in each other's
/// way on rows that all of them change, and one commit is durable for all.
///
/// Who comes while nothing is under way goes at once; those who come meanwhile go together. What many of a group need alike
/// may be done for all of them at once, before the others.
package final class GroupCommit<Member: Sendable, Value: Sendable>: Sendable {
  /// May run again after a serialization conflict: no side effects.
  package typealias Work = @Sendable (Member, any Transaction) throws -> Value
  /// nil for each that has to be done by its own work. May run again, and may be undone: no side effects.
  package typealias Together = @Sendable ([Member], any Transaction) throws -> [Value?]

  private struct Waiting {
    let member: Member
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
  private let together: Together?
  private let work: Work

  /// - Parameters:
  ///   - largest: changes that share one transaction at most.
  ///   - together: does in few statements what many of a group need alike.
  ///   - work: does what one member needs.
  package init(
    database: any Database, in scope: TenantScope, largest: Int, together: Together? = nil, each work: @escaping Work
  ) {
    (self.database, self.scope, self.largest) = (database, scope, largest)
    (self.together, self.work) = (together, work)
  }

  /// How many wait for a transaction.
  package var waiting: Int { state.withLock { $0.waiting.count } }

  /// What the member's work comes to, once it is durable.
  ///
  /// - Throws: what the work throws, and then nothing of it stays; `storage.…`.
  package func commit(_ member: Member) async throws -> Value {
    try await withCheckedThrowingContinuation { done in
      let isFirst = state.withLock { state in
        state.waiting.append(Waiting(member: member, done: done))
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
    let members = group.map(\.member)
    do {
      let outcomes = try await database.write(in: scope) { [self] in try results(of: members, in: $0) }
      for (waiting, result) in zip(group, outcomes) { waiting.done.resume(with: result) }
    } catch {
      for waiting in group { waiting.done.resume(throwing: error) }
    }
  }

  /// What a group of members comes to, in their order, within the transaction that they share.
  ///
  /// - Throws: a fault of the engine, which ends the whole group; a member's own undoes that member alone.
  package func results(
    of members: [Member], in transaction: any Transaction
  ) throws -> [Result<Value, any Error>] {
    var done: [Value?] = []
    if let together, members.count > 1 {
      // A fault of one of them undoes them all here, and each then fails or not by itself.
      let shared = try Self.apart { () throws -> [Value?] in
        try transaction.savepoint { try together(members, transaction) }
      }
      if case .success(let values) = shared { done = values }
    }
    return try members.enumerated().map { index, member in
      if let done = done.indices.contains(index) ? done[index] : nil { return .success(done) }
      return try Self.apart { try transaction.savepoint { try work(member, transaction) } }
    }
  }

  private static func apart<T>(_ body: () throws -> T) throws -> Result<T, any Error> {
    do {
      return .success(try body())
    } catch let error as StorageError where error.kind != .constraint && error.kind != .column {
      throw error
    } catch {
      return .failure(error)
    }
  }
}
