import Storage

/// What reports may read of the registry. A view is never changed: another shape is another version beside it.
///
/// Each is of one table, so that both engines see through it to the indexes. Who makes such a table anew drops its views
/// first and makes them again after.
enum ReportViews {
  static let statements: [SQL] = [
    .view("registry_report_district_v1", "SELECT district_id, name FROM registry_district"),
    .view("registry_report_school_v1", "SELECT district_id, school_id, name FROM registry_school"),
    .view(
      "registry_report_device_v1",
      """
      SELECT district_id, device_id, school_id, serial, asset_tag, vendor, model, hostname, management, identity, stage,
        custody, created_at FROM registry_device
      """),
    .view(
      "registry_report_contact_v1",
      "SELECT district_id, device_id, last_contact, agent_version, health FROM registry_contact"),
    .view(
      "registry_report_custody_v1",
      "SELECT district_id, device_id, holder, since, due_day FROM registry_custody"),
    // The sum over both parts is exact at each commit; see HealthSchema.
    .view(
      "registry_report_health_v1",
      """
      SELECT district_id, school_id, verdict, devices FROM registry_health_count
      UNION ALL SELECT district_id, school_id, verdict, devices FROM registry_health_delta
      """),
    .view(
      "registry_report_change_v1",
      "SELECT district_id, device_id, sequence, at, section, field, old, new FROM registry_change"),
    .view(
      "registry_report_event_v1",
      """
      SELECT district_id, device_id, sequence, at, kind, stage, holder, category, police_report
      FROM registry_ledger_event
      """),
    // Lists by model, and what happened since a day.
    "CREATE INDEX registry_device_model ON registry_device (district_id, model, device_id)",
    "CREATE INDEX registry_ledger_event_at ON registry_ledger_event (district_id, at, device_id, sequence)",
  ]

  /// Who gets a device in repair back, and what was looked at of its health. What changed is read in the order of time, so
  /// the index knows that order whole; and its rows stand in the tree of their key.
  static let second: [SQL] = [
    "DROP VIEW registry_report_change_v1", "DROP INDEX registry_change_at",
    .rowsInKey(
      of: "registry_change", key: "district_id, device_id, sequence",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL,
        section TEXT NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT, PRIMARY KEY (district_id, device_id, sequence),
        FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
        """),
    "CREATE INDEX registry_change_at ON registry_change (district_id, at, device_id, sequence)",
    .view(
      "registry_report_custody_v2",
      "SELECT district_id, device_id, holder, since, due_day, owner FROM registry_custody"),
    .view(
      "registry_report_change_v1",
      "SELECT district_id, device_id, sequence, at, section, field, old, new FROM registry_change"),
    // The items as ``Health/items(packed:)`` reads them.
    .view(
      "registry_report_contact_v2",
      "SELECT district_id, device_id, last_contact, agent_version, health, health_items FROM registry_contact"),
  ]
}
