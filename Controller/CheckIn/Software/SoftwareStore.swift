internal import Compression
internal import Storage
internal import Vocabulary
internal import Wire

/// Software in the database: shared bases, and a difference a device.
enum SoftwareStore {
  /// Bases that were known to be stored are looked for again: unused ones are removed.
  ///
  /// - Throws: ``BaseGone``.
  static func write(
    _ plan: SoftwareBases.Plan, device: DeviceID, district: DistrictID, now: Instant, in transaction: any Transaction
  ) throws {
    if let new = plan.newBase {
      try write(new, as: plan.base, now: now, in: transaction)
    } else if try transaction.row("SELECT base_id FROM checkin_software_base WHERE base_id = \(plan.base)") == nil {
      throw BaseGone(base: plan.base)
    }
    try StaleSoftware.mark(device: device, district: district, in: transaction)
    try transaction.run(
      """
      INSERT INTO checkin_software (district_id, device_id, base_id, difference, digest, packages, changed_at)
      VALUES (\(district), \(device), \(plan.base), \(plan.difference), \(plan.digest), \(plan.packages), \(now))
      ON CONFLICT (district_id, device_id) DO UPDATE SET base_id = excluded.base_id, difference = excluded.difference,
        digest = excluded.digest, packages = excluded.packages, changed_at = excluded.changed_at
      """)
  }

  /// The software of devices of which none is stored yet: the rows that writing it one by one leaves, each kind of row by one
  /// statement.
  ///
  /// - Throws: ``BaseGone``.
  static func insert(
    _ plans: [(plan: SoftwareBases.Plan, device: DeviceID, at: Instant)], of district: DistrictID,
    in transaction: any Transaction
  ) throws {
    var wanted: Set<Digest> = []
    for (plan, _, now) in plans where wanted.insert(plan.base).inserted {
      if let new = plan.newBase { try write(new, as: plan.base, now: now, in: transaction) }
    }
    let query: SQL = "SELECT base_id FROM checkin_software_base WHERE base_id IN \(list: Array(wanted))"
    let stored = wanted.isEmpty ? [] : Set(try transaction.rows(query).map { try $0.get("base_id", as: Digest.self) })
    if let gone = wanted.subtracting(stored).first { throw BaseGone(base: gone) }
    try StaleSoftware.mark(new: plans.map(\.device), of: district, in: transaction)
    try transaction.run(
      """
      INSERT INTO checkin_software (district_id, device_id, base_id, difference, digest, packages, changed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      rows: plans.lazy.map { plan, device, now in
        [
          district.sqlValue, device.sqlValue, plan.base.sqlValue, plan.difference.sqlValue, plan.digest.sqlValue,
          plan.packages.sqlValue, now.sqlValue,
        ]
      })
  }

  static func write(
    _ base: SoftwareBases.NewBase, as id: Digest, now: Instant, in transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO checkin_software_base (base_id, packed, packages, sketch, created_at)
      VALUES (\(id), \(base.packed), \(base.packages), \(base.sketch), \(now)) ON CONFLICT (base_id) DO UPDATE SET
        packed = excluded.packed, packages = excluded.packages, sketch = excluded.sketch
      """)
  }

  /// A base's lines, unpacked and checked against the base's digest.
  ///
  /// - Throws: `checkin.damaged`.
  static func base(_ id: Digest, in transaction: any Transaction) throws -> [UInt8]? {
    guard let row = try transaction.row("SELECT packed FROM checkin_software_base WHERE base_id = \(id)") else {
      return nil
    }
    let packed: [UInt8] = try row.get("packed")
    let lines: [UInt8]
    do {
      lines = try Gzip.decompress(packed, limit: Limits.softwareBytes)
    } catch {
      throw CheckInError(.damaged, "The software base \(id) cannot be unpacked: \(error.message)")
    }
    guard Digest.sha256(lines) == id else {
      throw CheckInError(.damaged, "The software base \(id) is not what its digest says.")
    }
    return lines
  }

  /// Bases older than `before` that no device's software names, nor the index of it, the oldest first.
  static func unusedBases(before: Instant, limit: Int, in transaction: any Transaction) throws -> [Digest] {
    try transaction.rows(
      """
      SELECT base_id FROM checkin_software_base WHERE created_at < \(before) AND NOT EXISTS (
        SELECT 1 FROM checkin_software WHERE checkin_software.base_id = checkin_software_base.base_id)
      AND NOT EXISTS (
        SELECT 1 FROM checkin_software_stale WHERE checkin_software_stale.base_id = checkin_software_base.base_id)
      ORDER BY created_at, base_id LIMIT \(limit)
      """
    ).map { try $0.get("base_id") }
  }

  /// Removes a base, from the index too.
  ///
  /// - Returns: whether it was removed.
  static func removeIfUnused(_ base: Digest, in transaction: any Transaction) throws -> Bool {
    let query: SQL = "SELECT number FROM checkin_software_base WHERE base_id = \(base)"
    let number = try transaction.row(query)?.get("number", as: Int64?.self)
    let lines: [UInt8]?
    do {
      lines = number == nil ? nil : try self.base(base, in: transaction)
    } catch let error as CheckInError where error.kind == .damaged {
      lines = nil
    }
    let removed = try transaction.run(
      """
      DELETE FROM checkin_software_base WHERE base_id = \(base) AND NOT EXISTS (
        SELECT 1 FROM checkin_software WHERE checkin_software.base_id = \(base))
      AND NOT EXISTS (SELECT 1 FROM checkin_software_stale WHERE checkin_software_stale.base_id = \(base))
      """)
    guard removed > 0 else { return false }
    if let number { try SoftwareIndexStore.remove(base: number, lines: lines, in: transaction) }
    return true
  }

  /// The newest bases' sketches.
  static func sketches(limit: Int, in transaction: any Transaction) throws -> [(Digest, SoftwareSketch)] {
    try transaction.rows(
      "SELECT base_id, sketch, packages FROM checkin_software_base ORDER BY created_at DESC, base_id LIMIT \(limit)"
    ).compactMap { row in
      guard let sketch = SoftwareSketch(stored: try row.get("sketch"), packages: try row.get("packages")) else {
        return nil
      }
      return (try row.get("base_id"), sketch)
    }
  }

  /// A device's list, put together again and checked against its digest; nil where it has told none.
  ///
  /// - Throws: `checkin.damaged`.
  static func list(
    device: DeviceID, district: DistrictID, bases: SoftwareBases?, in transaction: any Transaction
  ) throws -> [UInt8]? {
    let query: SQL = """
      SELECT base_id, difference, digest FROM checkin_software
      WHERE district_id = \(district) AND device_id = \(device)
      """
    guard let row = try transaction.row(query) else { return nil }
    let base: Digest = try row.get("base_id")
    guard let lines = try bases?.cached(base) ?? self.base(base, in: transaction),
      let list = SoftwareDifference(encoded: try row.get("difference"))?.applied(to: lines),
      Digest.sha256(list) == (try row.get("digest", as: Digest.self))
    else {
      throw CheckInError(.damaged, "The stored software of \(device) cannot be put together again from its base.")
    }
    return list
  }

  static func packages(device: DeviceID, district: DistrictID, in transaction: any Transaction) throws -> Int? {
    try transaction.row(
      "SELECT packages FROM checkin_software WHERE district_id = \(district) AND device_id = \(device)")?.get(
        "packages")
  }
}
