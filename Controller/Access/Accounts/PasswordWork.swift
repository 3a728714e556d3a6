import NIOPosix
import Serving
import Synchronization

/// Computes password hashes, two at once at most, on threads of its own: each takes 128 MiB and four tenths of a second, and
/// the threads of requests must not wait for them.
///
/// Whoever needs one takes a place in the line before anything is counted against them, and of these places only so many
/// may be of one name or address. Strangers have one of the threads and a part of the places: whoever comes with a known
/// browser, their own session or a live link waits for none of them.
package final class PasswordWork: Sendable {
  /// How many are computed at once.
  static let threads = 2
  /// How many may wait; past them people are told to come back.
  static let queue = 32
  /// Places that strangers leave free for those who are known.
  static let kept = 10
  /// Places of strangers.
  static let strangers = queue + threads - kept

  /// For whom a place is taken, and how many at once may be theirs.
  struct Claim: Sendable {
    let key: String
    let limit: Int
  }

  private struct Places {
    var taken = 0
    /// Of these, by strangers.
    var strange = 0
    /// What each thread has to do yet.
    var waiting = [Int](repeating: 0, count: PasswordWork.threads)
    var claimed: [String: Int] = [:]
  }

  let cost: PasswordCost
  /// One thread each: the first is everybody's, the other one theirs who are known.
  private let pools: [NIOThreadPool]
  private let places = Mutex(Places())
  private let done = Atomic<Int>(0)
  /// Compared with where there is no such account, so that it takes as long.
  private let nobody: PasswordHash?

  package init(cost: PasswordCost = PasswordCost()) {
    self.cost = cost
    pools = (0..<Self.threads).map { _ in NIOThreadPool(numberOfThreads: 1) }
    for pool in pools { pool.start() }
    nobody = PasswordHash(
      stored:
        "scrypt$\(cost.logN)$\(cost.r)$\(cost.p)$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
  }

  deinit { for pool in pools { pool.shutdownGracefully { _ in } } }

  /// How many hashes were computed since the start.
  package var computed: Int { done.load(ordering: .relaxed) }

  /// How many hashes each thread has to compute yet.
  var waiting: [Int] { places.withLock(\.waiting) }

  // MARK: - The line

  /// Runs `body` with a place in the line.
  ///
  /// - Parameter isKnown: whether who asks has proved something already: not of the strangers, who may be anybody.
  /// - Throws: `request.overloaded`, before `body` begins, where no place is free, or none for one of the claims.
  func inLine<T>(
    _ claims: [Claim], isKnown: Bool = false, _ body: (PasswordPlace) async throws -> T
  ) async throws -> T {
    try enter(claims, isKnown)
    defer { leave(claims, isKnown) }
    return try await body(PasswordPlace(work: self, isKnown: isKnown))
  }

  private func enter(_ claims: [Claim], _ isKnown: Bool) throws {
    let isFree = places.withLock { places in
      guard places.taken < Self.queue + Self.threads, isKnown || places.strange < Self.strangers,
        claims.allSatisfy({ places.claimed[$0.key, default: 0] < $0.limit })
      else { return false }
      places.taken += 1
      if !isKnown { places.strange += 1 }
      for claim in claims { places.claimed[claim.key, default: 0] += 1 }
      return true
    }
    guard isFree else {
      throw ServingError(
        .overloaded, "Too many people sign in at this moment. Try again in a few seconds.",
        headers: [.retryAfter: "5"])
    }
  }

  private func leave(_ claims: [Claim], _ isKnown: Bool) {
    places.withLock { places in
      places.taken -= 1
      if !isKnown { places.strange -= 1 }
      for claim in claims {
        let left = places.claimed[claim.key, default: 1] - 1
        places.claimed[claim.key] = left > 0 ? left : nil
      }
    }
  }

  // MARK: - The work, with a place

  fileprivate func hash(_ password: String, isKnown: Bool) async throws -> PasswordHash {
    let (bytes, cost) = (PasswordRule.normalised(password), cost)
    return try await run(isKnown) { try PasswordHash(bytes, cost) }
  }

  fileprivate func matches(_ password: String, stored: String?, isKnown: Bool) async throws -> Bool {
    let known = stored.flatMap { PasswordHash(stored: $0) }
    guard password.utf8.count <= PasswordRule.longest, let compared = known ?? nobody else { return false }
    let bytes = PasswordRule.normalised(password)
    let isEqual = try await run(isKnown) { try compared.matches(bytes) }
    return known != nil && isEqual
  }

  /// Runs `body` on the thread whose turn it is; for this file and its tests.
  func run<T: Sendable>(_ isKnown: Bool, _ body: @escaping @Sendable () throws -> T) async throws -> T {
    let thread = places.withLock { places in
      // Who is known takes the thread with less to do, and of two alike the one that strangers never have.
      let thread = isKnown && places.waiting[1] <= places.waiting[0] ? 1 : 0
      places.waiting[thread] += 1
      return thread
    }
    defer {
      places.withLock { $0.waiting[thread] -= 1 }
      done.add(1, ordering: .relaxed)
    }
    return try await pools[thread].runIfActive(body)
  }
}

/// A place in the line of passwords: only who has one computes them.
struct PasswordPlace: Sendable {
  fileprivate let work: PasswordWork
  fileprivate let isKnown: Bool

  /// The password as it is kept.
  func hash(_ password: String) async throws -> PasswordHash {
    try await work.hash(password, isKnown: isKnown)
  }

  /// Whether it is the password that is kept as `stored`; with nil it is not, and that takes as long.
  func matches(_ password: String, stored: String?) async throws -> Bool {
    try await work.matches(password, stored: stored, isKnown: isKnown)
  }
}
