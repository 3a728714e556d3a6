package import Logging
package import Serving
package import Storage
import Synchronization
package import Vocabulary

/// Finds who holds a bearer token, and who is signed in with a browser.
///
/// An answer is kept for at most ``lag``. A revocation or a changed grant in this process counts at once; one made by
/// another process on the same database counts within the lag. Unknown tokens and sessions are never kept.
package struct AccessDirectory: Authenticator {
  /// How old an answer may be.
  package static let lag = Duration.seconds(1)
  /// How coarsely a token's last use is known: at most one write an hour.
  package static let useGrain = Duration.seconds(3600)

  private let database: any Database
  private let policy: SessionPolicy
  private let logger: Logger
  private let tokens = AnswerCache<AccessStore.Holder>()
  private let sessions = AnswerCache<SessionStore.Holder>()
  private let notes = UseNotes()
  private let lookUps = LookUps()

  package init(database: any Database, policy: SessionPolicy = SessionPolicy(), logger: Logger) {
    self.database = database
    self.policy = policy
    self.logger = logger
  }

  package func caller(bearer: String, now: Instant) async throws -> Caller? {
    guard let secret = AccessSecret(.token, printed: bearer) else { return nil }
    let hash = secret.hash
    if let held = tokens.answer(hash, now: now) { return held.caller }
    let generation = tokens.generation
    let found = try await lookUps.take {
      try await database.read(in: .state) { try AccessStore.holder(of: hash, now: now, in: $0) }
    }
    guard let found else { return nil }
    tokens.keep(found, for: hash, until: found.expiresAt, now: now, generation: generation)
    let before = now.advanced(by: .zero - Self.useGrain)
    if found.lastUsedAt.map({ $0 <= before }) ?? true {
      note(found.token.rawValue) { try AccessStore.noteUse(of: found.token, now: now, unlessSince: before, in: $0) }
    }
    return found.caller
  }

  package func signedIn(cookie: String, now: Instant) async throws -> SignedIn? {
    try await session(cookie, isUse: true, now: now)
  }

  package func stillSignedIn(cookie: String, now: Instant) async throws -> SignedIn? {
    try await session(cookie, isUse: false, now: now)
  }

  private func session(_ cookie: String, isUse: Bool, now: Instant) async throws -> SignedIn? {
    guard let secret = AccessSecret(.session, printed: cookie) else { return nil }
    let hash = secret.hash
    let generation = sessions.generation
    if var held = sessions.answer(hash, now: now) {
      // A page that only asked whether it may go on may have been first.
      if isUse, noteUse(of: &held, now: now) { sessions.change(held, for: hash, generation: generation) }
      return held.signedIn
    }
    let found = try await lookUps.take {
      try await database.read(in: .state) { [policy] in
        try SessionStore.holder(of: secret, policy, now: now, in: $0)
      }
    }
    guard var found else { return nil }
    if isUse { _ = noteUse(of: &found, now: now) }
    sessions.keep(found, for: hash, until: found.expiresAt, now: now, generation: generation)
    return found.signedIn
  }

  /// Whether it was to be noted, and is now.
  private func noteUse(of held: inout SessionStore.Holder, now: Instant) -> Bool {
    guard !held.isNoted, now.since(held.usedAt) >= policy.grain else { return false }
    held.isNoted = true
    let id = held.signedIn.session.id
    note(id.rawValue) { try SessionStore.noteUse(id, now: now, in: $0) }
    return true
  }

  /// Asks the database again for everyone: called after each change of tokens, sessions and grants.
  package func forgetAll() {
    tokens.forgetAll()
    sessions.forgetAll()
  }

  /// Once the uses that are being noted stand in the database, or could not be noted.
  package func notesDone() async { for note in notes.underWay { await note.value } }

  /// Nobody waits for it: a full disk, or a database that takes no changes now, must not keep anybody from looking. So a
  /// failure is logged alone.
  private func note(_ id: String, _ write: @escaping @Sendable (any Transaction) throws -> Void) {
    notes.begin(id) { [database, logger] in
      do {
        try await database.write(in: .state, write)
      } catch {
        logger.warning("the use of a token or session could not be noted", metadata: ["error": "\(error)"])
      }
    }
  }
}

/// Looking up what nobody knows yet, so many at once: strangers with secrets of chance must not fill the queue in front of the
/// database, in which check-ins wait too.
final class LookUps: Sendable {
  static let most = 256

  private let underWay = Mutex(0)

  /// - Throws: `request.overloaded` where too many are being looked up; what `body` throws.
  func take<Found: Sendable>(_ body: () async throws -> Found) async throws -> Found {
    let isTaken = underWay.withLock { count in
      guard count < Self.most else { return false }
      count += 1
      return true
    }
    guard isTaken else {
      throw ServingError(.overloaded, "Too many are signing in at this moment. Try again.")
    }
    defer { underWay.withLock { $0 -= 1 } }
    return try await body()
  }
}

/// Uses of tokens and sessions that are being written down, one of each at a time.
private final class UseNotes: Sendable {
  private let tasks = Mutex<[String: Task<Void, Never>]>([:])

  var underWay: [Task<Void, Never>] { tasks.withLock { Array($0.values) } }

  func begin(_ id: String, _ write: @escaping @Sendable () async -> Void) {
    tasks.withLock { tasks in
      guard tasks[id] == nil else { return }
      tasks[id] = Task {
        await write()
        self.tasks.withLock { $0[id] = nil }
      }
    }
  }
}
