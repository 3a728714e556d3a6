package import Logging
import ServiceLifecycle
package import Storage
package import Vocabulary

/// Counts each district's devices for the overview every few minutes, and keeps the last count of a day for the trend. Of
/// several controllers one counts a district; the others find it counted.
package final class ReportCounter: Service {
  /// How old a district's count gets.
  package static let interval = Duration.seconds(300)
  private static let look = Duration.seconds(20)

  private let database: any Database
  private let logger: Logger
  private let clock: @Sendable () -> Instant

  package init(database: any Database, logger: Logger, clock: @escaping @Sendable () -> Instant) {
    (self.database, self.logger, self.clock) = (database, logger, clock)
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          try await self.count(now: self.clock()) { try await Task.sleep(for: min($0 * 3, .seconds(1))) }
        } catch is CancellationError {
          return
        } catch {
          self.logger.warning("districts could not be counted", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: Self.look)) != nil
    }
  }

  /// Counts the districts whose count is too old; how many there were.
  ///
  /// - Parameter rest: called after each district with what it took.
  @discardableResult
  package func count(now: Instant, rest: (Duration) async throws -> Void = { _ in }) async throws -> Int {
    let limit = now.advanced(by: .zero - Self.interval)
    let due = try await database.read(in: .state) { try CountStore.due(before: limit, $0) }
    var counted = 0
    for district in due {
      let began = ContinuousClock.now
      let found = try await database.read(in: .district(district)) {
        try DistrictCount(of: district, now: now, $0)
      }
      let isWritten = try await database.write(in: .state) {
        try CountStore.write(found, of: district, now: now, unlessCountedSince: limit, $0)
      }
      if isWritten { counted += 1 }
      try await rest(ContinuousClock.now - began)
    }
    return counted
  }
}
