internal import Registry
internal import Storage
internal import Vocabulary

/// `checkin_summary` and `checkin_reason`.
enum SummaryStore {
  /// A device's summary, and the one that is stored; nil where none is, as far as one knows.
  struct Told {
    let device: DeviceID
    let district: DistrictID
    let was: DeviceSummary?
    let now: DeviceSummary
  }

  /// Writes what differs.
  static func write(_ told: [Told], in transaction: any Transaction) throws {
    let changed = told.filter { $0.was != $0.now }
    guard !changed.isEmpty else { return }
    try transaction.run(
      """
      INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, os_name, processor, memory_bytes,
        disk_bytes, battery_percent, battery_cycles, disk_used_percent, encrypted, updates)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      ON CONFLICT (district_id, device_id) DO UPDATE SET os_id = excluded.os_id, os_version = excluded.os_version,
        os_name = excluded.os_name, processor = excluded.processor, memory_bytes = excluded.memory_bytes,
        disk_bytes = excluded.disk_bytes, battery_percent = excluded.battery_percent,
        battery_cycles = excluded.battery_cycles, disk_used_percent = excluded.disk_used_percent,
        encrypted = excluded.encrypted, updates = excluded.updates
      """, rows: changed.map(row))
    // The reasons go with the row: one that is not there yet may be made here, and has none of them.
    for (district, devices) in Dictionary(grouping: changed.filter { $0.was?.reasons != [] }, by: \.district) {
      for part in devices.map(\.device).chunks(of: 512) {
        try transaction.run(
          "DELETE FROM checkin_reason WHERE district_id = \(district) AND device_id IN \(list: part)")
      }
    }
    try insert(changed, in: transaction)
  }

  /// Those of devices of which nothing is stored yet.
  static func insert(first told: [Told], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, os_name, processor, memory_bytes,
        disk_bytes, battery_percent, battery_cycles, disk_used_percent, encrypted, updates)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      """, rows: told.map(row))
    try insert(told, in: transaction)
  }

  private static func insert(_ told: [Told], in transaction: any Transaction) throws {
    try transaction.run(
      "INSERT INTO checkin_reason (district_id, item, device_id, verdict, words) VALUES ($1, $2, $3, $4, $5)",
      rows: told.flatMap { one in
        one.now.reasons.map {
          [
            one.district.sqlValue, $0.item.sqlValue, one.device.sqlValue, $0.verdict.sqlValue, $0.reason.sqlValue,
          ]
        }
      })
  }

  private static func row(_ one: Told) -> [SQLValue] {
    let summary = one.now
    return [
      one.district.sqlValue, one.device.sqlValue, summary.osID.sqlValue, summary.osVersion.sqlValue,
      summary.osName.sqlValue, summary.processor.sqlValue, summary.memoryBytes.sqlValue, summary.diskBytes.sqlValue,
      summary.batteryPercent.sqlValue, summary.batteryCycles.sqlValue, summary.diskUsedPercent.sqlValue,
      summary.isEncrypted.sqlValue, summary.updates.sqlValue,
    ]
  }
}
