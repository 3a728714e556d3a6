import Storage
import Vocabulary

/// What the overview shows, read from counters alone: the time it takes does not grow with the devices.
struct OverviewNumbers: Sendable {
  struct Day: Sendable {
    let day: Int64
    let counts: WellnessCounts
    let unseen: Int
  }

  /// Wellness of each part, by its id: schools of one district, or districts.
  var parts: [(place: PlaceNames.Named?, counts: WellnessCounts)] = []
  var total = WellnessCounts()
  /// By value, then by wellness.
  var counts: [DistrictCount.Kind: [String: [String: Int]]] = [:]
  /// When the oldest of the counts was made; nil where a district was not counted yet.
  var countedAt: Instant?
  var days: [Day] = []

  /// Days of the trend.
  static let trend: Int64 = 30

  init(
    of place: PageScope, schools: [DistrictID: Set<SchoolID>]?, now: Instant, _ transaction: any Transaction
  ) throws {
    let districts = place.districts.compactMap { DistrictID(rawValue: $0.id) }
    try readWellness(place, districts, schools, transaction)
    let chosen = Self.places(districts, schools)
    guard !districts.isEmpty else { return }
    let rows = try transaction.rows(
      """
      SELECT kind, value, wellness, CAST(SUM(devices) AS BIGINT) AS devices FROM reports_count WHERE \(chosen)
      GROUP BY kind, value, wellness
      """)
    for row in rows {
      guard let kind = DistrictCount.Kind(rawValue: try row.get("kind")) else { continue }
      counts[kind, default: [:]][try row.get("value"), default: [:]][try row.get("wellness")] = try row.get("devices")
    }
    let counted = try transaction.row(
      """
      SELECT MIN(at) AS at, COUNT(*) AS districts FROM reports_counted WHERE district_id IN \(list: districts)
      """)
    if try counted?.get("districts", as: Int.self) == districts.count { countedAt = try counted?.get("at") }
    // What a district had is not told to who sees a part of it.
    if schools == nil { try readDays(districts, now, transaction) }
  }

  private mutating func readWellness(
    _ place: PageScope, _ districts: [DistrictID], _ schools: [DistrictID: Set<SchoolID>]?,
    _ transaction: any Transaction
  ) throws {
    if let only = place.only {
      let counts = try WellnessCounts.bySchool(of: only, transaction)
      let allowed = schools?[only]
      for school in try PlaceNames.schools(of: only, transaction) {
        if let allowed, !(SchoolID(rawValue: school.id).map(allowed.contains) ?? false) { continue }
        parts.append((school, counts[school.id] ?? WellnessCounts()))
      }
      if allowed == nil, let rest = counts[""], rest.all > 0 { parts.append((nil, rest)) }
    } else {
      let whole = try WellnessCounts.byDistrict(place.scope, transaction)
      for district in place.districts {
        guard let id = DistrictID(rawValue: district.id) else { continue }
        guard let allowed = schools?[id] else {
          parts.append((district, whole[district.id] ?? WellnessCounts()))
          continue
        }
        let counts = try WellnessCounts.bySchool(of: id, transaction)
        parts.append((district, allowed.reduce(into: WellnessCounts()) { $0 += counts[$1.rawValue] ?? .init() }))
      }
    }
    total = parts.reduce(into: WellnessCounts()) { $0 += $1.counts }
  }

  /// Whole districts, and of the others the schools that are seen.
  private static func places(_ districts: [DistrictID], _ schools: [DistrictID: Set<SchoolID>]?) -> SQL {
    let whole = districts.filter { schools?[$0] == nil }
    var conditions: [SQL] = []
    if !whole.isEmpty { conditions.append("(district_id IN \(list: whole) AND place = '')") }
    for district in districts {
      guard let allowed = schools?[district] else { continue }
      conditions.append("(district_id = \(district) AND place IN \(list: allowed.sorted()))")
    }
    return conditions.isEmpty ? "1 = 0" : SQL.joined(conditions, separator: " OR ")
  }

  private mutating func readDays(
    _ districts: [DistrictID], _ now: Instant, _ transaction: any Transaction
  ) throws {
    let first = CalendarDay.of(now) - Self.trend + 1
    let rows = try transaction.rows(
      """
      SELECT day, CAST(SUM(well) AS BIGINT) AS well, CAST(SUM(attention) AS BIGINT) AS attention,
        CAST(SUM(failing) AS BIGINT) AS failing, CAST(SUM(unknown) AS BIGINT) AS unknown,
        CAST(SUM(out_of_use) AS BIGINT) AS out_of_use, CAST(SUM(unseen) AS BIGINT) AS unseen
      FROM reports_day WHERE district_id IN \(list: districts) AND day >= \(first) GROUP BY day ORDER BY day
      """)
    days = try rows.map { row in
      var counts = WellnessCounts()
      counts.well = try row.get("well")
      counts.attention = try row.get("attention")
      counts.failing = try row.get("failing")
      counts.unknown = try row.get("unknown")
      counts.outOfUse = try row.get("out_of_use")
      return Day(day: try row.get("day"), counts: counts, unseen: try row.get("unseen"))
    }
  }

  // MARK: - Sums

  func devices(_ kind: DistrictCount.Kind, _ value: String, _ wellness: String? = nil) -> Int {
    let found = counts[kind]?[value] ?? [:]
    if let wellness { return found[wellness] ?? 0 }
    return found.values.reduce(0, +)
  }

  /// Devices that were not seen for this long; those never seen are not among them.
  func unseen(for bound: Int64) -> Int {
    DistrictCount.bounds.filter { $0 >= bound }.reduce(0) { $0 + devices(.seen, "\($1)") }
  }
}
