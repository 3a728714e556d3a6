package import Storage
package import Vocabulary

/// Everything that the registry knows of one device, for who tells a person about it.
package struct DeviceDossier: Sendable {
  /// An event of the ledger, with where the device stood before and after it.
  package struct Step: Sendable {
    package let entry: LedgerEntry
    package let from: Holder?
    package let to: Holder?
    package let stageAfter: Stage?
  }

  package let device: Device
  package let contact: ListedDevice.Contact?
  package let district: District
  package let school: School?
  /// Its live keys and its last revoked ones, in the order they were issued.
  package let keys: [DeviceKey]
  package let standing: LedgerProjection
  /// The last event's number, for `expected` of the next move; 0 before the first.
  package let sequence: Int64
  /// What can be done with it now.
  package let moves: [CustodyMove.Kind]
  /// The whole ledger, oldest first.
  package let story: [Step]
  /// What is not as it was, newest first.
  package let changes: [StoredChange]
  /// How the verdicts of its health changed, newest first.
  package let healthChanges: [StoredChange]
}

extension DeviceRegistry {
  /// - Parameter changes: so many of the latest changes.
  /// - Returns: nil where none of the districts has the device.
  package func dossier(
    of device: DeviceID, in scope: TenantScope, changes: Int, _ transaction: any Transaction
  ) throws -> DeviceDossier? {
    let place = try transaction.row(
      "SELECT district_id FROM registry_device WHERE device_id = \(device) AND \(scope) ORDER BY district_id LIMIT 1")
    guard let id: DistrictID = try place?.get("district_id"),
      let district = try DistrictStore.district(id, transaction),
      let listed = try DeviceList.device(device, in: id, transaction)
    else { return nil }
    let entries = try LedgerStore.entries(of: device, in: id, transaction)
    var standing = LedgerProjection()
    let story = entries.map { entry in
      let before = standing
      standing.take(entry.event)
      let (from, to) = entry.event.parties(before: before, after: standing)
      return DeviceDossier.Step(entry: entry, from: from, to: to, stageAfter: standing.stage)
    }
    return DeviceDossier(
      device: listed.device, contact: listed.contact, district: district,
      school: try listed.device.school.flatMap { try SchoolStore.school($0, in: id, transaction) },
      keys: try shownKeys(of: device, in: id, transaction), standing: standing, sequence: entries.last?.sequence ?? 0,
      moves: CustodyDecision.moves(from: standing), story: story,
      changes: try ChangeStore.page(of: device, in: id, limit: changes, transaction),
      healthChanges: try ChangeStore.page(
        of: device, in: id, section: "health", limit: Int(ChangeStore.kept), transaction))
  }

  /// The schools of a district, by their codes.
  package func schools(of district: DistrictID, _ transaction: any Transaction) throws -> [School] {
    try SchoolStore.page(of: district, transaction)
  }
}
