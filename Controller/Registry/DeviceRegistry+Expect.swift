package import Audit
package import Storage
package import Vocabulary

extension DeviceRegistry {
  /// The devices with these serials, each once, made known by serial alone where they are new; the ledger of each says
  /// once for each batch that it is expected, and again where that was withdrawn. What people know of a device already stays.
  ///
  /// A list may have 20,000 of them, and other writers wait meanwhile: devices are looked up many at a time, and each kind
  /// of row is written by one prepared statement.
  /// - Returns: the devices by their serials' folded form.
  package func expect(
    _ list: [ExpectedDevice], district: DistrictID, batch: BatchID, actor: JournalEntry.Actor, now: Instant,
    in transaction: any Transaction
  ) throws -> [String: DeviceID] {
    let known = try DeviceStore.devices(serials: list.map(\.serial), in: district, transaction)
    var ids = known.mapValues(\.id)
    var new: [Device] = []
    var told: [Device] = []
    for item in list {
      guard var device = known[item.serial.folded] else {
        guard ids[item.serial.folded] == nil else { continue }
        var device = Device(
          id: .random(), district: district, serial: item.serial.text, management: .none, identity: .serialOnly,
          createdAt: now)
        device.assetTag = item.assetTag
        device.model = item.model
        ids[item.serial.folded] = device.id
        new.append(device)
        continue
      }
      let before = device
      device.assetTag = device.assetTag ?? item.assetTag
      device.model = device.model ?? item.model
      if device != before { told.append(device) }
    }
    try DeviceStore.insert(new, transaction)
    try DeviceStore.tell(told, transaction)
    let evidence = "batch:\(batch)"
    let old = try LedgerStore.standings(of: known.values.map(\.id), in: district, transaction)
    let standings =
      new.map { LedgerStore.Standing(device: $0.id) }
      + old.filter { !$0.projection.expectedBy.contains(evidence) }
    try LedgerStore.append(
      LedgerEvent(.expected, at: now, actor: actor, evidence: evidence), to: standings, of: district, in: transaction)
    return ids
  }
}
