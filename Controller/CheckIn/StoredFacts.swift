package import Registry
package import Storage
package import Vocabulary
internal import Wire

/// Gives the registry the facts that devices told, for the device as people see it.
package struct StoredFacts: FactSource {
  package init() {}

  package func facts(of device: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws
    -> DeviceFacts?
  {
    let facts = try SectionStore.facts(device: device, district: district, in: transaction)
    let count = try SoftwareStore.packages(device: device, district: district, in: transaction)
    guard facts != Facts() || count != nil else { return nil }
    var shown = DeviceFacts()
    shown.identity = facts.identity
    shown.hardware = facts.hardware
    shown.system = facts.system
    shown.vitals = facts.vitals
    shown.softwareCount = count
    return shown
  }
}
