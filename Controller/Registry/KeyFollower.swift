package import Logging
import ServiceLifecycle
package import Storage
import Synchronization

/// Takes over, several times a second, what other controllers on the same database did to keys: a device that was
/// revoked through one of them is refused by all within a second.
///
/// Each key carries the transaction that changed it last. A look reads every key that was changed by a transaction which
/// had not ended at the look before: nothing is missed, whatever order they commit in, and after a gap, such as a lost
/// database, the next look reads what happened meanwhile. What networks are called is followed in the same look.
package final class KeyFollower: Service {
  static let interval = Duration.milliseconds(250)

  /// After so long without a look, a revocation of another controller may be missing: who asks for readiness is told.
  static let patience = Duration.seconds(5)

  fileprivate let registry: DeviceRegistry
  fileprivate let database: any Database
  private let logger: Logger
  private let last = Mutex(ContinuousClock.now)

  /// - Parameter database: where it looks, without waiting behind others.
  package init(_ registry: DeviceRegistry, on database: any Database, logger: Logger) {
    self.registry = registry
    self.database = database
    self.logger = logger
  }

  /// Whether the last look is not long ago.
  package var isFresh: Bool { last.withLock { $0 + Self.patience > .now } }

  package func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      var isFollowing = true
      while (try? await Task.sleep(for: Self.interval)) != nil {
        do {
          try await look()
          last.withLock { $0 = .now }
          if !isFollowing { logger.notice("keys of other controllers are followed again") }
          isFollowing = true
        } catch is CancellationError {
          return
        } catch {
          // After a long gap there may be more to read than a look has time for.
          if last.withLock({ $0 + Self.patience * 6 < .now }), (try? await registry.load()) != nil {
            last.withLock { $0 = .now }
            continue
          }
          if isFollowing { logger.error("keys of other controllers are not followed", metadata: ["error": "\(error)"]) }
          isFollowing = false
        }
      }
    }
  }
}

extension KeyFollower {
  /// Where its own sessions are away, as on a server that has none left to give, those of requests are asked.
  ///
  /// - Throws: `storage.*` where neither can tell.
  func look() async throws {
    do {
      try await registry.follow(on: database)
    } catch let error where !(error is CancellationError) {
      do { try await registry.follow() } catch { throw error }
    }
  }
}

extension DeviceRegistry {
  /// Takes over the changes since the last look, or since the start.
  ///
  /// - Parameter other: where to look instead of in the registry's own database, the same one by other sessions.
  ///
  /// - Throws: `storage.*`; the next look then begins where this one did.
  package func follow(on other: (any Database)? = nil) async throws {
    let database = other ?? self.database
    guard let since = horizon.withLock({ $0 }) else { return }
    let (changed, next, revision) = try await database.read(in: .state) {
      transaction -> (KeyChanges?, KeyHorizon?, Int64) in
      let next = try KeyStore.horizon(transaction)
      let revision = try NetworkStore.revision(transaction)
      guard let next, since.leads(to: next) else { return (nil, next, revision) }
      return (KeyChanges(try KeyStore.changed(since: since, transaction)), next, revision)
    }
    // Of another server's past nothing that is in memory is sure, not even that it is newer.
    guard let changed else { return try await load() }
    apply(changed)
    horizon.withLock { $0 = next }
    if revision != networks.withLock(\.revision) { try await loadNetworks(from: database, evenOlder: true) }
  }
}
