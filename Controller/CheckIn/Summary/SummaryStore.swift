internal import Registry
internal import Storage
internal import Vocabulary

/// `checkin_summary`.
enum SummaryStore {
  /// A device's summary, and the one that its former facts make; nil where nothing is known of them.
  struct Told {
    let device: DeviceID
    let district: DistrictID
    let was: DeviceSummary?
    let now: DeviceSummary
  }

  /// Writes what differs: the whole row, whatever is stored. That may be another row than the former facts make today, or none,
  /// where another version wrote it.
  static func write(_ told: [Told], in transaction: any Transaction) throws {
    let changed = told.filter { $0.was != $0.now }
    guard !changed.isEmpty else { return }
    try transaction.run(
      """
      INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, processor, memory_bytes, disk_bytes,
        battery_percent, battery_cycles, disk_used_percent, encrypted, updates, reasons)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      ON CONFLICT (district_id, device_id) DO UPDATE SET os_id = excluded.os_id, os_version = excluded.os_version,
        processor = excluded.processor, memory_bytes = excluded.memory_bytes, disk_bytes = excluded.disk_bytes,
        battery_percent = excluded.battery_percent, battery_cycles = excluded.battery_cycles,
        disk_used_percent = excluded.disk_used_percent, encrypted = excluded.encrypted, updates = excluded.updates,
        reasons = excluded.reasons
      """, rows: changed.map(row))
  }

  /// Those of devices of which nothing is stored yet.
  static func insert(first told: [Told], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO checkin_summary (district_id, device_id, os_id, os_version, processor, memory_bytes, disk_bytes,
        battery_percent, battery_cycles, disk_used_percent, encrypted, updates, reasons)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      """, rows: told.map(row))
  }

  private static func row(_ one: Told) -> [SQLValue] {
    let summary = one.now
    return [
      one.district.sqlValue, one.device.sqlValue, summary.osID.sqlValue, summary.osVersion.sqlValue,
      summary.processor.sqlValue, summary.memoryBytes.sqlValue, summary.diskBytes.sqlValue,
      summary.batteryPercent.sqlValue, summary.batteryCycles.sqlValue, summary.diskUsedPercent.sqlValue,
      summary.isEncrypted.sqlValue, summary.updates.sqlValue, summary.reasons.number.sqlValue,
    ]
  }
}
