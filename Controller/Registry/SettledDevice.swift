package import Storage
package import Vocabulary

/// A device with all that has happened to it until now: listed, enrolled, and in contact.
///
/// For fleets that are put in whole (`rollcall-swarm seed`); a controller itself never makes one.
package struct SettledDevice: Sendable {
  package var id: DeviceID
  package var school: SchoolID?
  package var assetTag: String?
  package var vendor: String?
  package var model: String?
  package var hostname: String?
  package var claim: ClaimedIdentity
  package var key: IssuedKey
  package var listedAt: Instant
  package var enrolledAt: Instant
  /// The custody ledger, from its first event on.
  package var events: [LedgerEvent]
  package var contact: Contact

  package init(
    id: DeviceID, school: SchoolID?, assetTag: String?, vendor: String?, model: String?, hostname: String?,
    claim: ClaimedIdentity, key: IssuedKey, listedAt: Instant, enrolledAt: Instant, events: [LedgerEvent],
    contact: Contact
  ) {
    self.id = id
    self.school = school
    self.assetTag = assetTag
    self.vendor = vendor
    self.model = model
    self.hostname = hostname
    self.claim = claim
    self.key = key
    self.listedAt = listedAt
    self.enrolledAt = enrolledAt
    self.events = events
    self.contact = contact
  }
}

extension DeviceRegistry {
  /// Makes a district and its schools known; those that are known stay as they are.
  package func settle(_ district: District, schools: [School], in transaction: any Transaction) throws {
    if try DistrictStore.district(district.id, transaction) == nil { try DistrictStore.insert(district, transaction) }
    for school in schools where try !SchoolStore.exists(school.id, in: district.id, transaction) {
      try SchoolStore.insert(school, transaction)
    }
  }

  /// Puts devices in with keys, ledger and last contact: the rows that expecting, enrolling and a first check-in leave,
  /// each kind of row by one statement. Nobody may know the devices yet.
  package func settle(_ devices: [SettledDevice], of district: DistrictID, in transaction: any Transaction) throws {
    let tenant = district.sqlValue
    try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, uuid, board_serial,
        board_serial_folded, asset_tag, asset_tag_folded, vendor, model, hostname, hostname_folded, management,
        identity, stage, custody, created_at, serial_reversed)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
      """, rows: devices.lazy.map { $0.row(in: tenant) })
    try transaction.run(
      "INSERT INTO registry_device_mac (district_id, mac, device_id) VALUES ($1, $2, $3)",
      rows: devices.lazy.flatMap { device in
        Set(device.claim.builtInMACs).map { [tenant, $0.text.sqlValue, device.id.sqlValue] }
      })
    try transaction.run(
      """
      INSERT INTO registry_key (district_id, digest, device_id, state, certificate_serial, not_before, not_after,
        issued_at, last_seen, revision)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 2)
      """,
      rows: devices.lazy.map { device in
        let key = device.key
        return [
          tenant, key.digest.sqlValue, device.id.sqlValue, KeyState.active.sqlValue, key.certificateSerial.sqlValue,
          key.notBefore.sqlValue, key.notAfter.sqlValue, device.enrolledAt.sqlValue, device.contact.at.sqlValue,
        ]
      })
    try LedgerStore.insert(
      devices.lazy.flatMap { device in
        device.events.enumerated().map { number, event in (district, device.id, Int64(number + 1), event) }
      }, transaction)
    try CustodyStore.settle(
      devices.lazy.map { ($0.id, LedgerProjection.project($0.events)) }, of: district, transaction)
    try ContactStore.insert(devices.map(\.contact), transaction)
  }
}

extension SettledDevice {
  fileprivate func row(in tenant: SQLValue) -> [SQLValue] {
    let standing = LedgerProjection.project(events)
    let (serial, board) = (claim.serial?.text, claim.boardSerial?.text)
    return [
      tenant, id.sqlValue, school.sqlValue, serial.sqlValue, Folded.serial(serial).sqlValue,
      (claim.uuid?.text).sqlValue, board.sqlValue, Folded.serial(board).sqlValue, assetTag.sqlValue,
      Folded.assetTag(assetTag).sqlValue, vendor.sqlValue, model.sqlValue, hostname.sqlValue,
      Folded.hostname(hostname).sqlValue, Management.agent.sqlValue, claim.strength.sqlValue, standing.stage.sqlValue,
      standing.custody.sqlValue, listedAt.sqlValue, Folded.reversed(serial).sqlValue,
    ]
  }
}
