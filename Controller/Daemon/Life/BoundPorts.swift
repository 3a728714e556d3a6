import Logging
import Synchronization

/// Waits until both listeners listen, then tells the log and the service manager, once.
final class BoundPorts: Sendable {
  private let ports = Mutex<(people: Int?, devices: Int?)>((nil, nil))
  private let manager: ServiceManager
  private let logger: Logger

  init(manager: ServiceManager, logger: Logger) {
    self.manager = manager
    self.logger = logger
  }

  func bound(people port: Int) { note { $0.people = port } }
  func bound(devices port: Int) { note { $0.devices = port } }

  private func note(_ change: (inout (people: Int?, devices: Int?)) -> Void) {
    let both = ports.withLock { ports -> (Int, Int)? in
      change(&ports)
      guard let people = ports.people, let devices = ports.devices else { return nil }
      return (people, devices)
    }
    guard let (people, devices) = both else { return }
    logger.notice("ready", metadata: ["people": "\(people)", "devices": "\(devices)"])
    manager.ready()
  }
}
