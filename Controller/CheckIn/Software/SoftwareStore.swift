internal import Compression
internal import Storage
internal import Vocabulary
internal import Wire

/// Software in the database: shared bases, and a difference a device.
enum SoftwareStore {
  static func write(
    _ plan: SoftwareBases.Plan, device: DeviceID, district: DistrictID, now: Instant, in transaction: any Transaction
  ) throws {
    if let new = plan.newBase {
      try transaction.run(
        """
        INSERT INTO checkin_software_base (base_id, packed, packages, sketch, created_at)
        VALUES (\(plan.base), \(new.packed), \(new.packages), \(new.sketch), \(now)) ON CONFLICT (base_id) DO NOTHING
        """)
    }
    try transaction.run(
      """
      INSERT INTO checkin_software (district_id, device_id, base_id, difference, digest, packages, changed_at)
      VALUES (\(district), \(device), \(plan.base), \(plan.difference), \(plan.digest), \(plan.packages), \(now))
      ON CONFLICT (district_id, device_id) DO UPDATE SET base_id = excluded.base_id, difference = excluded.difference,
        digest = excluded.digest, packages = excluded.packages, changed_at = excluded.changed_at
      """)
  }

  /// A base's lines, unpacked.
  static func base(_ id: Digest, in transaction: any Transaction) throws -> [UInt8]? {
    guard let row = try transaction.row("SELECT packed FROM checkin_software_base WHERE base_id = \(id)") else {
      return nil
    }
    return try Gzip.decompress(try row.get("packed"), limit: Limits.softwareBytes)
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
