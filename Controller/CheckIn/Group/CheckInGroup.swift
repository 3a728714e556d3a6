internal import Logging
internal import ServiceLifecycle
internal import Storage
internal import Synchronization
internal import Vocabulary

/// Lets concurrent check-ins share a transaction, each in a savepoint, acknowledged only once it is durable.
///
/// ```
/// idle      ──first──▶ commits at once, alone
/// committing           those who come meanwhile gather, up to 128
///           ──done───▶ they commit together
/// ```
/// So a quiet controller answers at once, and a busy one, or one with a slow disk, makes the larger groups that it
/// needs: the time that a commit takes is the time that the next group gathers.
package final class CheckInGroup: Service, Sendable {
  typealias Work = @Sendable (any Transaction) throws -> CheckInOutcome
  /// What is done for many at once; nil for each that has to be done by its own work, after the others.
  typealias Together = @Sendable ([CheckInVisit], any Transaction) throws -> [CheckInOutcome?]

  /// Check-ins that share one transaction at most.
  package static let largestGroup = 128

  private struct Waiting {
    let district: DistrictID
    let visit: CheckInVisit?
    let work: Work
    let done: CheckedContinuation<CheckInOutcome, any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    var committing = false
    var closed = false
    var drained: [CheckedContinuation<Void, Never>] = []
    var figures = Figures()
  }

  /// Counts since the start, for metrics.
  package struct Figures: Sendable, Hashable {
    package var groups = 0
    package var checkIns = 0
    package var refused = 0
    package var largest = 0
  }

  private let state = Mutex(State())
  private let database: any Database
  private let queueLimit: Int
  private let logger: Logger
  private let between: @Sendable () async -> Void
  private let together: Together?

  /// - Parameters:
  ///   - queueLimit: check-ins that may wait; past them they are told to come back.
  ///   - between: short work after each group, before the next; a stop waits for it too.
  ///   - together: does in few statements what many of a group need alike.
  init(
    database: any Database, queueLimit: Int = 4096, logger: Logger = Logger(label: "rollcall.checkin"),
    together: Together? = nil, between: @escaping @Sendable () async -> Void = {}
  ) {
    self.together = together
    self.between = between
    self.database = database
    self.queueLimit = queueLimit
    self.logger = logger
  }

  package var figures: Figures { state.withLock { $0.figures } }
  package var waiting: Int { state.withLock { $0.waiting.count } }
  var isClosed: Bool { state.withLock { $0.closed } }
  /// How full the queue is: 0 to 1.
  var load: Double { Double(waiting) / Double(max(queueLimit, 1)) }

  /// Runs `work` in a shared transaction; returns once that is durable.
  ///
  /// - Throws: `checkin.busy`, `checkin.unavailable`, what `work` throws.
  func commit(
    in district: DistrictID, jitter: UInt64, visit: CheckInVisit? = nil, _ work: @escaping Work
  ) async throws -> CheckInOutcome {
    try await withCheckedThrowingContinuation { done in
      let answer: (refused: CheckInError?, start: Bool) = state.withLock { state in
        if state.closed || state.waiting.count >= queueLimit {
          state.figures.refused += 1
          return (
            .busy(state.closed ? "The controller is stopping." : "Too many check-ins wait.", jitter: jitter), false
          )
        }
        state.waiting.append(Waiting(district: district, visit: visit, work: work, done: done))
        guard !state.committing else { return (nil, false) }
        state.committing = true
        return (nil, true)
      }
      if let refused = answer.refused { done.resume(throwing: refused) }
      if answer.start { Task { await commitUntilEmpty() } }
    }
  }

  /// Waits for the stop, then takes nothing more and ends when all that waited is durable.
  package func run() async throws {
    try? await gracefulShutdown()
    await close()
  }

  func close() async {
    await withCheckedContinuation { done in
      let idle = state.withLock { state in
        state.closed = true
        if state.committing { state.drained.append(done) }
        return !state.committing
      }
      if idle { done.resume() }
    }
  }

  private func commitUntilEmpty() async {
    while let group = next() {
      await commit(group)
      await between()
    }
  }

  /// The next group, or nil where nobody waits: then the group is idle again.
  private func next() -> [Waiting]? {
    let (group, drained) = state.withLock { state -> ([Waiting]?, [CheckedContinuation<Void, Never>]) in
      guard !state.waiting.isEmpty else {
        state.committing = false
        defer { state.drained = [] }
        return (nil, state.drained)
      }
      let group = Array(state.waiting.prefix(Self.largestGroup))
      state.waiting.removeFirst(group.count)
      state.figures.groups += 1
      state.figures.checkIns += group.count
      state.figures.largest = max(state.figures.largest, group.count)
      return (group, [])
    }
    for done in drained { done.resume() }
    return group
  }

  private func commit(_ group: [Waiting]) async {
    let members = group.map { (visit: $0.visit, work: $0.work) }
    // A serial that a machine may get is looked for in all districts.
    let tellsSerial = group.contains { $0.visit?.tellsNewSerial == true }
    let scope = tellsSerial ? TenantScope.state : .districts(Set(group.map(\.district)))
    do {
      let results = try await database.write(in: scope) { [together] in
        try Self.run(members, together: together, in: $0)
      }
      for (member, result) in zip(group, results) {
        if case .failure(let error as CheckInError) = result, error.kind == .damaged {
          logger.error("stored check-in cannot be read back", metadata: ["error": "\(error.message)"])
        }
        member.done.resume(with: result)
      }
    } catch {
      logger.error("check-ins could not be stored", metadata: ["count": "\(group.count)", "error": "\(error)"])
      let fault = Self.unavailable(error)
      for member in group { member.done.resume(throwing: fault) }
    }
  }

  /// A member's own fault undoes that member alone; a fault of the engine ends the whole group.
  private static func run(
    _ members: [(visit: CheckInVisit?, work: Work)], together: Together?, in transaction: any Transaction
  ) throws -> [Result<CheckInOutcome, any Error>] {
    let visits = members.compactMap(\.visit)
    var done: [CheckInOutcome?] = []
    if let together, members.count > 1, visits.count == members.count {
      // A fault of one of them undoes them all here, and each then fails or not by itself.
      done = try isolated { try transaction.savepoint { try together(visits, transaction) } } ?? []
    }
    var results: [Result<CheckInOutcome, any Error>] = []
    results.reserveCapacity(members.count)
    for (index, work) in members.map(\.work).enumerated() {
      if done.indices.contains(index), let outcome = done[index] {
        results.append(.success(outcome))
        continue
      }
      do {
        results.append(.success(try transaction.savepoint { try work(transaction) }))
      } catch let error as StorageError where error.kind != .constraint && error.kind != .column {
        throw error
      } catch {
        results.append(.failure(error))
      }
    }
    return results
  }

  /// nil where a fault is a member's own.
  private static func isolated<T>(_ body: () throws -> T) throws -> T? {
    do {
      return try body()
    } catch let error as StorageError where error.kind != .constraint && error.kind != .column {
      throw error
    } catch {
      return nil
    }
  }

  private static func unavailable(_ error: any Error) -> any Error {
    guard error is StorageError else { return error }
    // Devices are not told where the database is, or what is wrong with it: the log is.
    return CheckInError(
      .unavailable, "The controller could not store this, or does not know whether it did. Send it again later.",
      headers: [.retryAfter: "60"])
  }
}
