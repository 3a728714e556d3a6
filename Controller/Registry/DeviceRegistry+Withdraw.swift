package import Audit
package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// Takes back that `batch` expects these devices: the ledger of each that it did says `withdrawn`, and stage and custody
  /// go back to what they were without it. A device that the list itself made known also loses what the list told of it;
  /// the device stays, for its ledger does, and enrols no longer by being known (see ``isWithdrawn(_:in:)``).
  ///
  /// - Parameter list: with asset tag and model as the batch listed them.
  package func withdraw(
    _ list: [ExpectedDevice], district: DistrictID, batch: BatchID, actor: JournalEntry.Actor, now: Instant,
    in transaction: any Transaction
  ) throws {
    let known = try DeviceStore.devices(serials: list.map(\.serial), in: district, transaction)
    let evidence = "batch:\(batch)"
    let standings = try LedgerStore.standings(of: known.values.map(\.id), in: district, transaction).filter {
      $0.projection.expectedBy.contains(evidence)
    }
    let first = Dictionary(standings.map { ($0.device, $0.first) }, uniquingKeysWith: { first, _ in first })
    var told: [Device] = []
    for item in list {
      guard var device = known[item.serial.folded], device.identity == .serialOnly, first[device.id] == device.createdAt
      else { continue }
      let before = device
      if device.assetTag == item.assetTag { device.assetTag = nil }
      if device.model == item.model { device.model = nil }
      if device != before { told.append(device) }
    }
    try DeviceStore.tell(told, transaction)
    try LedgerStore.append(
      LedgerEvent(.withdrawn, at: now, actor: actor, evidence: evidence), to: standings, of: district, in: transaction)
  }

  /// Whether the district knows the device only because a list named it that does so no longer: to an enrolment it is as
  /// one that nobody announced. A device that was known before it was listed is not.
  package func isWithdrawn(_ device: Device, in transaction: any Transaction) throws -> Bool {
    guard device.stage == nil, device.management == .none else { return false }
    let entries = try LedgerStore.entries(of: device.id, in: device.district, transaction)
    return entries.last?.kind == .withdrawn && entries.first?.at == device.createdAt
  }
}
