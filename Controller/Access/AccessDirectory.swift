package import Logging
package import Serving
package import Storage
import Synchronization
package import Vocabulary

/// Finds who holds a bearer token.
///
/// An answer is kept for at most ``lag``. A revocation or a changed grant in this process counts at once; one made by
/// another process on the same database counts within the lag. Unknown tokens are never kept.
package struct AccessDirectory: Authenticator {
  /// How old an answer may be.
  package static let lag = Duration.seconds(1)
  /// How coarsely a token's last use is known: at most one write an hour.
  package static let useGrain = Duration.seconds(3600)

  private let database: any Database
  private let logger: Logger
  private let cache = CallerCache()
  private let notes = UseNotes()

  package init(database: any Database, logger: Logger) {
    self.database = database
    self.logger = logger
  }

  package func caller(bearer: String, now: Instant) async throws -> Caller? {
    guard let secret = APISecret(printed: bearer) else { return nil }
    let hash = secret.hash
    if let held = cache.holder(hash, now: now) { return held.caller }
    let generation = cache.generation
    let found = try await database.read(in: .state) { try AccessStore.holder(of: hash, now: now, in: $0) }
    guard let found else { return nil }
    cache.keep(found, for: hash, now: now, generation: generation)
    noteUse(of: found, now: now)
    return found.caller
  }

  /// Asks the database again for everyone: called after each change of tokens and grants.
  package func forgetAll() { cache.forgetAll() }

  /// Once the uses that are being noted stand in the database, or could not be noted.
  package func notesDone() async { for note in notes.underWay { await note.value } }

  /// Nobody waits for it: a full disk, or a database that takes no changes now, must not keep anybody from looking. So a
  /// failure is logged alone.
  private func noteUse(of holder: AccessStore.Holder, now: Instant) {
    let before = now.advanced(by: .zero - Self.useGrain)
    if let last = holder.lastUsedAt, last > before { return }
    notes.begin(holder.token) { [database, logger] in
      do {
        try await database.write(in: .state) {
          try AccessStore.noteUse(of: holder.token, now: now, unlessSince: before, in: $0)
        }
      } catch {
        logger.warning("the use of an API token could not be noted", metadata: ["error": "\(error)"])
      }
    }
  }
}

/// Uses of tokens that are being written down, one of a token at a time.
private final class UseNotes: Sendable {
  private let tasks = Mutex<[APITokenID: Task<Void, Never>]>([:])

  var underWay: [Task<Void, Never>] { tasks.withLock { Array($0.values) } }

  func begin(_ token: APITokenID, _ write: @escaping @Sendable () async -> Void) {
    tasks.withLock { tasks in
      guard tasks[token] == nil else { return }
      tasks[token] = Task {
        await write()
        self.tasks.withLock { $0[token] = nil }
      }
    }
  }
}

/// The holders of the tokens that were used within the last second; bounded.
private final class CallerCache: Sendable {
  private struct Kept {
    let holder: AccessStore.Holder
    let at: Instant
  }

  private struct State {
    var kept: [[UInt8]: Kept] = [:]
    /// Counts the changes, so that an answer read before a change is not kept after it.
    var generation = 0
  }

  private static let bound = 1024
  private let state = Mutex(State())

  var generation: Int { state.withLock { $0.generation } }

  func holder(_ hash: [UInt8], now: Instant) -> AccessStore.Holder? {
    state.withLock { state in
      guard let kept = state.kept[hash], Self.isFresh(kept, now), kept.holder.expiresAt > now else { return nil }
      return kept.holder
    }
  }

  func keep(_ holder: AccessStore.Holder, for hash: [UInt8], now: Instant, generation: Int) {
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.kept.count >= Self.bound { state.kept = state.kept.filter { Self.isFresh($1, now) } }
      if state.kept.count >= Self.bound { state.kept = [:] }
      state.kept[hash] = Kept(holder: holder, at: now)
    }
  }

  func forgetAll() {
    state.withLock { state in
      state.kept = [:]
      state.generation += 1
    }
  }

  /// Also false where the clock was set back.
  private static func isFresh(_ kept: Kept, _ now: Instant) -> Bool {
    let age = now.since(kept.at)
    return age >= .zero && age < AccessDirectory.lag
  }
}
