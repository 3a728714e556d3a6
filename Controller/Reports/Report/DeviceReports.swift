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
    Column("stage", "Stage", "d.stage"), Column("custody", "Who answers for it", "d.custody", isUsual: false),
    Column("holder", "Holder", "h.holder", isUsual: false),
    Column("holderSince", "Held since", .instant, "h.since", isUsual: false),
  ]
  static let health: [Column] = [
    Column("wellness", "Wellness", "COALESCE(c.health, 'unknown')"),
    Column("lastSeen", "Last seen", .instant, "c.last_contact"),
  ]
  static let machine: [Column] = [
    Column("system", "System", "s.os_name", isUsual: false),
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
    rule: .scopedSchools(AccessRule.anyReader), columns: all, filters: filters,
    source: .tables { DeviceTables.query(in: $0, $1) })

  static let attention = Report(
    id: "attention", title: "Devices that need attention",
    words: "A row for each thing that is not well with a device in use, with the reason in words.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: place + names + [
      Column("stage", "Stage", "d.stage", isUsual: false),
      Column("item", "What", "r.item"), Column("verdict", "How bad", "r.verdict"), Column("words", "Why", "r.words"),
      Column("lastSeen", "Last seen", .instant, "c.last_contact"),
    ] + machine.filter { ["battery", "diskUsed", "updates"].contains($0.key) } + ids,
    filters: [.school, .model, .reason, .severity],
    source: .tables { district, question in
      var question = question
      let (reason, severity) = (question.reason, question.severity)
      question.reason = nil
      var query = DeviceTables.query(in: district, question, [DeviceTables.isInUse, "r.district_id = \(district)"])
      query.from = """
        checkin_report_reason_v1 AS r
        JOIN registry_report_device_v1 AS d ON d.district_id = r.district_id AND d.device_id = r.device_id
        LEFT JOIN registry_report_contact_v1 AS c ON c.district_id = d.district_id AND c.device_id = d.device_id
        LEFT JOIN checkin_report_summary_v1 AS s ON s.district_id = d.district_id AND s.device_id = d.device_id
        """
      if let reason { query.conditions.append("r.item = \(reason)") }
      if let severity { query.conditions.append("r.verdict = \(severity)") }
      query.key = [.init(value: "r.item"), .init(value: "r.device_id")]
      return query
    })

  static let unassigned = Report(
    id: "unassigned", title: "Unassigned devices",
    words: "Devices in use that no student and no member of staff has: what can still be given out.",
    rule: .scopedSchools(AccessRule.anyReader), columns: place + names + standing + health + ids,
    filters: [.school, .model, .stage, .wellness],
    source: .tables { district, question in
      DeviceTables.query(
        in: district, question, [DeviceTables.isInUse, "COALESCE(d.custody, '') <> 'person'"])
    })

  /// The event that brought the device where it is: the last of its kind.
  static let losses = Report(
    id: "losses", title: "Lost, stolen and in repair",
    words: "Devices that are lost, stolen or in repair: since when, what is the matter, and the police report.",
    rule: .scopedSchools(AccessRule.anyReader),
    columns: place + names + [
      Column("stage", "Stage", "d.stage"), Column("since", "Since", .instant, "e.at"),
      Column("category", "What is repaired", "e.category"), Column("policeReport", "Police report", "e.police_report"),
      Column("at", "Is with", "h.holder"), Column("lastSeen", "Last seen", .instant, "c.last_contact"),
    ] + ids,
    filters: [.school, .model, .stage],
    source: .tables { district, question in
      var query = DeviceTables.query(
        in: district, question, ["d.stage IN ('lost', 'stolen', 'in-repair')"])
      query.from = """
        \(DeviceTables.from)
        LEFT JOIN registry_report_event_v1 AS e ON e.district_id = d.district_id AND e.device_id = d.device_id
          AND e.sequence = (SELECT MAX(l.sequence) FROM registry_report_event_v1 AS l
            WHERE l.district_id = d.district_id AND l.device_id = d.device_id
              AND l.kind IN ('lost', 'stolen', 'sent-to-repair'))
        """
      return query
    })
}

extension Report.Column {
  fileprivate init(_ key: String, _ title: String, _ value: SQL, isUsual: Bool = true) {
    self.init(key, title, .text, value, isUsual: isUsual)
  }
}
