internal import Logging
package import Registry
package import Storage
package import Vocabulary
package import Wire

/// Gives the registry the facts that devices told, for the device as people see it.
package struct StoredFacts: FactSource {
  private let logger = Logger(label: "rollcall.checkin")

  package init() {}

  package func facts(of device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws
    -> DeviceFacts?
  {
    let facts = try told(by: device, in: district, transaction)
    let count = try SoftwareStore.packages(device: device, district: district, in: transaction)
    guard facts != Facts() || count != nil else { return nil }
    var shown = DeviceFacts()
    shown.identity = facts.identity
    shown.hardware = facts.hardware
    shown.system = facts.system
    shown.vitals = facts.vitals
    shown.softwareCount = count
    shown.softwareSources = try sources(of: device, in: district, transaction)
    return shown
  }

  /// What a device told last, but its software.
  package func told(by device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> Facts {
    try toldWithReadings(by: device, in: district, transaction).facts
  }

  /// What a device told last, but its software, and what was measured week by week, oldest first.
  package func toldWithReadings(
    by device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> (facts: Facts, readings: [HealthReading]) {
    let stored = try SectionStore.facts(device: device, district: district, in: transaction)
    for (section, why) in stored.damaged { logger.damaged(section, of: device, why) }
    return (stored.facts, stored.readings.all)
  }

  /// How many packages each database told; nil where none was told, or the list cannot be read back.
  private func sources(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: Int]? {
    do {
      return try SoftwareStore.list(device: device, district: district, bases: nil, in: transaction)
        .map(SoftwareList.sources(of:))
    } catch let error as CheckInError where error.kind == .damaged {
      logger.damaged(.software, of: device, error.message)
      return nil
    }
  }
}

extension Logger {
  /// A stored section that cannot be read back: it counts as never told.
  func damaged(_ section: FactSection, of device: DeviceID, _ why: String) {
    error(
      "stored facts cannot be read back",
      metadata: ["device": "\(device)", "section": "\(section.rawValue)", "error": "\(why)"])
  }
}
