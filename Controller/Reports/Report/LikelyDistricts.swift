import Storage
import Vocabulary

/// Which districts a page of several looks into, where it asks for devices that no index tells from others: few of them are in few
/// districts, and walking through the others would find nothing.
extension ReportRun {
  /// How old a count may be by which a district is passed over.
  private static let freshness = Duration.seconds(600)

  /// Those in which the last count found some, or that were not counted lately. Only for devices in use, for they are counted. A
  /// file goes through all.
  func likely(_ transaction: any Transaction) throws -> [DistrictID] {
    guard districts.count > 1, question.use == .in else { return districts }
    var likely = Set(districts)
    if question.wellness == "unknown" {
      // Exact at the moment.
      let some = try transaction.rows(
        """
        SELECT district_id FROM registry_report_health_v1 WHERE \(scope) AND verdict = 'unknown'
        GROUP BY district_id HAVING SUM(devices) > 0
        """)
      likely.formIntersection(try some.map { try $0.get("district_id", as: DistrictID.self) })
    }
    for (kind, values) in counted {
      let some = try transaction.rows(
        """
        SELECT district_id FROM reports_count WHERE district_id IN \(list: districts) AND place = '' AND kind = \(kind.rawValue)
          AND value IN \(list: values) AND devices > 0
        """)
      let fresh = try transaction.rows(
        """
        SELECT district_id FROM reports_counted
        WHERE district_id IN \(list: districts) AND at >= \(question.now.advanced(by: .zero - Self.freshness))
        """)
      let holding = Set(try some.map { try $0.get("district_id", as: DistrictID.self) })
      let known = Set(try fresh.map { try $0.get("district_id", as: DistrictID.self) })
      likely.subtract(known.subtracting(holding))
    }
    return districts.filter(likely.contains)
  }

  /// What of the question is counted, with the values of which at least one has to be there.
  private var counted: [(kind: DistrictCount.Kind, values: [String])] {
    var all: [(kind: DistrictCount.Kind, values: [String])] = []
    switch question.notSeen {
    case .never?: all.append((.seen, ["never"]))
    case .days(let days)?:
      if let bound = DistrictCount.bounds.last(where: { $0 <= days }) {
        all.append((.seen, DistrictCount.bounds.filter { $0 >= bound }.map(String.init)))
      }
    case nil: break
    }
    if let age = question.age { all.append((.age, ["\(age)"])) }
    if question.os == .unnamed { all.append((.os, ["-"])) }
    return all
  }
}
