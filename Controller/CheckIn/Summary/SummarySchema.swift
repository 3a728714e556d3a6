internal import Storage

/// What lists and reports compare of many devices, in columns: facts themselves are packed, a device's at a time.
///
/// ```
/// checkin_summary   a row for each device that has told facts
/// checkin_reason    a row for each thing that is not well with a device: `attention` or `failing`, with its words
/// ```
/// A check-in writes them together with the facts they follow from, where they differ from what they were. Of devices that
/// were there before these tables, ``SummaryFiller`` makes them once.
enum SummarySchema {
  /// The tenant of the mark that every device has its row; no district can have this code.
  static let stateTenant = "*"

  static let statements: [SQL] = [
    """
    CREATE TABLE checkin_summary (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL, os_id TEXT, os_version TEXT, os_name TEXT, processor TEXT,
      memory_bytes BIGINT, disk_bytes BIGINT, battery_percent BIGINT, battery_cycles BIGINT, disk_used_percent BIGINT,
      encrypted BOOLEAN, updates BIGINT, PRIMARY KEY (district_id, device_id)
    )\(clustered)
    """,
    "CREATE INDEX checkin_summary_os ON checkin_summary (district_id, os_id, os_version, device_id)",
    """
    CREATE TABLE checkin_reason (
      district_id TEXT NOT NULL, item TEXT NOT NULL, device_id TEXT NOT NULL,
      verdict TEXT NOT NULL CHECK (verdict IN ('attention', 'failing')), words TEXT NOT NULL,
      PRIMARY KEY (district_id, item, device_id)
    )\(clustered)
    """,
    "CREATE INDEX checkin_reason_device ON checkin_reason (district_id, device_id)",
    "CREATE TABLE checkin_summary_filled (district_id TEXT NOT NULL PRIMARY KEY)",
    .view(
      "checkin_report_summary_v1",
      """
      SELECT district_id, device_id, os_id, os_version, os_name, processor, memory_bytes, disk_bytes, battery_percent,
        battery_cycles, disk_used_percent, encrypted, updates FROM checkin_summary
      """),
    .view(
      "checkin_report_reason_v1", "SELECT district_id, item, device_id, verdict, words FROM checkin_reason"),
  ]

  /// SQLite then keeps the row in its key's own tree, and not a second time beside it.
  private static let clustered = SQL.perEngine(sqlite: " WITHOUT ROWID", postgres: "")
}
