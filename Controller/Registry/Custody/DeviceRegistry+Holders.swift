package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Who of these answers for a device: has one, also one that was reported lost or stolen meanwhile, gets one back that is in
  /// repair, or owes something that went with one.
  package func holders(
    among persons: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID> {
    let asked = persons.map(Holder.person)
    let found =
      try CustodyStore.devices(heldBy: asked, in: district, transaction).map(\.holder)
      + CustodyStore.owners(asked, in: district, transaction)
      + HeldDevices.debtors(among: asked, in: district, transaction)
    return Set(found.compactMap(\.person))
  }

  /// Whom of these the ledger names, which keeps their ids for good: whoever has a device, or had one once.
  package func named(
    among persons: [PersonID], of district: DistrictID, in transaction: any Transaction
  ) throws -> Set<PersonID> {
    Set(try HeldDevices.named(among: persons.map(Holder.person), in: district, transaction).compactMap(\.person))
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
