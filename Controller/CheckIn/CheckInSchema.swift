internal import Storage

/// Check-in's own tables. `checkin_software_base` is shared by all districts: a list of packages names nobody.
enum CheckInSchema {
  static let migrations = [
    Migration(
      "checkin", 1,
      [
        // One row a key: what was last taken of it, and the answer, in case the answer was lost.
        """
        CREATE TABLE checkin_state (
          district_id TEXT NOT NULL, key BYTEA NOT NULL, device_id TEXT NOT NULL, held BOOLEAN NOT NULL,
          sequence BIGINT NOT NULL CHECK (sequence >= 1), body_digest BYTEA NOT NULL, reply BYTEA NOT NULL,
          hashes BYTEA NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (district_id, key)
        )
        """,
        "CREATE INDEX checkin_state_device ON checkin_state (district_id, device_id)",
        """
        CREATE TABLE checkin_section (
          district_id TEXT NOT NULL, device_id TEXT NOT NULL, section TEXT NOT NULL, hash BYTEA NOT NULL,
          body BYTEA NOT NULL, changed_at BIGINT NOT NULL, PRIMARY KEY (district_id, device_id, section)
        )
        """,
        """
        CREATE TABLE checkin_software_base (
          base_id BYTEA NOT NULL PRIMARY KEY, packed BYTEA NOT NULL, packages BIGINT NOT NULL, sketch BYTEA NOT NULL,
          created_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE checkin_software (
          district_id TEXT NOT NULL, device_id TEXT NOT NULL,
          base_id BYTEA NOT NULL REFERENCES checkin_software_base (base_id), difference BYTEA NOT NULL,
          digest BYTEA NOT NULL, packages BIGINT NOT NULL, changed_at BIGINT NOT NULL,
          PRIMARY KEY (district_id, device_id)
        )
        """,
        // The facts of a quarantined key, apart from any device until a person decides.
        """
        CREATE TABLE checkin_held (
          district_id TEXT NOT NULL, key BYTEA NOT NULL, section TEXT NOT NULL, hash BYTEA NOT NULL,
          body BYTEA NOT NULL, changed_at BIGINT NOT NULL, PRIMARY KEY (district_id, key, section)
        )
        """,
      ]),
    // The sweep of unused bases looks by age, and for the devices of one base; so does the reference's own check.
    Migration(
      "checkin", 2,
      [
        "CREATE INDEX checkin_software_base_age ON checkin_software_base (created_at, base_id)",
        "CREATE INDEX checkin_software_by_base ON checkin_software (base_id)",
      ]),
    Migration("checkin", 3, SoftwareIndexSchema.statements),
    Migration("checkin", 4, inKeys),
    Migration("checkin", 5, SummarySchema.statements),
    // Of the row of the vitals alone; see `HealthReadings`.
    Migration("checkin", 6, ["ALTER TABLE checkin_section ADD COLUMN readings BYTEA"]),
    Migration("checkin", 7, SummarySchema.packed),
  ]

  /// Of what each device has a row, or several; on SQLite this takes a sixth of the file.
  private static let inKeys: [SQL] = [
    // A device's other keys are asked of the registry.
    "DROP INDEX checkin_state_device",
    .rowsInKey(
      of: "checkin_state", key: "district_id, key",
      columns: """
        district_id TEXT NOT NULL, key BYTEA NOT NULL, device_id TEXT NOT NULL, held BOOLEAN NOT NULL,
        sequence BIGINT NOT NULL CHECK (sequence >= 1), body_digest BYTEA NOT NULL, reply BYTEA NOT NULL,
        hashes BYTEA NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (district_id, key)
        """),
    .rowsInKey(
      of: "checkin_section", key: "district_id, device_id, section",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL, section TEXT NOT NULL, hash BYTEA NOT NULL,
        body BYTEA NOT NULL, changed_at BIGINT NOT NULL, PRIMARY KEY (district_id, device_id, section)
        """),
    .rowsInKey(
      of: "checkin_software", key: "district_id, device_id",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL,
        base_id BYTEA NOT NULL REFERENCES checkin_software_base (base_id), difference BYTEA NOT NULL,
        digest BYTEA NOT NULL, packages BIGINT NOT NULL, changed_at BIGINT NOT NULL,
        PRIMARY KEY (district_id, device_id)
        """,
      indexes: "CREATE INDEX checkin_software_by_base ON checkin_software (base_id, district_id, device_id);"),
  ]
}
