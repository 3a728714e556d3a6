internal import Storage
internal import Vocabulary

extension BatchStore {
  /// A machine's place among those that a district expects, by its serial.
  struct Entry: Hashable {
    let district: DistrictID
    /// Folded.
    let serial: String
  }

  /// Which batches list the machines, of those that one lists.
  static func listing(_ entries: [Entry], _ transaction: any Transaction) throws -> [Entry: BatchID] {
    var found: [Entry: BatchID] = [:]
    let wanted = SQL.wanted(entries.map { [$0.district, $0.serial] })
    for row in try transaction.rows(
      """
      SELECT enrollment_expected.district_id, entry, batch_id FROM \(wanted) CROSS JOIN enrollment_expected
      WHERE enrollment_expected.district_id = wanted.column1 AND entry = wanted.column2 AND listed
      """)
    {
      let entry = Entry(district: try row.get("district_id"), serial: try row.get("entry"))
      found[entry] = try row.get("batch_id", as: BatchID.self)
    }
    return found
  }

  /// Devices of batches' tokens got certificates: each as ``mark(_:serial:quarantined:batch:in:at:_:)``, and none quarantined.
  static func mark(
    _ came: [(device: DeviceID, serial: Serial, token: EnrollmentToken, at: Instant)], _ transaction: any Transaction
  ) throws {
    let listing = try listing(
      came.map { Entry(district: $0.token.district, serial: $0.serial.folded) }, transaction)
    try transaction.run(
      """
      INSERT INTO enrollment_expected (district_id, batch_id, entry, serial, device_id, listed, state, changed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (district_id, batch_id, entry) DO UPDATE SET
        device_id = excluded.device_id, changed_at = excluded.changed_at, state = excluded.state
      """,
      rows: came.flatMap { device, serial, token, now in
        let batch = listing[Entry(district: token.district, serial: serial.folded)]
        func row(in batch: BatchID, listed: Bool) -> [SQLValue] {
          [
            token.district.sqlValue, batch.sqlValue, serial.folded.sqlValue, serial.text.sqlValue, device.sqlValue,
            listed.sqlValue, (listed ? EntryState.enrolled : .unexpected).sqlValue, now.sqlValue,
          ]
        }
        return (batch.map { [row(in: $0, listed: true)] } ?? [])
          + (batch == token.batch ? [] : [row(in: token.batch, listed: false)])
      })
  }
}
