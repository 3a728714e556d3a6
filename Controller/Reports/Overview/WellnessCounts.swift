import Storage
import Vocabulary

/// How many devices are how, exact at the moment: the registry counts them with every change.
struct WellnessCounts: Sendable, Hashable {
  var well = 0
  var attention = 0
  var failing = 0
  var unknown = 0
  /// Lost, stolen or retired.
  var outOfUse = 0
  /// Expected, never received and never enrolled.
  var notHere = 0

  var inUse: Int { well + attention + failing + unknown }
  var all: Int { inUse + outOfUse + notHere }

  mutating func add(_ devices: Int, _ wellness: String) {
    switch wellness {
    case "well": well += devices
    case "attention": attention += devices
    case "failing": failing += devices
    case "out-of-use": outOfUse += devices
    case "not-here": notHere += devices
    default: unknown += devices
    }
  }

  static func += (left: inout WellnessCounts, right: WellnessCounts) {
    left.well += right.well
    left.attention += right.attention
    left.failing += right.failing
    left.unknown += right.unknown
    left.outOfUse += right.outOfUse
    left.notHere += right.notHere
  }

  /// By school of a district; devices of no school under the empty text.
  static func bySchool(
    of district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: WellnessCounts] {
    try read("school_id", "district_id = \(district)", transaction)
  }

  /// By district of the scope; those without devices may be absent.
  static func byDistrict(_ scope: TenantScope, _ transaction: any Transaction) throws -> [String: WellnessCounts] {
    try read("district_id", "\(scope)", transaction)
  }

  private static func read(
    _ place: SQL, _ condition: SQL, _ transaction: any Transaction
  ) throws -> [String: WellnessCounts] {
    let rows = try transaction.rows(
      """
      SELECT \(place) AS place, verdict, CAST(SUM(devices) AS BIGINT) AS devices FROM registry_report_health_v1
      WHERE \(condition) GROUP BY \(place), verdict
      """)
    return try rows.reduce(into: [:]) { counts, row in
      counts[try row.get("place"), default: WellnessCounts()].add(try row.get("devices"), try row.get("verdict"))
    }
  }
}
