package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Those of these people who have a device, or get one back that is in repair; also where it was reported lost or stolen.
  package func havingDevices(
    _ persons: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID> {
    let holders = persons.map(Holder.person)
    let having = try CustodyStore.devices(heldBy: holders, in: district, transaction).map(\.holder)
    let waiting = try CustodyStore.owners(holders, in: district, transaction)
    return Set(
      (having + waiting).compactMap { if case .person(let person) = $0 { person } else { nil } })
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
