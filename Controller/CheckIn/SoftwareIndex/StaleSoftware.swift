internal import Storage
internal import Vocabulary

/// `checkin_software_stale`: whose software changed since the index was written, and what the index says of them.
enum StaleSoftware {
  /// A place among those who wait.
  struct Place: Hashable, Sendable {
    var district = ""
    var device = ""
  }

  /// A device that waits: its list as the index has it and as it is; nil where there is none.
  struct Waiting: Hashable {
    struct Version: Hashable {
      let base: Digest
      let difference: [UInt8]
    }

    let device: DeviceID
    let indexed: Version?
    let stored: Version?
  }

  /// Notes, before the device's software is written, that the index will not say it any more; once is enough.
  static func mark(device: DeviceID, district: DistrictID, in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO checkin_software_stale (district_id, device_id, base_id, difference)
      SELECT \(district), \(device), base_id, difference FROM (SELECT 1 AS one) AS always LEFT JOIN checkin_software
        ON checkin_software.district_id = \(district) AND checkin_software.device_id = \(device)
      WHERE 1 = 1 ON CONFLICT (district_id, device_id) DO NOTHING
      """)
  }

  /// The same for devices of which the index says nothing yet.
  static func mark(new devices: [DeviceID], of district: DistrictID, in transaction: any Transaction) throws {
    try transaction.run(
      "INSERT INTO checkin_software_stale (district_id, device_id) VALUES ($1, $2)",
      rows: devices.lazy.map { [district.sqlValue, $0.sqlValue] })
  }

  /// Devices of the first district after `place` in which any wait; or of `only`, where it is given.
  static func next(
    after place: Place, only: DistrictID? = nil, limit: Int, in transaction: any Transaction
  ) throws -> (district: DistrictID, waiting: [Waiting])? {
    let first: SQL = """
      SELECT district_id FROM checkin_software_stale WHERE (district_id, device_id) > (\(place.district), \(place.device))
      ORDER BY district_id, device_id LIMIT 1
      """
    guard let district = try only ?? transaction.row(first)?.get("district_id", as: DistrictID.self) else { return nil }
    let after = district.rawValue == place.district ? place.device : ""
    let waiting = try waiting(
      in: district, "waits.device_id > \(after) ORDER BY waits.device_id LIMIT \(limit)", transaction)
    return (district, waiting)
  }

  /// Those of `devices` that wait, as they are now.
  static func waiting(
    among devices: [DeviceID], of district: DistrictID, in transaction: any Transaction
  ) throws -> [Waiting] {
    guard !devices.isEmpty else { return [] }
    return try waiting(in: district, "waits.device_id IN \(list: devices)", transaction)
  }

  private static func waiting(
    in district: DistrictID, _ condition: SQL, _ transaction: any Transaction
  ) throws -> [Waiting] {
    let query: SQL = """
      SELECT waits.device_id AS device_id, waits.base_id AS old_base, waits.difference AS old_difference,
        now.base_id AS new_base, now.difference AS new_difference
      FROM checkin_software_stale AS waits
        LEFT JOIN checkin_software AS now
          ON now.district_id = waits.district_id AND now.device_id = waits.device_id
      WHERE waits.district_id = \(district) AND \(condition)
      """
    return try transaction.rows(query).map { row in
      Waiting(device: try row.get("device_id"), indexed: try version(row, "old"), stored: try version(row, "new"))
    }
  }

  private static func version(_ row: Row, _ which: String) throws -> Waiting.Version? {
    guard let base: Digest = try row.get("\(which)_base") else { return nil }
    return Waiting.Version(base: base, difference: try row.get("\(which)_difference"))
  }

  static func remove(_ devices: [DeviceID], of district: DistrictID, in transaction: any Transaction) throws {
    guard !devices.isEmpty else { return }
    try transaction.run(
      """
      DELETE FROM checkin_software_stale WHERE district_id = \(district) AND device_id IN \(list: devices)
      """)
  }

  /// Up to `limit` devices of a district that wait, after `device`.
  static func devices(
    of district: DistrictID, after device: String, limit: Int, in transaction: any Transaction
  ) throws -> [DeviceID] {
    try transaction.rows(
      """
      SELECT device_id FROM checkin_software_stale WHERE district_id = \(district) AND device_id > \(device)
      ORDER BY device_id LIMIT \(limit)
      """
    ).map { try $0.get("device_id") }
  }

  /// How many devices wait in these districts, at most `limit`.
  static func count(_ scope: TenantScope, limit: Int, in transaction: any Transaction) throws -> Int {
    let query: SQL = """
      SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM checkin_software_stale WHERE \(scope) LIMIT \(limit)) AS first
      """
    return try transaction.row(query)?.get("count") ?? 0
  }
}
