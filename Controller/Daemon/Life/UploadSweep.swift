import Logging
import Registry
import Roster
import ServiceLifecycle
import Vocabulary

/// Removes files that were sent by a page and that nobody took up in time: at the start, for the controller may have been away,
/// then every five minutes. Any number of controllers may do it at once.
struct UploadSweep: Service {
  static let interval = Duration.seconds(300)

  let desk: RosterDesk
  let registry: DeviceRegistry
  let logger: Logger
  let clock: @Sendable () -> Instant

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do {
          try await sweep(now: clock())
        } catch is CancellationError {
          return
        } catch {
          logger.warning("files that were only looked at could not be removed", metadata: ["error": "\(error)"])
        }
      } while (try? await Task.sleep(for: Self.interval)) != nil
    }
  }

  /// - Returns: how many were removed: every one whose time is over at `now`.
  @discardableResult
  func sweep(now: Instant) async throws -> Int {
    let rosters = try await desk.removeOldUploads(now: now)
    return rosters + (try await registry.removeOldFiles(now: now))
  }
}
