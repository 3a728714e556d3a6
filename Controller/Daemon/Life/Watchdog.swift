import NIOCore
import ServiceLifecycle
import Storage

/// Shows the service manager signs of life that mean something: an event loop ran, and the database in
/// this process answered.
struct Watchdog: Service {
  let manager: ServiceManager
  let group: any EventLoopGroup
  /// nil where it is another program's, whose health is not this one's.
  let database: (any Database)?

  func run() async throws {
    guard let interval = manager.watchdogInterval else {
      try await gracefulShutdown()
      manager.stopping()
      return
    }
    defer { manager.stopping() }
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if (try? await probe()) != nil { manager.alive() }
        try? await Task.sleep(for: interval)
      }
    }
  }

  private func probe() async throws {
    try await group.next().submit {}.get()
    _ = try await database?.read(in: .state) { try $0.rows("SELECT 1 AS one") }
  }
}
