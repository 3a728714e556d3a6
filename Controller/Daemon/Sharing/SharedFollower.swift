import Logging
import ServiceLifecycle

/// Looks every second whether another controller changed what is shared, and takes it up.
struct SharedFollower: Service {
  static let interval = Duration.seconds(1)

  let keys: SharedKeys
  let reload: CertificateReload
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // Nothing: what another one changed while this one started is found at the first look.
      var known: [String: Int64]?
      while (try? await Task.sleep(for: Self.interval)) != nil {
        // A database that is away is told of by who needs it.
        guard let now = try? await keys.revisions(), now != known else { continue }
        if await reload.reload() { known = now }
      }
    }
  }
}
