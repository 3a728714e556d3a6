import Storage

/// The registry's tables. Only the registry writes them.
enum RegistrySchema {
  static let migrations = [
    Migration("registry", 1, districts + devices + keys + ledger + contacts + changes),
    Migration("registry", 2, searches), Migration("registry", 3, [waitingKeys]),
    Migration("registry", 4, [followedKeys]), Migration("registry", 5, RetentionStore.schema),
    Migration("registry", 6, shorter),
    Migration("registry", 7, HealthSchema.statements), Migration("registry", 8, [HealthSchema.keptPlans]),
    Migration("registry", 9, CustodyStore.schema + CalendarStore.schema),
    Migration("registry", 10, stateWideNames), Migration("registry", 11, CustodyStore.owners),
    Migration("registry", 12, serialEnds), Migration("registry", 13, [HeldDevices.index]),
    Migration("registry", 14, ReportViews.statements), Migration("registry", 15, NetworkStore.schema),
    Migration("registry", 16, ReportViews.second), Migration("registry", 17, leaner),
    Migration("registry", 18, HealthSchema.notHere), Migration("registry", 19, KeptFile.schema),
  ]

  /// Each search of the list of devices finds `district_id, device_id` in an index alone.
  private static let searches: [SQL] = [
    "CREATE INDEX registry_device_stage ON registry_device (district_id, stage, device_id)",
    "CREATE INDEX registry_device_management ON registry_device (district_id, management, device_id)",
    "DROP INDEX registry_device_school",
    "CREATE INDEX registry_device_school ON registry_device (district_id, school_id, device_id)",
    "DROP INDEX registry_contact_health",
    "CREATE INDEX registry_contact_health ON registry_contact (district_id, health, device_id)",
  ]

  /// Whoever answers for the whole state looks a name up once, not in each district's part of an index.
  private static let stateWideNames: [SQL] = [
    """
    CREATE INDEX registry_device_asset_tag_in_state ON registry_device (asset_tag_folded, district_id, device_id)
    WHERE asset_tag_folded IS NOT NULL
    """,
    """
    CREATE INDEX registry_device_hostname_in_state ON registry_device (hostname_folded, district_id, device_id)
    WHERE hostname_folded IS NOT NULL
    """,
  ]

  /// Who looks a name up in the whole state finds few devices, and reads the row of each anyway: their ids in these indexes were
  /// 32 MB of 400,000 devices.
  private static let leaner: [SQL] = [
    "DROP INDEX registry_device_serial_elsewhere",
    "CREATE INDEX registry_device_serial_elsewhere ON registry_device (serial_folded, district_id)",
    "DROP INDEX registry_device_asset_tag_in_state",
    """
    CREATE INDEX registry_device_asset_tag_in_state ON registry_device (asset_tag_folded, district_id)
    WHERE asset_tag_folded IS NOT NULL
    """,
    "DROP INDEX registry_device_hostname_in_state",
    """
    CREATE INDEX registry_device_hostname_in_state ON registry_device (hostname_folded, district_id)
    WHERE hostname_folded IS NOT NULL
    """,
    "DROP INDEX registry_device_serial_reversed",
    """
    CREATE INDEX registry_device_serial_reversed ON registry_device (serial_reversed, district_id)
    WHERE serial_reversed IS NOT NULL
    """,
  ]

  /// Whoever reads a serial out often has its last characters alone: the serial from its end to its beginning, for an index.
  /// One of the whole state is enough, for few devices share four last characters and more.
  private static let serialEnds: [SQL] = [
    "ALTER TABLE registry_device ADD COLUMN serial_reversed TEXT",
    reverse,
    """
    CREATE INDEX registry_device_serial_reversed ON registry_device (serial_reversed, district_id, device_id)
    WHERE serial_reversed IS NOT NULL
    """,
  ]

  /// For the devices that are there already. SQLite has no function for it.
  static let reverse = SQL.perEngine(
    sqlite: """
      UPDATE registry_device SET serial_reversed = (
        WITH RECURSIVE turned (place, text) AS (
          SELECT length(serial_folded), '' UNION ALL
          SELECT place - 1, text || substr(serial_folded, place, 1) FROM turned WHERE place > 0)
        SELECT text FROM turned WHERE place = 0)
      WHERE serial_folded IS NOT NULL
      """,
    postgres: "UPDATE registry_device SET serial_reversed = reverse(serial_folded) WHERE serial_folded IS NOT NULL")

  /// Keys that wait for a person are listed by their digests; there are few, or none.
  private static let waitingKeys: SQL =
    "CREATE INDEX registry_key_waiting ON registry_key (district_id, digest) WHERE state = 'pending'"

  /// On an engine that several controllers share, each finds what the others did to keys: by the transaction that did it,
  /// for those that are not yet committed have a place in that order too. See ``KeyFollower``.
  private static let followedKeys: SQL = .perEngine(
    sqlite: "SELECT 1",
    postgres: """
      DO $do$ BEGIN
        ALTER TABLE registry_key ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
        CREATE INDEX registry_key_changed ON registry_key (changed_in);
        CREATE FUNCTION registry_key_changed() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN NEW.changed_in := pg_current_xact_id(); RETURN NEW; END $$;
        CREATE TRIGGER registry_key_changed BEFORE INSERT OR UPDATE ON registry_key
          FOR EACH ROW EXECUTE FUNCTION registry_key_changed();
      END $do$
      """)

  /// Half the space: rows in the trees of their keys, and what health looked at packed (see ``HealthPacking``).
  private static let shorter: [SQL] = [
    // Nearly all are reported by the agent, and nearly all keys are active: these are not found by an index.
    "DROP INDEX registry_device_management",
    """
    CREATE INDEX registry_device_management ON registry_device (district_id, management, device_id)
    WHERE management <> 'agent'
    """,
    "DROP INDEX registry_key_state",
    "CREATE INDEX registry_key_state ON registry_key (district_id, state, device_id) WHERE state <> 'active'",
    .perEngine(
      sqlite: "SELECT 1",
      postgres:
        "ALTER TABLE registry_contact ALTER COLUMN health_items TYPE BYTEA USING convert_to(health_items, 'UTF8')"),
    .rowsInKey(
      of: "registry_contact", key: "district_id, device_id",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL, last_contact BIGINT NOT NULL, next_contact BIGINT NOT NULL,
        agent_version TEXT NOT NULL, clock_offset BIGINT NOT NULL, health TEXT NOT NULL, health_items BYTEA NOT NULL,
        PRIMARY KEY (district_id, device_id),
        FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
        """,
      values: """
        district_id, device_id, last_contact, next_contact, agent_version, clock_offset, health,
        CAST(health_items AS BLOB)
        """,
      indexes: "CREATE INDEX registry_contact_health ON registry_contact (district_id, health, device_id);"),
    .rowsInKey(
      of: "registry_device_mac", key: "district_id, mac, device_id",
      columns: """
        district_id TEXT NOT NULL, mac TEXT NOT NULL, device_id TEXT NOT NULL, PRIMARY KEY (district_id, mac, device_id),
        FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
        """, indexes: "CREATE INDEX registry_device_mac_device ON registry_device_mac (district_id, device_id);"),
    .rowsInKey(
      of: "registry_ledger_event", key: "district_id, device_id, sequence",
      columns: """
        district_id TEXT NOT NULL, device_id TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL,
        actor TEXT NOT NULL, kind TEXT NOT NULL, stage TEXT, custody TEXT, reason TEXT, evidence TEXT,
        PRIMARY KEY (district_id, device_id, sequence),
        FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
        """,
      indexes: """
        CREATE TRIGGER registry_ledger_event_update BEFORE UPDATE ON registry_ledger_event
        BEGIN SELECT RAISE(ABORT, 'the custody ledger is append-only'); END;
        CREATE TRIGGER registry_ledger_event_delete BEFORE DELETE ON registry_ledger_event
        BEGIN SELECT RAISE(ABORT, 'the custody ledger is append-only'); END;
        """),
  ]

  private static let districts: [SQL] = [
    """
    CREATE TABLE registry_district (
      district_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
      unknown_serials TEXT NOT NULL CHECK (unknown_serials IN ('refuse', 'pending')), created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE registry_school (
      district_id TEXT NOT NULL REFERENCES registry_district (district_id), school_id TEXT NOT NULL,
      name TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (district_id, school_id)
    )
    """,
  ]

  /// Folded columns are what is compared: serials and asset tags in upper case, host names in lower.
  private static let devices: [SQL] = [
    """
    CREATE TABLE registry_device (
      district_id TEXT NOT NULL REFERENCES registry_district (district_id), device_id TEXT NOT NULL, school_id TEXT,
      serial TEXT, serial_folded TEXT, uuid TEXT, board_serial TEXT, board_serial_folded TEXT,
      asset_tag TEXT, asset_tag_folded TEXT, vendor TEXT, model TEXT, hostname TEXT, hostname_folded TEXT,
      management TEXT NOT NULL CHECK (management IN ('agent', 'external', 'none')),
      identity TEXT NOT NULL CHECK (identity IN ('strong', 'weak', 'serial-only')),
      stage TEXT, custody TEXT, created_at BIGINT NOT NULL,
      PRIMARY KEY (district_id, device_id),
      FOREIGN KEY (district_id, school_id) REFERENCES registry_school (district_id, school_id)
    )
    """,
    "CREATE UNIQUE INDEX registry_device_serial ON registry_device (district_id, serial_folded)",
    "CREATE INDEX registry_device_asset_tag ON registry_device (district_id, asset_tag_folded, device_id)",
    "CREATE INDEX registry_device_hostname ON registry_device (district_id, hostname_folded, device_id)",
    "CREATE INDEX registry_device_school ON registry_device (district_id, school_id)",
    "CREATE INDEX registry_device_uuid ON registry_device (district_id, uuid)",
    "CREATE INDEX registry_device_board ON registry_device (district_id, board_serial_folded)",
    // The state-wide search for a colliding serial; see `DeviceRegistry.serialElsewhere`.
    "CREATE INDEX registry_device_serial_elsewhere ON registry_device (serial_folded, district_id, device_id)",
    // The state-wide search for the device of a certificate that names no district; see `DeviceRegistry.registerPending`.
    "CREATE INDEX registry_device_id ON registry_device (device_id, district_id)",
    """
    CREATE TABLE registry_device_mac (
      district_id TEXT NOT NULL, mac TEXT NOT NULL, device_id TEXT NOT NULL, PRIMARY KEY (district_id, mac, device_id),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """,
    "CREATE INDEX registry_device_mac_device ON registry_device_mac (district_id, device_id)",
  ]

  /// A key has one place in the whole state: its index is the one exception to districts leading every key.
  private static let keys: [SQL] = [
    """
    CREATE TABLE registry_key (
      district_id TEXT NOT NULL, digest BYTEA NOT NULL, device_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('active', 'restricted', 'quarantined', 'pending', 'revoked')),
      certificate_serial TEXT NOT NULL, not_before BIGINT NOT NULL, not_after BIGINT NOT NULL,
      issued_at BIGINT NOT NULL, last_seen BIGINT, replaced_by BYTEA, reason TEXT, revision BIGINT NOT NULL,
      PRIMARY KEY (district_id, digest),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """,
    "CREATE UNIQUE INDEX registry_key_digest ON registry_key (digest)",
    "CREATE INDEX registry_key_device ON registry_key (district_id, device_id)",
    "CREATE INDEX registry_key_state ON registry_key (district_id, state, device_id)",
  ]

  private static let ledger: [SQL] = [
    """
    CREATE TABLE registry_ledger_event (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL,
      actor TEXT NOT NULL, kind TEXT NOT NULL, stage TEXT, custody TEXT, reason TEXT, evidence TEXT,
      PRIMARY KEY (district_id, device_id, sequence),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """,
    .perEngine(
      sqlite: "SELECT 1",
      postgres: """
        CREATE FUNCTION registry_ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the custody ledger is append-only' USING ERRCODE = 'check_violation'; END $$
        """),
    .perEngine(
      sqlite: """
        CREATE TRIGGER registry_ledger_event_update BEFORE UPDATE ON registry_ledger_event
        BEGIN SELECT RAISE(ABORT, 'the custody ledger is append-only'); END
        """,
      postgres: """
        CREATE TRIGGER registry_ledger_event_update BEFORE UPDATE ON registry_ledger_event
        FOR EACH ROW EXECUTE FUNCTION registry_ledger_append_only()
        """),
    .perEngine(
      sqlite: """
        CREATE TRIGGER registry_ledger_event_delete BEFORE DELETE ON registry_ledger_event
        BEGIN SELECT RAISE(ABORT, 'the custody ledger is append-only'); END
        """,
      postgres: """
        CREATE TRIGGER registry_ledger_event_delete BEFORE DELETE ON registry_ledger_event
        FOR EACH ROW EXECUTE FUNCTION registry_ledger_append_only()
        """),
  ]

  private static let contacts: [SQL] = [
    """
    CREATE TABLE registry_contact (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL, last_contact BIGINT NOT NULL, next_contact BIGINT NOT NULL,
      agent_version TEXT NOT NULL, clock_offset BIGINT NOT NULL, health TEXT NOT NULL, health_items TEXT NOT NULL,
      PRIMARY KEY (district_id, device_id),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """,
    "CREATE INDEX registry_contact_health ON registry_contact (district_id, health)",
  ]

  private static let changes: [SQL] = [
    """
    CREATE TABLE registry_change (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL,
      section TEXT NOT NULL, field TEXT NOT NULL, old TEXT, new TEXT, PRIMARY KEY (district_id, device_id, sequence),
      FOREIGN KEY (district_id, device_id) REFERENCES registry_device (district_id, device_id)
    )
    """
  ]
}
