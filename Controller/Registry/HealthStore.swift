import Storage
import Vocabulary

/// Reads the counts, and folds what was added to them.
enum HealthStore {
  /// The counts of one district's school; of no school where `school` is nil.
  struct Place: Hashable {
    let district: DistrictID
    var school: SchoolID?
  }

  /// By district and school; without `bySchool` all of a district together. Places without devices may be absent.
  static func counts(
    _ scope: TenantScope, bySchool: Bool, _ transaction: any Transaction
  ) throws -> [Place: HealthCounts] {
    let school: SQL = bySchool ? "school_id" : "''"
    let query: SQL = """
      SELECT district_id, school_id, verdict, CAST(SUM(devices) AS BIGINT) AS devices FROM (
        SELECT district_id, \(school) AS school_id, verdict, devices FROM registry_health_count WHERE \(scope)
        UNION ALL
        SELECT district_id, \(school) AS school_id, verdict, devices FROM registry_health_delta WHERE \(scope)
      ) AS counted GROUP BY district_id, school_id, verdict
      """
    var counts: [Place: HealthCounts] = [:]
    for row in try transaction.rows(query) {
      let school: String = try row.get("school_id")
      let place = Place(district: try row.get("district_id"), school: SchoolID(rawValue: school))
      counts[place, default: HealthCounts()].add(try row.get("devices"), try row.get("verdict"))
    }
    return counts
  }

  /// Whether anything waits to be folded.
  static func hasDeltas(_ transaction: any Transaction) throws -> Bool {
    try transaction.row("SELECT 1 AS one FROM registry_health_delta LIMIT 1") != nil
  }

  /// What a step of folding did.
  struct Folded: Sendable {
    /// Deltas; none where another controller folds.
    var count = 0
    var isMoreLeft = false
  }

  /// Adds up to `limit` deltas to the counts and removes them: those that this transaction sees, and no other, for one view
  /// holds for all of its statements. What commits later waits for the next time, whatever its number.
  static func fold(limit: Int, _ transaction: any Transaction) throws -> Folded {
    guard try transaction.tryLock("fold of health counts") else { return Folded() }
    let last = try transaction.row(
      "SELECT district_id, id FROM registry_health_delta ORDER BY district_id, id LIMIT 1 OFFSET \(limit - 1)")
    var part: SQL = "1 = 1"
    if let last {
      let first = try transaction.row("SELECT district_id FROM registry_health_delta ORDER BY district_id, id LIMIT 1")
      let (district, end): (String, String) = (try first?.get("district_id") ?? "", try last.get("district_id"))
      // A part of one district, or whole ones: each is a range of the key that every planner sees.
      part =
        district == end
        ? "district_id = \(district) AND id <= \(try last.get("id", as: Int64.self))"
        : "district_id >= \(district) AND district_id < \(end)"
    }
    try transaction.run(
      """
      INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
      SELECT district_id, school_id, verdict, CAST(SUM(devices) AS BIGINT) FROM registry_health_delta WHERE \(part)
      GROUP BY district_id, school_id, verdict
      ON CONFLICT (district_id, school_id, verdict)
        DO UPDATE SET devices = registry_health_count.devices + excluded.devices
      """)
    return Folded(
      count: try transaction.run("DELETE FROM registry_health_delta WHERE \(part)"), isMoreLeft: last != nil)
  }
}
