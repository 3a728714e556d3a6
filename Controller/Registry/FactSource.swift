package import Storage
package import Vocabulary

/// A device's facts as they are shown, a section each; nil where it never reported one.
package struct DeviceFacts: Sendable {
  package var identity: (any Encodable & Sendable)?
  package var hardware: (any Encodable & Sendable)?
  package var system: (any Encodable & Sendable)?
  package var vitals: (any Encodable & Sendable)?
  /// Installed packages.
  package var softwareCount: Int?
  /// Of them, how many each package database told, by its name: `dpkg`, `rpm`, `flatpak`, `snap`.
  package var softwareSources: [String: Int]?

  package init() {}
}

/// Where the registry asks for a device's facts; the feature that keeps them answers.
package protocol FactSource: Sendable {
  func facts(of device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> DeviceFacts?
}

/// No facts of any device.
package struct NoFacts: FactSource {
  package init() {}
  package func facts(of device: DeviceID, in district: DistrictID, _ transaction: any Transaction) -> DeviceFacts? {
    nil
  }
}
