import Storage
import Vocabulary

/// A district's school calendar.
enum CalendarStore {
  static let schema: [SQL] = [
    """
    CREATE TABLE registry_calendar (
      district_id TEXT NOT NULL PRIMARY KEY REFERENCES registry_district (district_id), weekdays TEXT NOT NULL,
      changed_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE registry_closed_day (
      district_id TEXT NOT NULL REFERENCES registry_district (district_id), day BIGINT NOT NULL,
      PRIMARY KEY (district_id, day)
    )
    """,
  ]

  /// The district's own, or else the standard one.
  static func calendar(of district: DistrictID, _ transaction: any Transaction) throws -> SchoolCalendar {
    var calendar = SchoolCalendar.standard
    if let row = try transaction.row("SELECT weekdays FROM registry_calendar WHERE district_id = \(district)") {
      let names = try row.get("weekdays", as: String.self).split(separator: ",")
      calendar.weekdays = Set(names.compactMap { Weekday(rawValue: String($0)) })
    }
    let days = try transaction.rows("SELECT day FROM registry_closed_day WHERE district_id = \(district)")
    calendar.closed = Set(try days.map { try $0.get("day", as: Int64.self) })
    return calendar
  }

  static func set(
    _ calendar: SchoolCalendar, of district: DistrictID, now: Instant, _ transaction: any Transaction
  ) throws {
    let names = Weekday.allCases.filter(calendar.weekdays.contains).map(\.rawValue).joined(separator: ",")
    try transaction.run(
      """
      INSERT INTO registry_calendar (district_id, weekdays, changed_at) VALUES (\(district), \(names), \(now))
      ON CONFLICT (district_id) DO UPDATE SET weekdays = excluded.weekdays, changed_at = excluded.changed_at
      """)
    try transaction.run("DELETE FROM registry_closed_day WHERE district_id = \(district)")
    try transaction.run(
      "INSERT INTO registry_closed_day (district_id, day) VALUES ($1, $2)",
      rows: calendar.closed.sorted().lazy.map { [district.sqlValue, $0.sqlValue] })
  }
}
