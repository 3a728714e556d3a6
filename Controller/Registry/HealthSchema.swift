import Storage

/// How many devices of each school have which verdict, counted by the engine itself as part of every change.
///
/// ```
/// registry_device, registry_contact ──trigger──▶ registry_health_delta ──HealthFolder──▶ registry_health_count
///                                   (SQLite: directly) ────────────────────────────────▶
/// ```
/// A count is the sum over both tables, exact at each commit. PostgreSQL only adds rows, so that no transaction waits for the
/// counts of another one; on SQLite there is one writer, which changes the count itself. A device whose stage is lost, stolen
/// or retired stands under `out-of-use` whatever it told last; one that never told anything is `unknown`. The empty school
/// has the devices of none.
///
/// A check-in whose health is as it was fires nothing: `UPDATE OF health` takes part only where a statement sets that column,
/// and a first contact without health is `unknown` as before. PostgreSQL lets no trigger with a list of columns see a
/// statement's rows together, so only new devices are counted many at a time.
enum HealthSchema {
  static let statements: [SQL] = [
    """
    CREATE TABLE registry_health_count (
      district_id TEXT NOT NULL, school_id TEXT NOT NULL, verdict TEXT NOT NULL, devices BIGINT NOT NULL,
      PRIMARY KEY (district_id, school_id, verdict)
    )
    """,
    """
    CREATE TABLE registry_health_delta (
      district_id TEXT NOT NULL, id BIGINT NOT NULL, school_id TEXT NOT NULL, verdict TEXT NOT NULL,
      devices BIGINT NOT NULL, PRIMARY KEY (district_id, id)
    )
    """,
    triggers,
    // After the triggers, which hold both tables until this is committed: what other controllers write meanwhile waits.
    """
    INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
    SELECT registry_device.district_id, COALESCE(school_id, ''),
      CASE WHEN stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE COALESCE(health, 'unknown') END, COUNT(*)
    FROM registry_device LEFT JOIN registry_contact ON registry_contact.district_id = registry_device.district_id
      AND registry_contact.device_id = registry_device.device_id
    GROUP BY 1, 2, 3
    """,
  ]

  private static let triggers: SQL = .perEngine(
    sqlite: """
      CREATE TRIGGER registry_health_device_insert AFTER INSERT ON registry_device BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        VALUES (NEW.district_id, COALESCE(NEW.school_id, ''),
          CASE WHEN NEW.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE 'unknown' END, 1)
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + 1;
      END;
      CREATE TRIGGER registry_health_device_delete AFTER DELETE ON registry_device BEGIN
        UPDATE registry_health_count SET devices = devices - 1
        WHERE district_id = OLD.district_id AND school_id = COALESCE(OLD.school_id, '') AND verdict =
          CASE WHEN OLD.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE 'unknown' END;
      END;
      CREATE TRIGGER registry_health_device_update AFTER UPDATE OF district_id, school_id, stage ON registry_device
      WHEN OLD.district_id <> NEW.district_id OR OLD.school_id IS NOT NEW.school_id
        OR (COALESCE(OLD.stage, '') IN ('lost', 'stolen', 'retired'))
          <> (COALESCE(NEW.stage, '') IN ('lost', 'stolen', 'retired'))
      BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT moved.district_id, moved.school_id,
          CASE WHEN moved.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE COALESCE(
            (SELECT health FROM registry_contact
              WHERE registry_contact.district_id = moved.district_id AND registry_contact.device_id = NEW.device_id),
            'unknown') END, moved.devices
        FROM (
          SELECT OLD.district_id AS district_id, COALESCE(OLD.school_id, '') AS school_id, OLD.stage AS stage, -1 AS devices
          UNION ALL SELECT NEW.district_id, COALESCE(NEW.school_id, ''), NEW.stage, 1) AS moved
        WHERE 1 = 1
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END;
      CREATE TRIGGER registry_health_contact_insert AFTER INSERT ON registry_contact WHEN NEW.health <> 'unknown' BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT registry_device.district_id, COALESCE(school_id, ''), told.verdict, told.devices
        FROM registry_device CROSS JOIN (
          SELECT 'unknown' AS verdict, -1 AS devices UNION ALL SELECT NEW.health, 1) AS told
        WHERE registry_device.district_id = NEW.district_id AND registry_device.device_id = NEW.device_id
          AND COALESCE(stage, '') NOT IN ('lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END;
      CREATE TRIGGER registry_health_contact_update AFTER UPDATE OF health ON registry_contact
      WHEN OLD.health <> NEW.health BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT registry_device.district_id, COALESCE(school_id, ''), told.verdict, told.devices
        FROM registry_device CROSS JOIN (
          SELECT OLD.health AS verdict, -1 AS devices UNION ALL SELECT NEW.health, 1) AS told
        WHERE registry_device.district_id = NEW.district_id AND registry_device.device_id = NEW.device_id
          AND COALESCE(stage, '') NOT IN ('lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END;
      CREATE TRIGGER registry_health_contact_delete AFTER DELETE ON registry_contact WHEN OLD.health <> 'unknown' BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT registry_device.district_id, COALESCE(school_id, ''), told.verdict, told.devices
        FROM registry_device CROSS JOIN (
          SELECT OLD.health AS verdict, -1 AS devices UNION ALL SELECT 'unknown', 1) AS told
        WHERE registry_device.district_id = OLD.district_id AND registry_device.device_id = OLD.device_id
          AND COALESCE(stage, '') NOT IN ('lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END
      """,
    postgres: """
      DO $do$ BEGIN
        ALTER TABLE registry_health_delta ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;

        CREATE FUNCTION registry_health_devices_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices)
          SELECT district_id, COALESCE(school_id, ''),
            CASE WHEN stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE 'unknown' END, COUNT(*)
          FROM added GROUP BY 1, 2, 3;
          RETURN NULL;
        END $$;
        CREATE TRIGGER registry_health_devices_new AFTER INSERT ON registry_device REFERENCING NEW TABLE AS added
          FOR EACH STATEMENT EXECUTE FUNCTION registry_health_devices_new();

        CREATE FUNCTION registry_health_device() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices)
          SELECT moved.district_id, COALESCE(moved.school_id, ''),
            CASE WHEN moved.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE COALESCE(
              (SELECT health FROM registry_contact
                WHERE registry_contact.district_id = moved.district_id AND registry_contact.device_id = OLD.device_id),
              'unknown') END, moved.devices
          FROM (VALUES (OLD.district_id, OLD.school_id, OLD.stage, -1), (NEW.district_id, NEW.school_id, NEW.stage, 1))
            AS moved (district_id, school_id, stage, devices)
          WHERE moved.district_id IS NOT NULL;
          RETURN NULL;
        END $$;
        CREATE TRIGGER registry_health_device_update AFTER UPDATE OF district_id, school_id, stage ON registry_device
          FOR EACH ROW WHEN (OLD.district_id <> NEW.district_id OR OLD.school_id IS DISTINCT FROM NEW.school_id
            OR (COALESCE(OLD.stage, '') IN ('lost', 'stolen', 'retired'))
              <> (COALESCE(NEW.stage, '') IN ('lost', 'stolen', 'retired')))
          EXECUTE FUNCTION registry_health_device();
        CREATE TRIGGER registry_health_device_delete AFTER DELETE ON registry_device
          FOR EACH ROW EXECUTE FUNCTION registry_health_device();

        CREATE FUNCTION registry_health_contact() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices)
          SELECT registry_device.district_id, COALESCE(school_id, ''), COALESCE(told.verdict, 'unknown'), told.devices
          FROM registry_device CROSS JOIN (VALUES (OLD.health, -1), (NEW.health, 1)) AS told (verdict, devices)
          WHERE registry_device.district_id = COALESCE(NEW.district_id, OLD.district_id)
            AND registry_device.device_id = COALESCE(NEW.device_id, OLD.device_id)
            AND COALESCE(stage, '') NOT IN ('lost', 'stolen', 'retired');
          RETURN NULL;
        END $$;
        CREATE TRIGGER registry_health_contact_insert AFTER INSERT ON registry_contact
          FOR EACH ROW WHEN (NEW.health <> 'unknown') EXECUTE FUNCTION registry_health_contact();
        CREATE TRIGGER registry_health_contact_update AFTER UPDATE OF health ON registry_contact
          FOR EACH ROW WHEN (OLD.health <> NEW.health) EXECUTE FUNCTION registry_health_contact();
        CREATE TRIGGER registry_health_contact_delete AFTER DELETE ON registry_contact
          FOR EACH ROW WHEN (OLD.health <> 'unknown') EXECUTE FUNCTION registry_health_contact();
      END $do$
      """)
}
