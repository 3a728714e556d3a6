internal import Storage

/// What lists and reports compare of many devices, in columns: facts themselves are packed, a device's at a time.
///
/// ```
/// checkin_summary          a row for each device that has told facts
/// checkin_summary_filled   the rules by which every device has its row
/// ```
/// A check-in writes a row together with the facts it follows from, where it differs from what it was. Of devices that were
/// there before the table or its rules, ``SummaryFiller`` makes it once.
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

  /// In half the space: what is not well in one number of the device's row (``UnwellItems``), in place of a row for each with
  /// the words, which the registry has too; no system's long name, which lists show by its id and version.
  static let packed: [SQL] = [
    "DROP VIEW checkin_report_summary_v1", "DROP VIEW checkin_report_reason_v1",
    .rowsInKey(
      of: "checkin_summary", key: "district_id, device_id",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL, os_id TEXT, os_version TEXT, processor TEXT,
        memory_bytes BIGINT, disk_bytes BIGINT, battery_percent BIGINT, battery_cycles BIGINT,
        disk_used_percent BIGINT, encrypted BOOLEAN, updates BIGINT, reasons BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (district_id, device_id)
        """,
      values: """
        district_id, device_id, os_id, os_version, processor, memory_bytes, disk_bytes, battery_percent,
        battery_cycles, disk_used_percent, encrypted, updates,
        COALESCE((SELECT SUM(
            CASE item WHEN 'battery' THEN 1 WHEN 'disk' THEN 4 WHEN 'memory' THEN 16 WHEN 'space' THEN 64
              WHEN 'temperature' THEN 256 WHEN 'clock' THEN 1024 WHEN 'updates' THEN 4096 ELSE 0 END
            * CASE verdict WHEN 'failing' THEN 2 ELSE 1 END)
          FROM checkin_reason WHERE checkin_reason.district_id = storage_former.district_id
            AND checkin_reason.device_id = storage_former.device_id), 0)
        """,
      indexes: """
        CREATE INDEX checkin_summary_os ON checkin_summary (district_id, os_id, os_version, device_id);
        """),
    .perEngine(
      sqlite: "SELECT 1",
      postgres: """
        DO $do$ BEGIN
          ALTER TABLE checkin_summary ADD COLUMN reasons BIGINT NOT NULL DEFAULT 0;
          ALTER TABLE checkin_summary DROP COLUMN os_name;
          UPDATE checkin_summary SET reasons = told.number FROM (
            SELECT district_id, device_id, CAST(SUM(
                CASE item WHEN 'battery' THEN 1 WHEN 'disk' THEN 4 WHEN 'memory' THEN 16 WHEN 'space' THEN 64
                  WHEN 'temperature' THEN 256 WHEN 'clock' THEN 1024 WHEN 'updates' THEN 4096 ELSE 0 END
                * CASE verdict WHEN 'failing' THEN 2 ELSE 1 END) AS BIGINT) AS number
            FROM checkin_reason GROUP BY district_id, device_id) AS told
          WHERE told.district_id = checkin_summary.district_id AND told.device_id = checkin_summary.device_id;
        END $do$
        """),
    "DROP TABLE checkin_reason",
    // Those that are not well are fewer than half.
    "CREATE INDEX checkin_summary_unwell ON checkin_summary (district_id, device_id, reasons) WHERE reasons > 0",
    "ALTER TABLE checkin_summary_filled ADD COLUMN rules BIGINT NOT NULL DEFAULT 0",
    .view(
      "checkin_report_summary_v2",
      """
      SELECT district_id, device_id, os_id, os_version, processor, memory_bytes, disk_bytes, battery_percent,
        battery_cycles, disk_used_percent, encrypted, updates, reasons,
        CASE reasons % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS battery_verdict,
        CASE reasons / 4 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS disk_verdict,
        CASE reasons / 16 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS memory_verdict,
        CASE reasons / 64 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS space_verdict,
        CASE reasons / 256 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS temperature_verdict,
        CASE reasons / 1024 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS clock_verdict,
        CASE reasons / 4096 % 4 WHEN 1 THEN 'attention' WHEN 2 THEN 'failing' END AS updates_verdict
      FROM checkin_summary
      """),
  ]

  /// SQLite then keeps the row in its key's own tree, and not a second time beside it.
  private static let clustered = SQL.perEngine(sqlite: " WITHOUT ROWID", postgres: "")
}
