import Storage

/// Reports' own tables: what is counted of each district now and then, and once a day. Only ``ReportCounter`` writes them.
///
/// ```
/// reports_count     devices in use by place, kind, value and wellness: as (…, 'north', 'model', 'E14', 'well')
/// reports_counted   when a district was counted last
/// reports_day       a district's devices by wellness, as the last count of a day (UTC) found them
/// ```
/// A place is a school's code, `-` for no school, and empty for the whole district.
enum ReportsSchema {
  static let migrations = [
    Migration("reports", 1, statements),
    // What is only expected is not counted any more: each district is counted anew at once.
    Migration("reports", 2, ["DELETE FROM reports_counted"]),
  ]

  private static let statements: [SQL] = [
    """
    CREATE TABLE reports_count (
      district_id TEXT NOT NULL, place TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, wellness TEXT NOT NULL,
      devices BIGINT NOT NULL, PRIMARY KEY (district_id, place, kind, value, wellness)
    )\(clustered)
    """,
    "CREATE TABLE reports_counted (district_id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)",
    """
    CREATE TABLE reports_day (
      district_id TEXT NOT NULL, day BIGINT NOT NULL, well BIGINT NOT NULL, attention BIGINT NOT NULL,
      failing BIGINT NOT NULL, unknown BIGINT NOT NULL, out_of_use BIGINT NOT NULL, unseen BIGINT NOT NULL,
      PRIMARY KEY (district_id, day)
    )\(clustered)
    """,
  ]

  /// SQLite then keeps the row in its key's own tree, and not a second time beside it.
  private static let clustered = SQL.perEngine(sqlite: " WITHOUT ROWID", postgres: "")
}
