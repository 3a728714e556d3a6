import Foundation
import NIOCore
import ServiceLifecycle

/// A listener whose failure to listen names the setting and says what to do.
struct NamedListener: Service {
  let setting: Setting
  let address: ControllerSettings.Address
  let base: any Service

  func run() async throws {
    do {
      try await base.run()
    } catch let error as IOError {
      throw Self.fault(setting, address, error.errnoCode)
    } catch is SocketAddressError.UnknownHost {
      throw ConfigurationError(
        .badValue,
        "Cannot listen on \(address.host): no address is known by that name. Give '\(setting.rawValue)' an address of this machine, or 0.0.0.0."
      )
    }
  }

  static func fault(_ setting: Setting, _ address: ControllerSettings.Address, _ number: Int32) -> ConfigurationError {
    let place = address.host.contains(":") ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
    let advice =
      switch number {
      case EADDRINUSE: "another program listens there. Stop it, or give '\(setting.rawValue)' another port."
      case EADDRNOTAVAIL: "this machine has no such address. Give '\(setting.rawValue)' one that it has, or 0.0.0.0."
      case EACCES: "this user may not listen there. Give '\(setting.rawValue)' a port of 1024 or more."
      default: "\(FaultWords.system(number)). Look at the setting '\(setting.rawValue)'."
      }
    return ConfigurationError(.badValue, "Cannot listen on \(place): \(advice)")
  }
}
