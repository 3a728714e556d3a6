package import Logging
import ServiceLifecycle
import Storage
import Vocabulary

/// Folds what was added to the counts of health, so that few rows are summed: in steps of some milliseconds, every ten
/// seconds. The sum is the same before and after. Any number of controllers may do it: one does, the others find it done.
package final class HealthFolder: Service {
  static let interval = Duration.seconds(10)

  private let registry: DeviceRegistry
  private let logger: Logger

  package init(_ registry: DeviceRegistry, logger: Logger) { (self.registry, self.logger) = (registry, logger) }

  package func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      repeat {
        do {
          try await registry.foldHealth()
        } catch is CancellationError {
          return
        } catch {
          logger.warning("the counts of health could not be folded", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }
}

extension DeviceRegistry {
  /// Deltas of one step.
  private static let foldedAtOnce = 2_000

  /// Folds all that waits; how many deltas that were.
  @discardableResult
  package func foldHealth() async throws -> Int { try await foldHealth(step: Self.foldedAtOnce) }

  /// The same in great steps without a rest, where nobody else works: for `rollcall-swarm seed`.
  package func foldHealthAtOnce() async throws {
    while try await database.write(in: .state, { try HealthStore.fold(limit: 100_000, $0) }).isMoreLeft {}
  }

  @discardableResult
  func foldHealth(step: Int) async throws -> Int {
    var folded = 0
    while try await database.read(in: .state, { try HealthStore.hasDeltas($0) }) {
      let began = ContinuousClock.now
      let part = try await database.write(in: .state) { try HealthStore.fold(limit: step, $0) }
      folded += part.count
      guard part.isMoreLeft else { break }
      // As long as it took, others have the database to themselves.
      try await Task.sleep(for: min(ContinuousClock.now - began, .milliseconds(100)))
    }
    return folded
  }
}
