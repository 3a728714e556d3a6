internal import NIOPosix
package import Storage
internal import Synchronization
package import Vocabulary

#if canImport(Glibc)
  internal import Glibc
#endif

/// The engine of more than one machine: PostgreSQL through libpq, on threads of its own.
///
/// Each thread runs one transaction at a time on a session of its own, so there are as many sessions as threads. Writes
/// are SERIALIZABLE and run again where another one was in their way; reads see one moment. Row level security holds
/// every transaction to its districts: see ``RowSecurity``.
package final class PostgresDatabase: Storage.Database {
  /// Limits of time and number.
  package struct Limits: Sendable {
    /// Transactions at once, each with a session.
    package var sessions = 8
    /// Transactions that may wait for a session; more are refused.
    package var waiting = 2_000
    /// How long a statement may run, in milliseconds.
    package var statement = 30_000
    /// How long a statement may wait for a lock, in milliseconds.
    package var lock = 10_000
    /// How long an answer of the server is awaited, in milliseconds, whatever it waits for itself; then the session is given up.
    package var answer = 35_000
    /// How long another controller may take to change the schema before this one gives up, in milliseconds.
    package var migration = 120_000
    /// How long one step of a change of the schema may take, in milliseconds; over many rows it takes minutes.
    package var step = 3_600_000
    /// How often a transaction is run again.
    package var repeats = 30
    /// Of writes.
    package var isolation = Isolation.serializable

    package init() {}
  }

  /// How writes are kept apart.
  package enum Isolation: String, Sendable {
    /// As if one came after the other: what everything needs that works beside others.
    case serializable = "SERIALIZABLE"
    /// Each sees one moment, and fails where another changed the same row meanwhile. For a program that has the database to itself
    /// and whose transactions read nothing that another of them writes, but rows that both then write, of which one is run again
    /// (`rollcall-swarm seed`): what it read is not remembered.
    case snapshot = "REPEATABLE READ"
  }

  private let limits: Limits
  private let threads: NIOThreadPool
  private let sessions: SessionPool

  /// Connects, and brings the schema up to date; one of several controllers that start at once does it for all.
  ///
  /// - Parameters:
  ///   - role: owns nothing; transactions run as it. Made where the address's user may.
  ///   - copying: the state that is copied into this database, and when; nil for every use but that.
  /// - Throws: `storage.address`, `storage.unavailable`, `storage.newer-schema`, `storage.role`, `storage.failed`,
  ///   `storage.copy-unfinished`, and where a copy is made `storage.occupied`.
  package init(
    _ address: PostgresAddress, migrations: [Migration], role: String = "rollcall_app", limits: Limits = Limits(),
    copying: (source: CopySource, now: Instant)? = nil
  ) async throws {
    self.limits = limits
    sessions = SessionPool(address, role: role, limits: limits)
    threads = NIOThreadPool(numberOfThreads: limits.sessions)
    threads.start()
    do {
      try await threads.runIfActive {
        try PostgresMigrator.migrate(address, migrations, role: role, limits: limits, copying: copying)
      }
    } catch {
      try await threads.shutdownGracefully()
      throw (error as? PostgresFault)?.storageError(reading: false) ?? error
    }
  }

  /// A pool of its own on the same database, for what must not wait behind others: it asks little, and waits little.
  ///
  /// - Parameter sessions: transactions at once.
  package func companion(sessions: Int) -> PostgresDatabase {
    var limits = Limits()
    (limits.sessions, limits.waiting, limits.repeats) = (sessions, 64, 3)
    (limits.statement, limits.lock, limits.answer) = (2_500, 2_000, 3_000)
    return PostgresDatabase(beside: self, limits: limits)
  }

  /// A pool of its own on the same database, for what reads long: it must not take the sessions of what is short.
  ///
  /// - Parameter sessions: transactions at once.
  package func reader(sessions: Int) -> PostgresDatabase {
    var limits = Limits()
    (limits.sessions, limits.waiting, limits.repeats) = (sessions, sessions, 3)
    return PostgresDatabase(beside: self, limits: limits)
  }

  private init(beside other: PostgresDatabase, limits: Limits) {
    self.limits = limits
    sessions = SessionPool(other.sessions.address, role: other.sessions.role, limits: limits)
    threads = NIOThreadPool(numberOfThreads: limits.sessions)
    threads.start()
  }

  /// What `body` finds in the database as the address's user, of which nothing is changed, its schema neither; nil where
  /// there is no table `table`.
  ///
  /// - Throws: `storage.unavailable`, `storage.copy-unfinished`; what `body` throws.
  package static func look<T: Sendable>(
    at address: PostgresAddress, having table: String, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T? {
    let thread = NIOThreadPool(numberOfThreads: 1)
    thread.start()
    defer { thread.shutdownGracefully { _ in } }
    return try await thread.runIfActive {
      do {
        let session = try PostgresSession(address, patience: .seconds(30))
        // One snapshot for all that it reads: what is compared must be of one moment, as it is on SQLite.
        try session.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \(RowSecurity.scope(.state))")
        try CopyMark(session: session).refuseUnfinished()
        let found = try session.run("SELECT to_regclass($1) IS NOT NULL AS known", [.text(table)]).rows().first
        guard try found?.get("known", as: Bool.self) == true else { return nil }
        return try body(PostgresTransaction(session, isReading: true))
      } catch let fault as PostgresFault {
        throw fault.storageError(reading: true)
      }
    }
  }

  deinit { threads.shutdownGracefully { _ in } }

  /// Whether it has no session at all, and the last attempt to open one failed.
  package var isCutOff: Bool { sessions.isCutOff }

  package func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T { try await run(.reading, in: scope, body) }

  package func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T { try await run(.writing, in: scope, body) }

  /// Waits for the transactions that run, and ends every session.
  package func close() async throws {
    sessions.close()
    try await threads.shutdownGracefully()
    sessions.drain()
  }

  /// Runs `body` on a session of its own as the address's user, who owns the tables.
  func asOwner(_ body: @escaping @Sendable (PostgresSession) throws -> Void) async throws {
    try await threads.runIfActive { [address = sessions.address] in
      do { try body(try PostgresSession(address)) } catch let fault as PostgresFault {
        throw fault.storageError(reading: false)
      }
    }
  }

  // MARK: - One transaction

  private enum Kind {
    case reading, writing

    func begin(_ isolation: Isolation) -> String {
      switch self {
      case .reading: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
      case .writing: "BEGIN ISOLATION LEVEL \(isolation.rawValue)"
      }
    }
  }

  private final class Cancellation: Sendable {
    let isSet = Atomic(false)
    func set() { isSet.store(true, ordering: .releasing) }
    func check() throws { if isSet.load(ordering: .acquiring) { throw CancellationError() } }
  }

  private func run<T: Sendable>(
    _ kind: Kind, in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    try sessions.admit()
    defer { sessions.leave() }
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await threads.runIfActive { [self] in try repeated(kind, scope, cancellation, body) }
    } onCancel: {
      cancellation.set()
    }
  }

  private func repeated<T>(
    _ kind: Kind, _ scope: TenantScope, _ cancellation: Cancellation, _ body: (any Transaction) throws -> T
  ) throws -> T {
    var attempt = 0
    while true {
      // Who asked may have left while this waited for its turn.
      try cancellation.check()
      do {
        return try once(kind, scope, cancellation, body)
      } catch let fault as PostgresFault {
        attempt += 1
        let isElsewhere = fault.isServerGone || (kind == .writing && fault.isReadOnly)
        // Sessions that wait are of the server that went away.
        if isElsewhere { sessions.distrust() }
        // A session that was lost before COMMIT was sent left nothing behind; one lost while it was sent is not a fault of this kind.
        let isWorthwhile =
          fault.isConflict
          ? attempt < limits.repeats
          : fault.isStale ? attempt < 3 : isElsewhere && fault.state != PostgresFault.hung && attempt < 3
        guard isWorthwhile else { throw fault.storageError(reading: kind == .reading) }
        pause(attempt)
      }
    }
  }

  /// - Throws: ``PostgresFault`` where it may be run again; else what `body` threw, or `storage.…`.
  private func once<T>(
    _ kind: Kind, _ scope: TenantScope, _ cancellation: Cancellation, _ body: (any Transaction) throws -> T
  ) throws -> T {
    let session = try sessions.take()
    defer { sessions.put(session) }
    try session.tidy()
    try session.command("\(kind.begin(limits.isolation)); \(RowSecurity.scope(scope))")
    guard !sessions.address.wantsPrimary || !session.isReadOnly else {
      session.abandon()
      throw PostgresFault(state: "57P01", message: "the server takes no writes any more", isLost: false)
    }
    let transaction = PostgresTransaction(session, isReading: kind == .reading)
    let outcome = Result { try body(transaction) }
    if let fault = transaction.ending {
      undo(session)
      if fault.isStale { session.abandon() }
      throw fault
    }
    do {
      let value = try outcome.get()
      try cancellation.check()
      try commit(session, kind)
      return value
    } catch {
      undo(session)
      throw error
    }
  }

  /// - Throws: ``PostgresFault`` where nothing was kept, `storage.failed` likewise; `storage.unknown` where that is not known.
  private func commit(_ session: PostgresSession, _ kind: Kind) throws {
    guard !session.isAborted else {
      throw StorageError(
        .failed, "A statement failed outside of a savepoint and its error was not passed on. Nothing of this was kept.")
    }
    let unknown = StorageError(
      .unknown, "The database went away while it kept this change: it may be kept or not. Look, and try again.")
    do {
      // A commit that stopped waiting for its standby says COMMIT, and warns: a failover would lose it.
      let isWarned = try session.warned { try session.command("COMMIT") }
      if isWarned, kind == .writing { throw unknown }
    } catch let fault as PostgresFault where fault.isLost && kind == .writing {
      throw unknown
    }
  }

  private func undo(_ session: PostgresSession) {
    if !session.isLost, !session.isIdle { _ = try? session.command("ROLLBACK") }
  }

  /// Before the next attempt, by chance between none and a growing limit, so that two do not meet again.
  private func pause(_ attempt: Int) {
    usleep(UInt32.random(in: 0...UInt32(min(100_000, 500 << min(attempt, 8)))))
  }
}
