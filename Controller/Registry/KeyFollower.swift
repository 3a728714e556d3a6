package import Logging
import ServiceLifecycle
import Storage

/// Takes over, several times a second, what other controllers on the same database did to keys: a device that was
/// revoked through one of them is refused by all within a second.
///
/// Each key carries the transaction that changed it last. A look reads every key that was changed by a transaction which
/// had not ended at the look before: nothing is missed, whatever order they commit in, and after a gap, such as a lost
/// database, the next look reads what happened meanwhile.
package struct KeyFollower: Service {
  static let interval = Duration.milliseconds(250)

  private let registry: DeviceRegistry
  private let logger: Logger

  package init(_ registry: DeviceRegistry, logger: Logger) {
    self.registry = registry
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var isFollowing = true
      while (try? await Task.sleep(for: Self.interval)) != nil {
        do {
          try await registry.follow()
          if !isFollowing { logger.notice("keys of other controllers are followed again") }
          isFollowing = true
        } catch is CancellationError {
          return
        } catch {
          if isFollowing { logger.error("keys of other controllers are not followed", metadata: ["error": "\(error)"]) }
          isFollowing = false
        }
      }
    }
  }
}

extension DeviceRegistry {
  /// Takes over the changes since the last look, or since the start.
  ///
  /// - Throws: `storage.*`; the next look then begins where this one did.
  package func follow() async throws {
    guard let since = horizon.withLock({ $0 }) else { return }
    let (changed, next) = try await database.read(in: .state) { transaction in
      (KeyChanges(try KeyStore.changed(since: since, transaction)), try KeyStore.horizon(transaction))
    }
    apply(changed)
    horizon.withLock { $0 = next }
  }
}
