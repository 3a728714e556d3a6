package import Storage
package import Vocabulary

/// A device with who has it, for other features: by id, as the ledger knows them.
package struct HeldDevice: Sendable, Hashable {
  package let device: DeviceID
  package let holder: Holder
}

extension DeviceRegistry {
  /// The devices that these people have, by person and device; also those that were reported lost or stolen meanwhile.
  package func devices(
    heldBy persons: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> [HeldDevice] {
    try CustodyStore.devices(heldBy: persons.map(Holder.person), in: district, transaction).map {
      HeldDevice(device: $0.device, holder: $0.holder)
    }
  }

  /// Who has a device, and since when; nil where the ledger does not say it.
  package func holder(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> (holder: Holder, since: Instant)? {
    try CustodyStore.row(of: device, in: district, transaction).map { ($0.holder, $0.since) }
  }
}

extension DeviceRegistry {
  /// The devices that a person has or had, the latest first; of a hundred devices at most.
  package func tenures(
    of person: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [DeviceTenure] {
    try HeldDevices.tenures(of: person, in: district, limit: 100, transaction)
  }
}
