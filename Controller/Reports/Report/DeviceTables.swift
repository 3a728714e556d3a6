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
    LEFT JOIN checkin_report_summary_v2 AS s ON s.district_id = d.district_id AND s.device_id = d.device_id
    LEFT JOIN registry_report_custody_v2 AS h ON h.district_id = d.district_id AND h.device_id = d.device_id
    """

  static let isInUse: SQL = "COALESCE(d.stage, '') NOT IN ('ordered', 'lost', 'stolen', 'retired')"

  static func query(in district: DistrictID, _ question: Question, _ more: [SQL] = []) -> TableQuery {
    TableQuery(
      from: from, conditions: ["d.district_id = \(district)"] + conditions(question, in: district) + more,
      key: [.init(value: "d.device_id")], isWalk: question.hasNoIndex)
  }

  /// The column of a summary that says how bad this is; nothing where it is not.
  static func verdict(of reason: String) -> SQL {
    switch reason {
    case "battery": "battery_verdict"
    case "disk": "disk_verdict"
    case "memory": "memory_verdict"
    case "space": "space_verdict"
    case "temperature": "temperature_verdict"
    case "clock": "clock_verdict"
    default: "updates_verdict"
    }
  }

  /// Whether this is not well; with a severity, whether it is so bad.
  static func isUnwell(_ reason: String, _ severity: String?, _ summary: SQL) -> SQL {
    guard let severity else { return "\(summary).\(verdict(of: reason)) IS NOT NULL" }
    return "\(summary).\(verdict(of: reason)) = \(severity)"
  }

  static func conditions(_ question: Question, in district: DistrictID) -> [SQL] {
    var all: [SQL] = []
    switch question.school {
    case .unnamed?: all.append("d.school_id IS NULL")
    case .named(let school)?: all.append("d.school_id = \(school)")
    case nil: break
    }
    switch question.model {
    case .unnamed?:
      // Lists of devices write none as a dash. Each is found by the index, which one condition of both would not be.
      all.append(
        """
        d.device_id IN (
          SELECT m.device_id FROM registry_report_device_v1 AS m WHERE m.district_id = \(district) AND m.model IS NULL
          UNION ALL
          SELECT n.device_id FROM registry_report_device_v1 AS n WHERE n.district_id = \(district) AND n.model = '-')
        """)
    case .named(let model)?: all.append("d.model = \(model)")
    case nil: break
    }
    if let stage = question.stage { all.append("d.stage = \(stage)") }
    switch question.use {
    case .in?: all.append(isInUse)
    case .out?: all.append("d.stage IN \(outOfUse)")
    case .notHere?: all.append("d.stage = 'ordered'")
    case nil: break
    }
    if let wellness = question.wellness {
      // Who never told it has no row, so an index does not know all that are unknown.
      all.append(wellness == "unknown" ? "COALESCE(c.health, 'unknown') = 'unknown'" : "c.health = \(wellness)")
    }
    if let reason = question.reason {
      // The index has those alone of which anything is not well.
      all.append(
        """
        d.device_id IN (SELECT r.device_id FROM checkin_report_summary_v2 AS r
          WHERE r.district_id = \(district) AND r.reasons > 0 AND \(isUnwell(reason, question.severity, "r")))
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
        d.device_id IN (SELECT o.device_id FROM checkin_report_summary_v2 AS o
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

extension Question {
  /// Whether it asks for devices that no index tells from others.
  fileprivate var hasNoIndex: Bool {
    notSeen != nil || wellness == "unknown" || os == .unnamed || age != nil
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
