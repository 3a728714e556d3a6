import Storage
import Vocabulary

/// What one look at a district's devices in use finds, by place, kind, value and wellness.
struct DistrictCount: Sendable {
  struct Key: Hashable, Sendable {
    /// A school's code, `-` for no school, empty for the whole district.
    let place: String
    let kind: Kind
    let value: String
    let wellness: String
  }

  enum Kind: String, Sendable {
    case model, age, seen, os
    /// The value is the item; the wellness is how bad it is.
    case reason
  }

  /// Bounds of `seen` in days; beyond the last one stands under it.
  static let bounds: [Int64] = [7, 30, 90]

  private(set) var devices: [Key: Int] = [:]

  init(of district: DistrictID, now: Instant, _ transaction: any Transaction) throws {
    try transaction.each(
      """
      SELECT d.school_id AS school, d.model AS model, d.created_at AS created, c.last_contact AS seen, c.health AS health,
        s.os_id AS os, s.os_version AS version
      FROM registry_report_device_v1 AS d
      LEFT JOIN registry_report_contact_v1 AS c ON c.district_id = d.district_id AND c.device_id = d.device_id
      LEFT JOIN checkin_report_summary_v2 AS s ON s.district_id = d.district_id AND s.device_id = d.device_id
      WHERE d.district_id = \(district) AND \(DeviceTables.isInUse)
      """
    ) { row in
      let values = row.values
      let wellness = Self.text(values[4]) ?? "unknown"
      let places = ["", Self.text(values[0]) ?? "-"]
      for place in places {
        add(place, .model, Self.text(values[1]) ?? "-", wellness)
        add(place, .age, "\(Self.age(values[2], now))", wellness)
        add(place, .seen, Self.seen(values[3], now), "")
        add(place, .os, OperatingSystem.name(Self.text(values[5]), Self.text(values[6])), "")
      }
    }
    let verdicts = SQL.joined(Question.reasons.map { "s.\(DeviceTables.verdict(of: $0))" }, separator: ", ")
    try transaction.each(
      """
      SELECT d.school_id AS school, \(verdicts) FROM checkin_report_summary_v2 AS s
      CROSS JOIN registry_report_device_v1 AS d
      WHERE s.district_id = \(district) AND s.reasons > 0 AND d.district_id = \(district) AND d.device_id = s.device_id
        AND \(DeviceTables.isInUse)
      """
    ) { row in
      let values = row.values
      for (reason, value) in zip(Question.reasons, values.dropFirst()) {
        guard let verdict = Self.text(value) else { continue }
        for place in ["", Self.text(values[0]) ?? "-"] { add(place, .reason, reason, verdict) }
      }
    }
  }

  private mutating func add(_ place: String, _ kind: Kind, _ value: String, _ wellness: String) {
    devices[Key(place: place, kind: kind, value: value, wellness: wellness), default: 0] += 1
  }

  private static func text(_ value: SQLValue) -> String? {
    if case .text(let text) = value { text } else { nil }
  }

  /// Whole years since the device became known, six at most.
  private static func age(_ created: SQLValue, _ now: Instant) -> Int64 {
    guard case .integer(let at) = created, at < now.milliseconds else { return 0 }
    return min(6, (now.milliseconds - at) / DeviceTables.year)
  }

  /// `0` for within a week, else the longest bound that is over, or `never`.
  private static func seen(_ last: SQLValue, _ now: Instant) -> String {
    guard case .integer(let at) = last else { return "never" }
    let over = bounds.last { at < now.milliseconds - $0 * DeviceTables.day }
    return "\(over ?? 0)"
  }

  /// Devices of the whole district that were not seen for the second bound or longer; those never seen are not among them.
  var unseen: Int {
    devices.reduce(0) { sum, entry in
      let isUnseen =
        entry.key.place.isEmpty && entry.key.kind == .seen && ["30", "90"].contains(entry.key.value)
      return isUnseen ? sum + entry.value : sum
    }
  }
}
