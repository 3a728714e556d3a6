internal import Storage

/// The index of installed software: which packages a district's devices have, and which devices have a package.
///
/// ```
/// checkin_base_package     the packages of each base, by name; a base has a short number
/// checkin_base_use         how many devices of a district differ from which base; under "*" those of the state
/// checkin_package_tally    what the devices' differences add to and take from that, by package name
/// checkin_package_devices  the devices whose difference touches a package name, in runs of their ids
/// checkin_software_stale   the devices whose software changed since, with what the index still says of them
/// ```
/// A check-in only marks its device as stale, in its own transaction; ``SoftwareIndexer`` brings the index up to date in
/// short steps. So many devices that take the same update never wait for one another's rows.
enum SoftwareIndexSchema {
  /// The tenant under which the sums of all districts stand; no district can have this code.
  static let stateTenant = "*"

  static let statements: [SQL] = [
    "ALTER TABLE checkin_software_base ADD COLUMN number BIGINT",
    "CREATE UNIQUE INDEX checkin_software_base_number ON checkin_software_base (number)",
    // Leads by base, which devices of all districts share; also answers the reference's own check.
    "DROP INDEX checkin_software_by_base",
    "CREATE INDEX checkin_software_by_base ON checkin_software (base_id, district_id, device_id)",
    """
    CREATE TABLE checkin_base_package (
      name TEXT NOT NULL, base_number BIGINT NOT NULL, line BIGINT NOT NULL, version TEXT NOT NULL,
      architecture TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (name, base_number, line)
    )\(clustered)
    """,
    "CREATE TABLE checkin_package_name (name TEXT NOT NULL PRIMARY KEY)\(clustered)",
    """
    CREATE TABLE checkin_base_use (
      district_id TEXT NOT NULL, base_number BIGINT NOT NULL, devices BIGINT NOT NULL CHECK (devices >= 0),
      PRIMARY KEY (district_id, base_number)
    )\(clustered)
    """,
    """
    CREATE TABLE checkin_package_tally (
      district_id TEXT NOT NULL, name TEXT NOT NULL, tally BYTEA NOT NULL, PRIMARY KEY (district_id, name)
    )
    """,
    """
    CREATE TABLE checkin_package_devices (
      district_id TEXT NOT NULL, name TEXT NOT NULL, low TEXT NOT NULL, devices BYTEA NOT NULL,
      PRIMARY KEY (district_id, name, low)
    )
    """,
    """
    CREATE TABLE checkin_software_stale (
      district_id TEXT NOT NULL, device_id TEXT NOT NULL,
      base_id BYTEA REFERENCES checkin_software_base (base_id), difference BYTEA,
      PRIMARY KEY (district_id, device_id), CHECK ((base_id IS NULL) = (difference IS NULL))
    )
    """,
    "CREATE INDEX checkin_software_stale_base ON checkin_software_stale (base_id)",
    // What is there already, of every district, is indexed like what comes: in short steps, while check-ins go on.
    .perEngine(sqlite: "SELECT 1", postgres: "SELECT set_config('rollcall.districts', '*', TRUE)"),
    "INSERT INTO checkin_software_stale (district_id, device_id) SELECT district_id, device_id FROM checkin_software",
  ]

  /// SQLite then keeps the row in its key's own tree, and not a second time beside it.
  private static let clustered = SQL.perEngine(sqlite: " WITHOUT ROWID", postgres: "")
}
