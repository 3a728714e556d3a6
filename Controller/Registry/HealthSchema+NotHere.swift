import Storage

extension HealthSchema {
  /// Devices that somebody only expects are counted under `not-here`: a state that ordered 400,000 laptops has none of them in
  /// use, and of unknown health, before they come. A device without a stage, as an imported inventory makes it, is here. It replaces
  /// every trigger of ``statements`` and ``keptPlans``, which stay as states were made with them, and counts anew.
  static let notHere: [SQL] = [
    notHereTriggers,
    // The triggers hold both tables until this is committed: what other controllers write meanwhile waits.
    "DELETE FROM registry_health_delta", "DELETE FROM registry_health_count",
    """
    INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
    SELECT registry_device.district_id, COALESCE(school_id, ''),
      CASE WHEN stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN stage = 'ordered'
        THEN 'not-here' ELSE COALESCE(health, 'unknown') END, COUNT(*)
    FROM registry_device LEFT JOIN registry_contact ON registry_contact.district_id = registry_device.district_id
      AND registry_contact.device_id = registry_device.device_id
    GROUP BY 1, 2, 3
    """,
  ]

  private static let notHereTriggers: SQL = .perEngine(
    sqlite: """
      DROP TRIGGER registry_health_device_insert;
      DROP TRIGGER registry_health_device_delete;
      DROP TRIGGER registry_health_device_update;
      DROP TRIGGER registry_health_contact_insert;
      DROP TRIGGER registry_health_contact_update;
      DROP TRIGGER registry_health_contact_delete;
      CREATE TRIGGER registry_health_device_insert AFTER INSERT ON registry_device BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        VALUES (NEW.district_id, COALESCE(NEW.school_id, ''),
          CASE WHEN NEW.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN NEW.stage = 'ordered'
            THEN 'not-here' ELSE 'unknown' END, 1)
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + 1;
      END;
      CREATE TRIGGER registry_health_device_delete AFTER DELETE ON registry_device BEGIN
        UPDATE registry_health_count SET devices = devices - 1
        WHERE district_id = OLD.district_id AND school_id = COALESCE(OLD.school_id, '') AND verdict =
          CASE WHEN OLD.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN OLD.stage = 'ordered'
            THEN 'not-here' ELSE 'unknown' END;
      END;
      CREATE TRIGGER registry_health_device_update AFTER UPDATE OF district_id, school_id, stage ON registry_device
      WHEN OLD.district_id <> NEW.district_id OR OLD.school_id IS NOT NEW.school_id
        OR (COALESCE(OLD.stage, '') IN ('lost', 'stolen', 'retired'))
          <> (COALESCE(NEW.stage, '') IN ('lost', 'stolen', 'retired'))
        OR (COALESCE(OLD.stage, '') = 'ordered') <> (COALESCE(NEW.stage, '') = 'ordered')
      BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT moved.district_id, moved.school_id,
          CASE WHEN moved.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN moved.stage = 'ordered'
            THEN 'not-here' ELSE COALESCE(
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
          AND COALESCE(stage, '') NOT IN ('ordered', 'lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END;
      CREATE TRIGGER registry_health_contact_update AFTER UPDATE OF health ON registry_contact
      WHEN OLD.health <> NEW.health BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT registry_device.district_id, COALESCE(school_id, ''), told.verdict, told.devices
        FROM registry_device CROSS JOIN (
          SELECT OLD.health AS verdict, -1 AS devices UNION ALL SELECT NEW.health, 1) AS told
        WHERE registry_device.district_id = NEW.district_id AND registry_device.device_id = NEW.device_id
          AND COALESCE(stage, '') NOT IN ('ordered', 'lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END;
      CREATE TRIGGER registry_health_contact_delete AFTER DELETE ON registry_contact WHEN OLD.health <> 'unknown' BEGIN
        INSERT INTO registry_health_count (district_id, school_id, verdict, devices)
        SELECT registry_device.district_id, COALESCE(school_id, ''), told.verdict, told.devices
        FROM registry_device CROSS JOIN (
          SELECT OLD.health AS verdict, -1 AS devices UNION ALL SELECT 'unknown', 1) AS told
        WHERE registry_device.district_id = OLD.district_id AND registry_device.device_id = OLD.device_id
          AND COALESCE(stage, '') NOT IN ('ordered', 'lost', 'stolen', 'retired')
        ON CONFLICT (district_id, school_id, verdict) DO UPDATE SET devices = devices + excluded.devices;
      END
      """,
    postgres: """
      DO $do$ BEGIN
        LOCK TABLE registry_device, registry_contact IN SHARE ROW EXCLUSIVE MODE;

        CREATE OR REPLACE FUNCTION registry_health_devices_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices)
          SELECT district_id, COALESCE(school_id, ''),
            CASE WHEN stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN stage = 'ordered'
              THEN 'not-here' ELSE 'unknown' END, COUNT(*)
          FROM added GROUP BY 1, 2, 3;
          RETURN NULL;
        END $$;

        CREATE OR REPLACE FUNCTION registry_health_contact() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          contact registry_contact;
          school TEXT;
          stood TEXT;
        BEGIN
          IF TG_OP = 'DELETE' THEN contact := OLD; ELSE contact := NEW; END IF;
          SELECT school_id, stage INTO school, stood FROM registry_device
          WHERE district_id = contact.district_id AND device_id = contact.device_id;
          IF NOT FOUND OR stood IN ('ordered', 'lost', 'stolen', 'retired') THEN RETURN NULL; END IF;
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices) VALUES
            (contact.district_id, COALESCE(school, ''), COALESCE(OLD.health, 'unknown'), -1),
            (contact.district_id, COALESCE(school, ''), COALESCE(NEW.health, 'unknown'), 1);
          RETURN NULL;
        END $$;

        CREATE OR REPLACE FUNCTION registry_health_device() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE told TEXT;
        BEGIN
          SELECT health INTO told FROM registry_contact
          WHERE district_id = OLD.district_id AND device_id = OLD.device_id;
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices) VALUES
            (OLD.district_id, COALESCE(OLD.school_id, ''),
              CASE WHEN OLD.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN OLD.stage = 'ordered'
                THEN 'not-here' ELSE COALESCE(told, 'unknown') END, -1);
          IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
          IF NEW.district_id <> OLD.district_id THEN
            SELECT health INTO told FROM registry_contact
            WHERE district_id = NEW.district_id AND device_id = OLD.device_id;
          END IF;
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices) VALUES
            (NEW.district_id, COALESCE(NEW.school_id, ''),
              CASE WHEN NEW.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' WHEN NEW.stage = 'ordered'
                THEN 'not-here' ELSE COALESCE(told, 'unknown') END, 1);
          RETURN NULL;
        END $$;

        DROP TRIGGER registry_health_device_update ON registry_device;
        CREATE TRIGGER registry_health_device_update AFTER UPDATE OF district_id, school_id, stage ON registry_device
          FOR EACH ROW WHEN (OLD.district_id <> NEW.district_id OR OLD.school_id IS DISTINCT FROM NEW.school_id
            OR (COALESCE(OLD.stage, '') IN ('lost', 'stolen', 'retired'))
              <> (COALESCE(NEW.stage, '') IN ('lost', 'stolen', 'retired'))
            OR (COALESCE(OLD.stage, '') = 'ordered') <> (COALESCE(NEW.stage, '') = 'ordered'))
          EXECUTE FUNCTION registry_health_device();
      END $do$
      """)
}
