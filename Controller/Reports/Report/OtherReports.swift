import Serving
import Storage
import Vocabulary

/// Reports whose rows are not simply devices.
enum OtherReports {
  typealias Column = Report.Column

  /// Each school's devices by wellness, exact at the moment.
  static let fleetHealth = Report(
    id: "fleet-health", title: "Fleet health",
    words: "How many devices of each school are well, need attention, fail, or tell nothing.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: [
      Column("district", "District"), Column("school", "School"), Column("schoolName", "School's name"),
      Column("inUse", "In use", .integer), Column("well", "Well", .integer),
      Column("attention", "Attention", .integer), Column("failing", "Failing", .integer),
      Column("unknown", "Unknown", .integer), Column("outOfUse", "Out of use", .integer),
      Column("notHere", "Not here yet", .integer),
    ],
    filters: [],
    source: .made { district, _, run, transaction in
      let names = try PlaceNames.schools(of: district, transaction)
      let counts = try WellnessCounts.bySchool(of: district, transaction)
      let shown = (names.map { Optional($0.id) } + [nil]).filter { school in
        guard let allowed = run.schools?[district] else { return true }
        return school.flatMap(SchoolID.init(rawValue:)).map(allowed.contains) ?? false
      }
      return shown.compactMap { school in
        let count = counts[school ?? ""] ?? WellnessCounts()
        guard school != nil || count.all > 0 else { return nil }
        return [
          district.sqlValue, school.sqlValue, names.first { $0.id == school }?.name.sqlValue ?? .null,
          count.inUse.sqlValue, count.well.sqlValue, count.attention.sqlValue, count.failing.sqlValue,
          count.unknown.sqlValue, count.outOfUse.sqlValue, count.notHere.sqlValue,
        ]
      }
    })

  static let software = Report(
    id: "software", title: "Software",
    words: "The packages that devices have, and how many devices have each.",
    rule: .scoped(AccessRule.anyReader),
    columns: [
      Column("package", "Package"), Column("version", "Version"), Column("architecture", "Architecture"),
      Column("source", "Source"), Column("devices", "Devices", .integer),
    ],
    filters: [.prefix], source: .software)

  /// A row for each student and device; one without a device for who has none.
  static let students = Report(
    id: "students", title: "Devices per student",
    words:
      "Every student of the roster with the devices that are theirs, those in repair among them; those who have none, too.",
    rule: .scoped(AccessRule.deviceManagers),
    columns: [
      Column("district", "District", .text, "p.district_id"), Column("school", "School", .text, "p.school_id"),
      Column("number", "Student's number", .text, "NULLIF(p.number, '')"),
      Column(
        "familyName", "Family name", .text, "COALESCE(NULLIF(p.preferred_family_name, ''), p.family_name)"),
      Column("givenName", "Given name", .text, "COALESCE(NULLIF(p.preferred_given_name, ''), p.given_name)"),
      Column("grades", "Grades", .text, "NULLIF(p.grades, '')"),
      Column("serial", "Serial", .text, "d.serial"), Column("assetTag", "Asset tag", .text, "d.asset_tag"),
      Column("model", "Model", .text, "d.model"), Column("since", "Since", .instant, "h.since"),
      Column("stage", "Stage", .text, "d.stage", codes: .stage),
      Column("device", "Id", .text, "d.device_id", isUsual: false),
    ],
    filters: [.school], namesStudents: true,
    source: .merged { district, question in
      let students = ["p.district_id = \(district)"] + Students.conditions(in: district, question)
      func query(_ from: SQL, _ conditions: [SQL], person: SQL) -> TableQuery {
        TableQuery(
          from: from, conditions: students + conditions,
          key: [
            .init(value: person), .init(value: "COALESCE(h.device_id, '')"),
            .init(value: "CAST(0 AS BIGINT)", isNumber: true),
          ])
      }
      let device: SQL = """
        LEFT JOIN registry_report_device_v1 AS d ON d.district_id = h.district_id AND d.device_id = h.device_id
        """
      return [
        // Who has one, and who has none and waits for none.
        query(
          """
          roster_report_person_v1 AS p LEFT JOIN registry_report_custody_v2 AS h ON h.district_id = p.district_id
            AND h.holder = 'person:' || p.person_id \(device)
          """,
          [
            """
            (h.device_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM registry_report_custody_v2 AS o
              WHERE o.district_id = p.district_id AND o.owner = 'person:' || p.person_id))
            """
          ], person: "p.person_id"),
        // Whose is in repair: few, looked up from there.
        query(
          "registry_report_custody_v2 AS h CROSS JOIN roster_report_person_v1 AS p \(device)",
          [
            "h.district_id = \(district)", "h.owner >= 'person:'", "h.owner < 'person;'",
            "p.person_id = SUBSTR(h.owner, 8)",
          ], person: "SUBSTR(h.owner, 8)"),
      ]
    })

  /// What of devices is not as it was: facts, and moves from hand to hand.
  static let changes = Report(
    id: "changes", title: "What changed",
    words: "What is not as it was since a day: parts, systems, software, health, and where devices went.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: [
      Column("at", "When", .instant, "x.at"), Column("district", "District", .text, "d.district_id"),
      Column("school", "School", .text, "d.school_id"), Column("serial", "Serial", .text, "d.serial"),
      Column("assetTag", "Asset tag", .text, "d.asset_tag", isUsual: false),
      Column("hostname", "Host name", .text, "d.hostname", isUsual: false),
      Column("section", "Of what", .text, "x.section", codes: .section),
      Column("field", "What", .text, "x.field", codes: .changed),
      Column("old", "Before", .text, "x.old", codes: .told), Column("new", "Now", .text, "x.new", codes: .told),
      Column("device", "Id", .text, "d.device_id", isUsual: false),
    ],
    filters: [.since, .section, .school],
    source: .merged { district, question in
      let since: [SQL] = ["district_id = \(district)", "at >= \(question.since)"]
      var parts: [(SQL, TableQuery.Read)] = []
      if question.section != "custody" {
        let section: SQL = question.section.map { " AND section = \($0)" } ?? ""
        parts.append(
          (
            """
            SELECT at, device_id, sequence, section, field, old, new FROM registry_report_change_v1
            WHERE district_id = \(district) AND at >= \(question.since)\(section)
            """, .init(from: "registry_report_change_v1", conditions: since)
          ))
      }
      if question.section == nil || question.section == "custody" {
        parts.append(
          (
            """
            SELECT at, device_id, sequence, 'custody' AS section, kind AS field, NULL AS old, holder AS new
            FROM registry_report_event_v1 WHERE district_id = \(district) AND at >= \(question.since)
            """, .init(from: "registry_report_event_v1", conditions: since)
          ))
      }
      var plain = question
      plain.section = nil
      return parts.map { part, read in
        // In this order: what happened is read as it stands in its index, and each device looked up.
        var query = DeviceTables.query(in: district, plain, ["d.device_id = x.device_id"])
        query.from = "(\(part)) AS x CROSS JOIN registry_report_device_v1 AS d"
        query.read = read
        query.key = [
          .init(value: "x.at", isNumber: true), .init(value: "x.device_id"), .init(value: "x.sequence", isNumber: true),
        ]
        return query
      }
    })
}

/// The students of a report that names them.
enum Students {
  static func conditions(in district: DistrictID, _ question: Question) -> [SQL] {
    var conditions: [SQL] = ["p.role = 'student'", "p.left_at IS NULL"]
    switch question.school {
    case .unnamed?: conditions.append("p.school_id IS NULL")
    case .named(let school)?: conditions.append("p.school_id = \(school)")
    case nil: break
    }
    return conditions
  }

  /// How many there are of each district, whether they have devices or not.
  static func counts(
    in districts: [DistrictID], _ question: Question, _ transaction: any Transaction
  ) throws -> [DistrictID: Int] {
    var counts: [DistrictID: Int] = [:]
    for district in districts {
      let all = SQL.joined(conditions(in: district, question), separator: " AND ")
      let row = try transaction.row(
        "SELECT COUNT(*) AS count FROM roster_report_person_v1 AS p WHERE p.district_id = \(district) AND \(all)")
      counts[district] = try row?.get("count") ?? 0
    }
    return counts
  }
}

/// Every report, in the order in which people see them.
enum ReportCatalogue {
  static let all = [
    OtherReports.fleetHealth, DeviceReports.inventory, DeviceReports.attention, DeviceReports.unassigned,
    DeviceReports.losses, OtherReports.students, OtherReports.software, OtherReports.changes,
  ]
}
