internal import Storage
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The sessions of a ``PostgresDatabase``: those that wait for a transaction, and what is known of the server while none can be had.
final class SessionPool: Sendable {
  let address: PostgresAddress
  /// What transactions run as.
  let role: String
  private let limits: PostgresDatabase.Limits
  private let state = Mutex(State())

  private struct State {
    var idle: [PostgresSession] = []
    /// Those that a transaction runs on, or that are being opened for one.
    var inUse = 0
    /// Of these, those that are being opened.
    var opening = 0
    /// Grows when the server went away or is none that takes writes: what was opened before is not trusted.
    var generation = 0
    /// Transactions that run or wait.
    var wanted = 0
    var isClosed = false
    /// Until when nobody tries to connect again, and why the last one could not.
    var outage: (until: ContinuousClock.Instant, error: StorageError)?
    /// Attempts to connect since the last one that succeeded.
    var failures = 0
  }

  /// How long a server that could not be reached is let alone, longer each time, and a little by chance, so that controllers
  /// do not all come back at once: whoever asks meanwhile hears of it at once.
  static func rest(afterFailures failures: Int) -> Duration {
    let most = 250 << min(max(failures, 1), 4)
    return .milliseconds(Int.random(in: most / 2...most))
  }
  /// How long a transaction waits for another one's session where no new one can be had.
  private static let turn = Duration.seconds(5)

  init(_ address: PostgresAddress, role: String, limits: PostgresDatabase.Limits) {
    (self.address, self.role, self.limits) = (address, role, limits)
  }

  /// Whether there is no session at all, and the last attempt to open one failed: one that is being opened is none yet.
  var isCutOff: Bool { state.withLock { $0.outage != nil && $0.inUse == $0.opening && $0.idle.isEmpty } }

  // MARK: - Places

  /// - Throws: `storage.unavailable` where too many wait already.
  func admit() throws {
    try state.withLock { state in
      guard !state.isClosed else { throw StorageError(.unavailable, "The database is closed.") }
      guard state.wanted < limits.sessions + limits.waiting else {
        throw StorageError(.unavailable, "Too many requests wait for the database. Try again.")
      }
      state.wanted += 1
    }
  }

  func leave() { state.withLock { $0.wanted -= 1 } }

  // MARK: - Sessions

  /// One that is idle, or a new one; where no new one can be had and others are in use, the next of those.
  ///
  /// - Throws: `storage.unavailable` where none can be had; ``PostgresFault`` where a new one cannot be used.
  func take() throws -> PostgresSession {
    let end = ContinuousClock.now + Self.turn
    while true {
      let found = state.withLock { state -> (idle: PostgresSession?, outage: StorageError?) in
        if let idle = state.idle.popLast() {
          state.inUse += 1
          return (idle, nil)
        }
        let outage = state.outage.flatMap { $0.until > .now ? $0.error : nil }
        if outage == nil { (state.inUse, state.opening) = (state.inUse + 1, state.opening + 1) }
        return (nil, outage)
      }
      if let idle = found.idle { return idle }
      var error = found.outage
      if error == nil {
        do {
          let session = try ready(connected())
          state.withLock { state in
            (state.outage, state.failures) = (nil, 0)
            state.opening -= 1
          }
          return session
        } catch let failure as StorageError where failure.kind == .unavailable {
          error = failure
          notOpened()
        } catch {
          notOpened()
          throw error
        }
      }
      // The server may have as many as it takes: those in use come back.
      guard state.withLock({ $0.inUse > 0 }), .now < end else {
        throw error ?? StorageError(.unavailable, "The database has no connection free.")
      }
      usleep(5_000)
    }
  }

  private func notOpened() { state.withLock { ($0.inUse, $0.opening) = ($0.inUse - 1, $0.opening - 1) } }

  /// Gives the session to the next transaction, unless it is of no more use.
  func put(_ session: PostgresSession) {
    let isUsable = !session.isLost && session.isIdle
    state.withLock { state in
      state.inUse -= 1
      if isUsable, !state.isClosed, session.generation == state.generation { state.idle.append(session) }
    }
  }

  /// Nothing that was opened until now is used for another transaction.
  func distrust() {
    let dropped = state.withLock { state in
      state.generation += 1
      defer { state.idle.removeAll() }
      return state.idle
    }
    // They say goodbye to the server, which is not done under the lock.
    _ = dropped
  }

  /// Nobody is admitted any more.
  func close() { state.withLock { $0.isClosed = true } }

  /// Ends the sessions that wait.
  func drain() {
    let dropped = state.withLock { state in
      defer { state.idle.removeAll() }
      return state.idle
    }
    _ = dropped
  }

  /// As transactions need it: the role, the schema whoever's name it bears, the limits of time, and plans for short questions
  /// of a database that is in memory: reading by an index is not dearer there than reading through, compiling a plan is
  /// dearer than what it saves, and a page in the order of an index is not sorted district by district.
  private func ready(_ session: PostgresSession) throws -> PostgresSession {
    let schema = try session.schema()
    try session.command(
      """
      SET search_path = \(schema), pg_temp; SET ROLE \(role); SET statement_timeout = \(limits.statement);
      SET lock_timeout = \(limits.lock); SET idle_in_transaction_session_timeout = 60000; SET synchronous_commit = on;
      SET jit = off; SET random_page_cost = 1.1; SET enable_incremental_sort = off
      """)
    return session
  }

  private func connected() throws -> PostgresSession {
    let generation = state.withLock { $0.generation }
    do {
      let session = try PostgresSession(address, patience: .milliseconds(limits.answer))
      session.generation = generation
      return session
    } catch let fault as PostgresFault {
      let error = fault.storageError(reading: false)
      state.withLock { state in
        state.failures += 1
        state.outage = (.now + Self.rest(afterFailures: state.failures), error)
      }
      throw error
    }
  }
}
