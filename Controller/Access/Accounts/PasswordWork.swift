import NIOPosix
import Serving
import Synchronization

/// Computes password hashes, two at once at most, on threads of its own: each takes 128 MiB and four tenths of a second, and
/// the threads of requests must not wait for them.
package final class PasswordWork: Sendable {
  /// How many are computed at once.
  static let threads = 2
  /// How many may wait; past them people are told to come back.
  static let queue = 32

  let cost: PasswordCost
  private let pool: NIOThreadPool
  private let waiting = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  /// Compared with where there is no such account, so that it takes as long.
  private let nobody: PasswordHash?

  package init(cost: PasswordCost = PasswordCost()) {
    self.cost = cost
    pool = NIOThreadPool(numberOfThreads: Self.threads)
    pool.start()
    nobody = PasswordHash(
      stored:
        "scrypt$\(cost.logN)$\(cost.r)$\(cost.p)$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
  }

  deinit { pool.shutdownGracefully { _ in } }

  /// How many hashes were computed since the start.
  package var computed: Int { done.load(ordering: .relaxed) }

  /// The password as it is kept.
  ///
  /// - Throws: `request.overloaded`.
  func hash(_ password: String) async throws -> PasswordHash {
    let (bytes, cost) = (PasswordRule.normalised(password), cost)
    return try await run { try PasswordHash(bytes, cost) }
  }

  /// Whether it is the password that is kept as `stored`; with nil it is not, and that takes as long.
  ///
  /// - Throws: `request.overloaded`.
  func matches(_ password: String, stored: String?) async throws -> Bool {
    let known = stored.flatMap { PasswordHash(stored: $0) }
    guard password.utf8.count <= PasswordRule.longest, let compared = known ?? nobody else { return false }
    let bytes = PasswordRule.normalised(password)
    let isEqual = try await run { try compared.matches(bytes) }
    return known != nil && isEqual
  }

  private func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    defer { waiting.subtract(1, ordering: .relaxed) }
    guard waiting.add(1, ordering: .relaxed).newValue <= Self.queue + Self.threads else {
      throw ServingError(
        .overloaded, "Too many people sign in at this moment. Try again in a few seconds.",
        headers: [.retryAfter: "5"])
    }
    defer { done.add(1, ordering: .relaxed) }
    return try await pool.runIfActive(body)
  }
}
