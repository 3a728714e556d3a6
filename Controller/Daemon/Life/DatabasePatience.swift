import Logging
import Storage

/// Waits at the start for a server that cannot be reached, has no connection left, or no room: it asks again after 1, 2, 4 … 30
/// seconds. An SQLite file is here or is not: nobody waits for it.
struct DatabasePatience: Sendable {
  static let longest = 30

  private let isServer: Bool
  private let manager: ServiceManager?
  private let logger: Logger
  private let pause: @Sendable (_ seconds: Int) async throws -> Void

  init(
    _ settings: ControllerSettings, manager: ServiceManager?, logger: Logger,
    pause: @escaping @Sendable (_ seconds: Int) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
  ) {
    isServer = settings.database != nil
    (self.manager, self.logger, self.pause) = (manager, logger, pause)
  }

  /// - Throws: what `body` throws, but for a database that is away.
  func whileAway<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    var seconds = 1
    while true {
      do {
        return try await body()
      } catch let error as StorageError where isServer && [.unavailable, .unknown, .full].contains(error.kind) {
        logger.error(
          "the database cannot be used yet",
          metadata: ["error": "\(error.message)", "code": "\(error.code)", "again": "\(seconds) s"])
        manager?.waiting("Waits for the database.")
        try await pause(seconds)
        seconds = min(Self.longest, seconds * 2)
      }
    }
  }
}
