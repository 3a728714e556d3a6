import Storage
package import Vocabulary

/// A change of a fact with its place in the device's history.
package struct StoredChange: Sendable {
  package let sequence: Int64
  package let at: Instant
  package let change: FactChange
}

enum ChangeStore {
  /// Changes that are kept for each device; the oldest go first.
  static let kept: Int64 = 1000
  /// Bytes of an old or new value that are kept.
  static let valueBytes = 1024

  static func record(
    _ changes: [FactChange], of device: DeviceID, in district: DistrictID, now: Instant, _ transaction: any Transaction
  ) throws {
    guard !changes.isEmpty else { return }
    var sequence =
      try transaction.row(
        """
        SELECT COALESCE(MAX(sequence), 0) AS last FROM registry_change
        WHERE district_id = \(district) AND device_id = \(device)
        """)?.get("last", as: Int64.self) ?? 0
    for change in changes.prefix(Int(kept)) {
      sequence += 1
      try transaction.run(
        """
        INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
        VALUES (\(district), \(device), \(sequence), \(now), \(cut(change.section)), \(cut(change.field)),
          \(change.old.map(cut)), \(change.new.map(cut)))
        """)
    }
    try transaction.run(
      """
      DELETE FROM registry_change
      WHERE district_id = \(district) AND device_id = \(device) AND sequence <= \(sequence - kept)
      """)
  }

  /// Newest first.
  ///
  /// - Parameter section: of this section alone; nil for all.
  static func page(
    of device: DeviceID, in district: DistrictID, before sequence: Int64 = .max, section: String? = nil, limit: Int,
    _ transaction: any Transaction
  ) throws -> [StoredChange] {
    let only: SQL = section.map { "AND section = \($0)" } ?? ""
    return try transaction.rows(
      """
      SELECT sequence, at, section, field, old, new FROM registry_change
      WHERE district_id = \(district) AND device_id = \(device) AND sequence < \(sequence) \(only)
      ORDER BY sequence DESC LIMIT \(limit)
      """
    ).map { row in
      StoredChange(
        sequence: try row.get("sequence"), at: try row.get("at"),
        change: FactChange(
          section: try row.get("section"), field: try row.get("field"), old: try row.get("old"), new: try row.get("new")
        ))
    }
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > valueBytes else { return text }
    return String(decoding: text.utf8.prefix(valueBytes), as: UTF8.self) + "…"
  }
}
