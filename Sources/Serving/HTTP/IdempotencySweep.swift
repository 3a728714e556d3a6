package import Logging
import ServiceLifecycle
package import Storage
package import Vocabulary

/// Removes the stored answers of ``Idempotency`` once their day is over: at the start, then every ten minutes, in short
/// transactions between which others write.
package struct IdempotencySweep: Service {
  /// Answers that one transaction removes at most; each may be as large as a page of the API.
  static let step = 200
  static let interval = Duration.seconds(600)

  let database: any Database
  let logger: Logger
  let clock: @Sendable () -> Instant

  package init(database: any Database, logger: Logger, clock: @escaping @Sendable () -> Instant) {
    self.database = database
    self.logger = logger
    self.clock = clock
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          let removed = try await sweep(now: clock())
          if removed > 0 { logger.debug("expired answers removed", metadata: ["count": "\(removed)"]) }
        } catch is CancellationError {
          return
        } catch {
          logger.warning("expired answers could not be removed", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }

  /// - Returns: how many answers were removed: every one that is expired at `now`.
  package func sweep(now: Instant) async throws -> Int {
    var removed = 0
    while true {
      let part = try await database.write(in: .state) { try Idempotency.purge(at: now, limit: Self.step, $0) }
      removed += part
      guard part == Self.step else { return removed }
    }
  }
}
