import Storage

extension HealthSchema {
  /// The functions of the triggers on PostgreSQL, in statements whose plans are kept.
  ///
  /// Each looks one row up by its key, in a statement of its own. As one statement that joined what was told with the device,
  /// PostgreSQL took the plan for any values as dearer than one for these, and planned anew for each row: eight times as long.
  static let keptPlans: SQL = .perEngine(
    sqlite: "SELECT 1",
    postgres: """
      DO $do$ BEGIN
        CREATE OR REPLACE FUNCTION registry_health_contact() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          contact registry_contact;
          school TEXT;
          stood TEXT;
        BEGIN
          IF TG_OP = 'DELETE' THEN contact := OLD; ELSE contact := NEW; END IF;
          SELECT school_id, stage INTO school, stood FROM registry_device
          WHERE district_id = contact.district_id AND device_id = contact.device_id;
          IF NOT FOUND OR stood IN ('lost', 'stolen', 'retired') THEN RETURN NULL; END IF;
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
              CASE WHEN OLD.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE COALESCE(told, 'unknown') END, -1);
          IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
          IF NEW.district_id <> OLD.district_id THEN
            SELECT health INTO told FROM registry_contact
            WHERE district_id = NEW.district_id AND device_id = OLD.device_id;
          END IF;
          INSERT INTO registry_health_delta (district_id, school_id, verdict, devices) VALUES
            (NEW.district_id, COALESCE(NEW.school_id, ''),
              CASE WHEN NEW.stage IN ('lost', 'stolen', 'retired') THEN 'out-of-use' ELSE COALESCE(told, 'unknown') END, 1);
          RETURN NULL;
        END $$;
      END $do$
      """)
}
