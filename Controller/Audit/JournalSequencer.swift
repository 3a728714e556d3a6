package import Logging
import ServiceLifecycle
package import Storage
package import Transparency
package import Vocabulary

/// Puts the journal's entries into their tree, a few times a second where there are new ones, and signs what then is.
///
/// Every controller runs one. Of those on one database a single one works at a time, under a lock of its transaction;
/// where it dies, the next look of another one finds the lock free and goes on.
package struct JournalSequencer: Service {
  static let interval = Duration.milliseconds(250)
  /// Entries that one transaction places at most, so that check-ins do not wait for it.
  package static let step = 500

  private let database: any Database
  private let signer: NoteSigner
  private let logger: Logger
  private let clock: @Sendable () -> Instant

  package init(
    database: any Database, signer: NoteSigner, logger: Logger, clock: @escaping @Sendable () -> Instant
  ) {
    self.database = database
    self.signer = signer
    self.logger = logger
    self.clock = clock
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var isWorking = true
      repeat {
        do {
          try await sequence()
          if !isWorking { logger.notice("the journal is sequenced again") }
          isWorking = true
        } catch is CancellationError {
          return
        } catch {
          if isWorking {
            logger.error(
              "the journal is not sequenced",
              metadata: ["error": "\((error as? any CodedError)?.message ?? "\(error)")"])
          }
          isWorking = false
        }
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }

  /// Places every entry that waits, unless another controller does.
  ///
  /// - Returns: how many were placed here.
  /// - Throws: `audit.other-key`, `audit.damaged`, `storage.*`.
  @discardableResult package func sequence() async throws -> Int {
    var placed = 0
    while try await database.read(in: .state, { try JournalTree.hasWaiting($0) }) {
      let now = clock()
      let part = try await database.write(in: .state) { [signer] transaction in
        try JournalTree.extend(by: Self.step, signer: signer, now: now, transaction)
      }
      guard let part else { return placed }
      placed += part
      guard part == Self.step else { return placed }
    }
    return placed
  }
}
