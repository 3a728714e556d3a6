internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary

/// Batches and the machines they expect.
enum BatchStore {
  /// - Throws: `enroll.batch-exists`.
  static func insert(_ batch: Batch, in district: DistrictID, _ transaction: any Transaction) throws {
    let inserted = try transaction.run(
      """
      INSERT INTO enrollment_batch (district_id, id, name, created_at)
      VALUES (\(district), \(batch.id), \(batch.name), \(batch.createdAt)) ON CONFLICT DO NOTHING
      """)
    guard inserted == 1 else {
      throw EnrollmentError(
        .batchExists, "The district has a batch '\(batch.id)' already. Add to it, or choose another id.")
    }
  }

  static func batch(_ id: BatchID, in district: DistrictID, _ transaction: any Transaction) throws -> Batch? {
    try transaction.row(
      "SELECT id, name, created_at FROM enrollment_batch WHERE district_id = \(district) AND id = \(id)"
    ).map(Batch.init)
  }

  /// - Throws: `request.not-found`, naming the batch: who asks may see its district.
  static func existing(_ id: BatchID, in district: DistrictID, _ transaction: any Transaction) throws -> Batch {
    guard let batch = try batch(id, in: district, transaction) else {
      throw ServingError.missing("batch", id, in: district)
    }
    return batch
  }

  static func batches(
    in district: DistrictID, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> [Batch] {
    try transaction.rows(
      """
      SELECT id, name, created_at FROM enrollment_batch
      WHERE district_id = \(district) AND id > \(after ?? "") ORDER BY id LIMIT \(limit)
      """
    ).map(Batch.init)
  }

  /// Which of `serials` a batch of the district lists already, by their folded form.
  static func listing(
    _ serials: [Serial], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: BatchID] {
    var found: [String: BatchID] = [:]
    for start in stride(from: 0, to: serials.count, by: 500) {
      let part = serials[start..<min(start + 500, serials.count)].map(\.folded)
      let rows = try transaction.rows(
        """
        SELECT entry, batch_id FROM enrollment_expected
        WHERE district_id = \(district) AND listed AND entry IN \(list: part)
        """)
      for row in rows { found[try row.get("entry")] = try row.get("batch_id", as: BatchID.self) }
    }
    return found
  }

  /// Where those of `serials` that a batch of the district lists are listed and stand, by their folded form.
  static func listings(
    _ serials: [Serial], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: BatchListing] {
    var found: [String: BatchListing] = [:]
    for start in stride(from: 0, to: serials.count, by: 500) {
      let part = serials[start..<min(start + 500, serials.count)].map(\.folded)
      let rows = try transaction.rows(
        """
        SELECT entry, batch_id, asset_tag, model, \(standing) AS state FROM enrollment_expected
        WHERE district_id = \(district) AND listed AND entry IN \(list: part)
        """)
      for row in rows {
        found[try row.get("entry")] = BatchListing(
          batch: try row.get("batch_id"), assetTag: try row.get("asset_tag"), model: try row.get("model"),
          state: try row.get("state"))
      }
    }
    return found
  }

  static func unlist(
    _ serials: [Serial], of batch: BatchID, in district: DistrictID, _ transaction: any Transaction
  ) throws {
    for start in stride(from: 0, to: serials.count, by: 500) {
      let part = serials[start..<min(start + 500, serials.count)].map(\.folded)
      try transaction.run(
        """
        DELETE FROM enrollment_expected
        WHERE district_id = \(district) AND batch_id = \(batch) AND entry IN \(list: part)
        """)
    }
  }

  /// Lists machines; where one came unasked before, that entry becomes the listed one.
  ///
  /// - Parameter devices: by the serials' folded form.
  static func list(
    _ machines: [ExpectedMachine], as devices: [String: DeviceID], of batch: BatchID, in district: DistrictID,
    at now: Instant, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO enrollment_expected (district_id, batch_id, entry, serial, asset_tag, model, device_id, listed, state, changed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, 'expected', $8)
      ON CONFLICT (district_id, batch_id, entry) DO UPDATE SET
        listed = TRUE, asset_tag = excluded.asset_tag, model = excluded.model, changed_at = excluded.changed_at,
        state = CASE WHEN enrollment_expected.state = 'unexpected' THEN 'enrolled' ELSE enrollment_expected.state END
      """,
      rows: machines.lazy.map { machine in
        [
          district.sqlValue, batch.sqlValue, machine.serial.folded.sqlValue, machine.serial.text.sqlValue,
          machine.assetTag.sqlValue, machine.model.sqlValue, devices[machine.serial.folded].sqlValue, now.sqlValue,
        ]
      })
  }

  /// A device of `batch`'s token got a certificate: its listed entry, wherever, and its place in this batch change.
  static func mark(
    _ device: DeviceID, serial: Serial?, quarantined: Bool, batch: BatchID, in district: DistrictID, at now: Instant,
    _ transaction: any Transaction
  ) throws {
    let entry = serial?.folded ?? device.rawValue
    let state: EntryState = quarantined ? .quarantined : .enrolled
    let listed = try transaction.rows(
      """
      UPDATE enrollment_expected SET state = \(state), device_id = \(device), changed_at = \(now)
      WHERE district_id = \(district) AND entry = \(entry) AND listed RETURNING batch_id
      """)
    guard try !listed.contains(where: { try $0.get("batch_id") == batch }) else { return }
    try transaction.run(
      """
      INSERT INTO enrollment_expected (district_id, batch_id, entry, serial, device_id, listed, state, changed_at)
      VALUES (\(district), \(batch), \(entry), \(serial?.text), \(device), FALSE,
        \(quarantined ? EntryState.quarantined : .unexpected), \(now))
      ON CONFLICT (district_id, batch_id, entry) DO UPDATE SET
        device_id = excluded.device_id, changed_at = excluded.changed_at, state = excluded.state
      """)
  }

  static func counts(
    of batch: BatchID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> BatchCounts {
    var counts = BatchCounts()
    let rows = try transaction.rows(
      """
      SELECT standing AS state, listed, COUNT(*) AS count FROM (
        SELECT \(standing) AS standing, listed FROM enrollment_expected
        WHERE district_id = \(district) AND batch_id = \(batch)) AS machines
      GROUP BY standing, listed
      """)
    for row in rows {
      let count: Int = try row.get("count")
      if try row.get("listed", as: Bool.self) { counts.listed += count }
      switch try row.get("state", as: EntryState.self) {
      case .expected: counts.expected += count
      case .enrolled: counts.enrolled += count
      case .unexpected: counts.unexpected += count
      case .quarantined: counts.quarantined += count
      case .pending: counts.pending += count
      }
    }
    counts.pending += try PendingStore.waiting(of: batch, in: district, transaction)
    return counts
  }

  static func entries(
    of batch: BatchID, in district: DistrictID, state: EntryState?, after: String?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [BatchEntry] {
    let filter: SQL = state.map { "AND \(standing) = \($0)" } ?? ""
    return try transaction.rows(
      """
      SELECT entry, serial, asset_tag, model, device_id, listed, \(standing) AS state, changed_at
      FROM enrollment_expected
      WHERE district_id = \(district) AND batch_id = \(batch) AND entry > \(after ?? "") \(filter)
      ORDER BY entry LIMIT \(limit)
      """
    ).map(BatchEntry.init)
  }

  /// Where a machine stands now, by its device's keys alone, whatever enrolment or a person did to them: what is written
  /// says only whether it is listed, and stands where there is no device. A listed machine with no key left is still to
  /// come.
  private static let standing: SQL = """
    (CASE WHEN enrollment_expected.device_id IS NULL THEN enrollment_expected.state
      WHEN \(holdsKey([.quarantined])) THEN 'quarantined'
      WHEN \(holdsKey([.pending])) AND NOT \(holdsKey([.active, .restricted])) THEN 'pending'
      WHEN NOT enrollment_expected.listed THEN 'unexpected'
      WHEN \(holdsKey([.active, .restricted])) THEN 'enrolled' ELSE 'expected' END)
    """

  private static func holdsKey(_ states: Set<KeyState>) -> SQL {
    DeviceRegistry.holdsKey(
      in: states, district: "enrollment_expected.district_id", device: "enrollment_expected.device_id")
  }
}
