package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Who of these answers for a device: has one, also one that was reported lost or stolen meanwhile, or gets one back that is in
  /// repair.
  package func holders(
    among persons: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID> {
    let asked = persons.map(Holder.person)
    let found =
      try CustodyStore.devices(heldBy: asked, in: district, transaction).map(\.holder)
      + CustodyStore.owners(asked, in: district, transaction)
    return Set(found.compactMap { if case .person(let id) = $0 { id } else { nil } })
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
