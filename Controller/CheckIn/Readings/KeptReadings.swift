package import Storage
package import Vocabulary

extension CheckIns {
  /// What one step of ``trimReadings(before:of:after:limit:in:)`` did.
  package struct ReadingsTrimmed: Sendable {
    /// Devices of which readings went.
    package let trimmed: Int
    /// Where the next step begins; nil after the last device.
    package let next: DeviceID?
  }

  /// The days that readings reach back by themselves: a district that keeps the history of facts for longer has nothing to trim.
  package static let readingDays = HealthReadings.most * 7 + 7

  /// Removes readings of weeks that began before `moment`, of the next `limit` devices after `device`.
  package static func trimReadings(
    before moment: Instant, of district: DistrictID, after device: DeviceID?, limit: Int,
    in transaction: any Transaction
  ) throws -> ReadingsTrimmed {
    let rows = try transaction.rows(
      """
      SELECT device_id, readings FROM checkin_section
      WHERE district_id = \(district) AND device_id > \(device?.rawValue ?? "") AND section = 'vitals'
      ORDER BY device_id LIMIT \(limit)
      """)
    // The day on which a week begins is the first moment of it.
    let first = moment.milliseconds / 86_400_000 + (moment.milliseconds % 86_400_000 > 0 ? 1 : 0)
    var trimmed: [[SQLValue]] = []
    for row in rows {
      guard let packed: [UInt8] = try row.get("readings"),
        let kept = (HealthReadings(packed: packed) ?? HealthReadings()).since(day: first)
      else { continue }
      let left: [UInt8]? = kept.all.isEmpty ? nil : kept.packed
      trimmed.append([district.sqlValue, try row.get("device_id", as: DeviceID.self).sqlValue, left.sqlValue])
    }
    if !trimmed.isEmpty {
      try transaction.run(
        """
        UPDATE checkin_section SET readings = $3
        WHERE district_id = $1 AND device_id = $2 AND section = 'vitals'
        """, rows: trimmed)
    }
    return ReadingsTrimmed(
      trimmed: trimmed.count, next: rows.count < limit ? nil : try rows.last?.get("device_id", as: DeviceID.self))
  }
}
