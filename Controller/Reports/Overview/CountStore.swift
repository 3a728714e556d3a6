import Storage
import Vocabulary

/// `reports_count`, `reports_counted` and `reports_day`.
enum CountStore {
  /// Districts whose count is older than `limit`, or that have none; the oldest first.
  static func due(before limit: Instant, _ transaction: any Transaction) throws -> [DistrictID] {
    try transaction.rows(
      """
      SELECT d.district_id AS district_id FROM registry_report_district_v1 AS d
      LEFT JOIN reports_counted AS n ON n.district_id = d.district_id
      WHERE COALESCE(n.at, -1) < \(limit) ORDER BY COALESCE(n.at, -1), d.district_id
      """
    ).map { try $0.get("district_id") }
  }

  /// Writes what differs from the last count, and the day's row. Nothing where another controller counts, or has counted.
  ///
  /// - Returns: whether it was written.
  static func write(
    _ count: DistrictCount, of district: DistrictID, now: Instant, unlessCountedSince limit: Instant,
    _ transaction: any Transaction
  ) throws -> Bool {
    guard try transaction.tryLock("count of reports") else { return false }
    let last = try at(district, transaction)
    guard last.map({ $0 < limit }) ?? true else { return false }
    var gone: [[SQLValue]] = []
    var left = count.devices
    for row in try transaction.rows(
      "SELECT place, kind, value, wellness, devices FROM reports_count WHERE district_id = \(district)")
    {
      let (place, kind): (String, String) = (try row.get("place"), try row.get("kind"))
      let (value, wellness): (String, String) = (try row.get("value"), try row.get("wellness"))
      let key = DistrictCount.Kind(rawValue: kind).map {
        DistrictCount.Key(place: place, kind: $0, value: value, wellness: wellness)
      }
      guard let key, let now = left[key] else {
        gone.append([district.sqlValue, place.sqlValue, kind.sqlValue, value.sqlValue, wellness.sqlValue])
        continue
      }
      if try row.get("devices", as: Int.self) == now { left[key] = nil }
    }
    try transaction.run(
      """
      DELETE FROM reports_count WHERE district_id = $1 AND place = $2 AND kind = $3 AND value = $4 AND wellness = $5
      """, rows: gone)
    try transaction.run(
      """
      INSERT INTO reports_count (district_id, place, kind, value, wellness, devices) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (district_id, place, kind, value, wellness) DO UPDATE SET devices = excluded.devices
      """,
      rows: left.map { key, devices in
        [
          district.sqlValue, key.place.sqlValue, key.kind.rawValue.sqlValue, key.value.sqlValue,
          key.wellness.sqlValue, devices.sqlValue,
        ]
      })
    try transaction.run(
      """
      INSERT INTO reports_counted (district_id, at) VALUES (\(district), \(now))
      ON CONFLICT (district_id) DO UPDATE SET at = excluded.at
      """)
    try keepDay(of: district, unseen: count.unseen, now: now, transaction)
    return true
  }

  private static func keepDay(
    of district: DistrictID, unseen: Int, now: Instant, _ transaction: any Transaction
  ) throws {
    let counts = try WellnessCounts.byDistrict(.district(district), transaction)[district.rawValue] ?? WellnessCounts()
    try transaction.run(
      """
      INSERT INTO reports_day (district_id, day, well, attention, failing, unknown, out_of_use, unseen)
      VALUES (\(district), \(CalendarDay.of(now)), \(counts.well), \(counts.attention), \(counts.failing), \(counts.unknown),
        \(counts.outOfUse), \(unseen))
      ON CONFLICT (district_id, day) DO UPDATE SET well = excluded.well, attention = excluded.attention,
        failing = excluded.failing, unknown = excluded.unknown, out_of_use = excluded.out_of_use,
        unseen = excluded.unseen
      """)
  }

  static func at(_ district: DistrictID, _ transaction: any Transaction) throws -> Instant? {
    try transaction.row("SELECT at FROM reports_counted WHERE district_id = \(district)")?.get("at")
  }
}

/// Days of UTC, since 1970-01-01.
enum CalendarDay {
  static func of(_ instant: Instant) -> Int64 {
    let (quotient, remainder) = instant.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
