import Storage
import Vocabulary

/// The owners' views of devices, joined: `d` the device, `c` its last contact, `s` what its facts say, `h` who has it.
enum DeviceTables {
  /// Stages of devices that nobody keeps healthy.
  static let outOfUse: SQL = "('lost', 'stolen', 'retired')"
  /// A year of the calendar on the average, in milliseconds.
  static let year: Int64 = 31_556_952_000
  static let day: Int64 = 86_400_000

  static let from: SQL = """
    registry_report_device_v1 AS d
    LEFT JOIN registry_report_contact_v1 AS c ON c.district_id = d.district_id AND c.device_id = d.device_id
    LEFT JOIN checkin_report_summary_v1 AS s ON s.district_id = d.district_id AND s.device_id = d.device_id
    LEFT JOIN registry_report_custody_v1 AS h ON h.district_id = d.district_id AND h.device_id = d.device_id
    """

  static let isInUse: SQL = "COALESCE(d.stage, '') NOT IN \(outOfUse)"

  static func query(in district: DistrictID, _ question: Question, _ more: [SQL] = []) -> TableQuery {
    TableQuery(
      from: from, conditions: ["d.district_id = \(district)"] + conditions(question, in: district) + more,
      key: [.init(value: "d.device_id")])
  }

  static func conditions(_ question: Question, in district: DistrictID) -> [SQL] {
    var all: [SQL] = []
    switch question.school {
    case .unnamed?: all.append("d.school_id IS NULL")
    case .named(let school)?: all.append("d.school_id = \(school)")
    case nil: break
    }
    switch question.model {
    case .unnamed?: all.append("d.model IS NULL")
    case .named(let model)?: all.append("d.model = \(model)")
    case nil: break
    }
    if let stage = question.stage { all.append("d.stage = \(stage)") }
    switch question.use {
    case .in?: all.append(isInUse)
    case .out?: all.append("d.stage IN \(outOfUse)")
    case nil: break
    }
    if let wellness = question.wellness {
      // Who never told it has no row, so an index does not know all that are unknown.
      all.append(wellness == "unknown" ? "COALESCE(c.health, 'unknown') = 'unknown'" : "c.health = \(wellness)")
    }
    if let reason = question.reason {
      let severity: SQL = question.severity.map { " AND r.verdict = \($0)" } ?? ""
      all.append(
        """
        d.device_id IN (SELECT r.device_id FROM checkin_report_reason_v1 AS r
          WHERE r.district_id = \(district) AND r.item = \(reason)\(severity))
        """)
    }
    switch question.notSeen {
    case .never?: all.append("c.last_contact IS NULL")
    case .days(let days)?: all.append("c.last_contact < \(question.now.milliseconds - days * day)")
    case nil: break
    }
    switch question.os {
    case .unnamed?: all.append("s.os_id IS NULL")
    case .named(let name)?:
      let (id, version) = OperatingSystem.parts(of: name)
      let which: SQL = version.isEmpty ? "o.os_version IS NULL" : "o.os_version = \(version)"
      all.append(
        """
        d.device_id IN (SELECT o.device_id FROM checkin_report_summary_v1 AS o
          WHERE o.district_id = \(district) AND o.os_id = \(id) AND \(which))
        """)
    case nil: break
    }
    if let age = question.age {
      all.append("d.created_at <= \(question.now.milliseconds - age * year)")
      if age < 6 { all.append("d.created_at > \(question.now.milliseconds - (age + 1) * year)") }
    }
    return all
  }
}

/// How an operating system is called in addresses and counts: `debian-12`.
enum OperatingSystem {
  static func name(_ id: String?, _ version: String?) -> String {
    guard let id, !id.isEmpty else { return "-" }
    return "\(id)-\(version ?? "")"
  }

  static func parts(of name: String) -> (id: String, version: String) {
    guard let dash = name.lastIndex(of: "-") else { return (name, "") }
    return (String(name[..<dash]), String(name[name.index(after: dash)...]))
  }
}
