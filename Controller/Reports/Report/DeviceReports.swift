import Registry
import Serving
import Storage
import Vocabulary

/// Reports with a row for each device.
enum DeviceReports {
  typealias Column = Report.Column

  // MARK: - Columns

  static let place: [Column] = [
    Column("district", "District", "d.district_id"), Column("school", "School", "d.school_id"),
  ]
  static let names: [Column] = [
    Column("serial", "Serial", "d.serial"), Column("assetTag", "Asset tag", "d.asset_tag"),
    Column("hostname", "Host name", "d.hostname", isUsual: false),
    Column("vendor", "Maker", "d.vendor", isUsual: false), Column("model", "Model", "d.model"),
  ]
  static let standing: [Column] = [
    Column("stage", "Stage", "d.stage", codes: .stage),
    Column("custody", "Who answers for it", "d.custody", isUsual: false, codes: .custody),
    Column("holder", "Holder", "h.holder", isUsual: false, codes: .holder),
    Column("holderSince", "Held since", .instant, "h.since", isUsual: false),
  ]
  static let health: [Column] = [
    Column("wellness", "Wellness", "COALESCE(c.health, 'unknown')"),
    Column("lastSeen", "Last seen", .instant, "c.last_contact"),
  ]
  static let machine: [Column] = [
    Column("system", "System", "s.os_id || COALESCE(' ' || s.os_version, '')", isUsual: false),
    Column("processor", "Processor", "s.processor", isUsual: false),
    Column("memory", "Memory", .integer, unit: "MiB", "s.memory_bytes / 1048576", isUsual: false),
    Column("disk", "Disk", .integer, unit: "GB", "s.disk_bytes / 1000000000", isUsual: false),
    Column("battery", "Battery holds", .integer, unit: "%", "s.battery_percent", isUsual: false),
    Column("batteryCycles", "Battery cycles", .integer, "s.battery_cycles", isUsual: false),
    Column("diskUsed", "Disk worn", .integer, unit: "%", "s.disk_used_percent", isUsual: false),
    Column("encrypted", "Encrypted", .boolean, "s.encrypted", isUsual: false),
    Column("updates", "Updates waiting", .integer, "s.updates", isUsual: false),
  ]
  static let ids: [Column] = [
    Column("knownSince", "Known since", .instant, "d.created_at", isUsual: false),
    Column("device", "Id", "d.device_id", isUsual: false),
  ]

  /// Every column of a device; lists choose of these.
  static let all = place + names + standing + health + machine + ids
  static let filters: [Filter] = [.school, .model, .stage, .use, .wellness, .reason, .severity, .notSeen, .os, .age]

  // MARK: - Reports

  static let inventory = Report(
    id: "inventory", title: "Inventory register",
    words: "Every device: what it is, where it is, who answers for it, and how it is.",
    rule: .scopedSchools(AccessRule.anyReader), columns: all, filters: filters, isBySoftware: true,
    source: .tables { DeviceTables.query(in: $0, $1) })

  static let attention = Report(
    id: "attention", title: "Devices that need attention",
    words: "A row for each thing that is not well with a device in use, with the reason in words.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: place + names + [
      Column("stage", "Stage", "d.stage", isUsual: false, codes: .stage),
      Column("item", "What", "NULL"), Column("verdict", "How bad", "NULL"), Column("words", "Why", "c.health_items"),
      Column("lastSeen", "Last seen", .instant, "c.last_contact"),
    ] + machine.filter { ["battery", "diskUsed", "updates"].contains($0.key) } + ids,
    filters: [.school, .model, .reason, .severity],
    source: .tables { district, question in
      var plain = question
      plain.reason = nil
      var query = DeviceTables.query(
        in: district, plain,
        [
          DeviceTables.isInUse, "s.district_id = \(district)", "s.reasons > 0", "d.device_id = s.device_id",
          "c.district_id = \(district)", "c.device_id = s.device_id",
        ])
      // In this order: the index of what is not well has few of all devices, and has them in the order of the key.
      query.from = """
        checkin_report_summary_v2 AS s CROSS JOIN registry_report_device_v1 AS d
        CROSS JOIN registry_report_contact_v2 AS c
        """
      if let reason = question.reason {
        query.conditions.append(DeviceTables.isUnwell(reason, question.severity, "s"))
      }
      query.key = [.init(value: "s.device_id")]
      query.expand = { values, columns in try unwell(values, columns, question) }
      return query
    })

  /// A row for each thing that is not well, of a device's row with everything that was looked at.
  private static func unwell(
    _ values: [SQLValue], _ columns: [Column], _ question: Question
  ) throws -> [[SQLValue]] {
    guard let place = columns.firstIndex(where: { $0.key == "words" }), case .bytes(let packed) = values[place]
    else { return [] }
    var rows: [[SQLValue]] = []
    for item in try Health.items(packed: packed) where item.verdict == .failing || item.verdict == .attention {
      if let reason = question.reason, reason != item.item { continue }
      if let severity = question.severity, severity != item.verdict.rawValue { continue }
      var row = values
      for (index, column) in columns.enumerated() {
        switch column.key {
        case "item": row[index] = .text(item.item)
        case "verdict": row[index] = .text(item.verdict.rawValue)
        case "words": row[index] = .text(item.reason)
        default: break
        }
      }
      rows.append(row)
    }
    return rows
  }

  static let unassigned = Report(
    id: "unassigned", title: "Unassigned devices",
    words:
      "Devices in use that no student and no member of staff has: what can still be given out. Those that are on their way or in repair are not among them.",
    rule: .scopedSchools(AccessRule.anyReader), columns: place + names + standing + health + ids,
    filters: [.school, .model, .stage, .wellness],
    source: .tables { district, question in
      var query = DeviceTables.query(
        in: district, question,
        [
          DeviceTables.isInUse, "COALESCE(d.stage, '') NOT IN ('shipped', 'in-repair')",
          "COALESCE(d.custody, '') <> 'person'",
        ])
      query.isWalk = true
      return query
    })

  /// Since when and why is told by the event that made the stage: the last that is of its kind or states it.
  static let losses = Report(
    id: "losses", title: "Lost, stolen and in repair",
    words: "Devices that are lost, stolen or in repair: since when, what is the matter, and the police report.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: place + names + [
      Column("stage", "Stage", "d.stage", codes: .stage), Column("since", "Since", .instant, "e.at"),
      Column("category", "What is repaired", "e.category"), Column("policeReport", "Police report", "e.police_report"),
      Column("at", "Is with", "h.holder", codes: .holder), Column("lastSeen", "Last seen", .instant, "c.last_contact"),
    ] + ids,
    filters: [.school, .model, .stage], stages: [.lost, .stolen, .inRepair],
    source: .tables { district, question in
      var query = DeviceTables.query(
        in: district, question, ["d.stage IN ('lost', 'stolen', 'in-repair')"])
      query.from = """
        \(DeviceTables.from)
        LEFT JOIN registry_report_event_v1 AS e ON e.district_id = d.district_id AND e.device_id = d.device_id
          AND e.sequence = (SELECT MAX(l.sequence) FROM registry_report_event_v1 AS l
            WHERE l.district_id = d.district_id AND l.device_id = d.device_id
              AND (l.stage = d.stage OR l.kind =
                CASE d.stage WHEN 'in-repair' THEN 'sent-to-repair' ELSE d.stage END))
        """
      return query
    })
}

extension Report.Column {
  fileprivate init(_ key: String, _ title: String, _ value: SQL, isUsual: Bool = true, codes: CodeWords? = nil) {
    self.init(key, title, .text, value, isUsual: isUsual, codes: codes)
  }
}
