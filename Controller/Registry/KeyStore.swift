import Storage
import Vocabulary

enum KeyStore {
  /// All of them, also the revoked ones, in the order they were issued.
  static func keys(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [DeviceKey] {
    try transaction.rows(
      """
      SELECT \(columns) FROM registry_key WHERE district_id = \(district) AND device_id = \(device)
      ORDER BY issued_at, digest
      """
    ).map(DeviceKey.init)
  }

  /// Those that are not revoked, and the one of `digest` whatever its state, in the order they were issued.
  static func live(
    of device: DeviceID, in district: DistrictID, and digest: Digest? = nil, _ transaction: any Transaction
  ) throws -> [DeviceKey] {
    let named: SQL = digest.map { " OR digest = \($0)" } ?? ""
    return try transaction.rows(
      """
      SELECT \(columns) FROM registry_key
      WHERE district_id = \(district) AND device_id = \(device) AND (state <> 'revoked'\(named)) ORDER BY issued_at, digest
      """
    ).map(DeviceKey.init)
  }

  /// The last `limit` revoked ones, the latest first.
  static func revoked(
    of device: DeviceID, in district: DistrictID, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceKey] {
    try transaction.rows(
      """
      SELECT \(columns) FROM registry_key
      WHERE district_id = \(district) AND device_id = \(device) AND state = 'revoked'
      ORDER BY issued_at DESC, digest DESC LIMIT \(limit)
      """
    ).map(DeviceKey.init)
  }

  /// When the device's latest successor of another key was issued, `digest` itself left out; nil where there is none.
  static func lastSuccessor(
    of device: DeviceID, in district: DistrictID, but digest: Digest, _ transaction: any Transaction
  ) throws -> Instant? {
    try transaction.row(
      """
      SELECT MAX(issued_at) AS latest FROM registry_key
      WHERE district_id = \(district) AND device_id = \(device) AND digest <> \(digest) AND digest IN (
        SELECT replaced_by FROM registry_key
        WHERE district_id = \(district) AND device_id = \(device) AND replaced_by IS NOT NULL)
      """)?.get("latest")
  }

  /// The devices' keys that are not revoked.
  static func live(of devices: [Device], _ transaction: any Transaction) throws -> [DeviceID: [DeviceKey]] {
    var found: [DeviceID: [DeviceKey]] = [:]
    for part in devices.parts(of: 256) {
      // Each pair once: districts and devices as two lists would be looked up in every combination.
      var wanted = part.map { device -> SQL in "(\(device.district), \(device.id))" }
      // Few texts for all lengths: no device has an empty id.
      while wanted.count & (wanted.count - 1) != 0 { wanted.append("('', '')") }
      let query: SQL = """
        WITH wanted (district, device) AS (VALUES \(SQL.joined(wanted, separator: ", ")))
        SELECT \(columns) FROM wanted CROSS JOIN registry_key
        WHERE registry_key.district_id = wanted.district AND registry_key.device_id = wanted.device
          AND state <> 'revoked'
        ORDER BY issued_at, digest
        """
      // A device has few: they are not worth a cursor.
      for row in try transaction.rows(query) {
        let key = try DeviceKey(row)
        found[key.device, default: []].append(key)
      }
    }
    return found
  }

  /// Keys of these devices but the named ones, by district.
  static func others(
    of devices: [(district: DistrictID, device: DeviceID, key: Digest)], _ transaction: any Transaction
  ) throws -> [DistrictID: [Digest]] {
    var found: [DistrictID: [Digest]] = [:]
    for part in devices.parts(of: 256) {
      let named = Set(part.map(\.key))
      var wanted = part.map { "(\($0.district), \($0.device))" as SQL }
      while wanted.count & (wanted.count - 1) != 0 { wanted.append("('', '')") }
      let query: SQL = """
        WITH wanted (district, device) AS (VALUES \(SQL.joined(wanted, separator: ", ")))
        SELECT registry_key.district_id, registry_key.digest FROM wanted CROSS JOIN registry_key
        WHERE registry_key.district_id = wanted.district AND registry_key.device_id = wanted.device
        """
      for row in try transaction.rows(query) {
        let digest: Digest = try row.get("digest")
        guard !named.contains(digest) else { continue }
        found[try row.get("district_id"), default: []].append(digest)
      }
    }
    return found
  }

  /// The key wherever in the state it is: a digest has one place.
  static func key(_ digest: Digest, _ transaction: any Transaction) throws -> DeviceKey? {
    try transaction.row("SELECT \(columns) FROM registry_key WHERE digest = \(digest)").map(DeviceKey.init)
  }

  /// Those of the keys that there are, wherever in the state.
  static func keys(_ digests: [Digest], _ transaction: any Transaction) throws -> [DeviceKey] {
    try transaction.rows("SELECT \(columns) FROM registry_key WHERE digest IN \(list: digests)").map(DeviceKey.init)
  }

  /// Those that wait for a person, by district and digest, from behind `after`.
  static func pending(
    _ scope: TenantScope, after: (district: DistrictID, digest: Digest?)?, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceKey] {
    let rest: SQL
    switch after {
    case nil: rest = ""
    case (let district, nil)?: rest = "AND district_id > \(district)"
    case (let district, let digest?)?: rest = "AND (district_id, digest) > (\(district), \(digest))"
    }
    return try transaction.rows(
      """
      SELECT \(columns) FROM registry_key WHERE \(scope) AND state = 'pending' \(rest)
      ORDER BY district_id, digest LIMIT \(limit)
      """
    ).map(DeviceKey.init)
  }

  static func each(_ transaction: any Transaction, _ body: (DeviceKey) throws -> Void) throws {
    try transaction.each("SELECT \(columns) FROM registry_key ORDER BY district_id") { try body(DeviceKey($0)) }
  }

  /// What has happened until now; nil on an engine that a single controller has.
  static func horizon(_ transaction: any Transaction) throws -> KeyHorizon? {
    guard transaction.engine == .postgres else { return nil }
    return try transaction.row(
      """
      SELECT pg_current_snapshot()::text AS snapshot, pg_snapshot_xmax(pg_current_snapshot())::text AS next,
        (SELECT system_identifier FROM pg_control_system())::text || '/' || CASE WHEN pg_is_in_recovery() THEN 'standby'
          ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS server
      """
    ).map(KeyHorizon.init)
  }

  /// Keys that were changed by transactions of which `since` did not know the end. Rows that a dump brought from another
  /// server bear numbers of the future there: these count when somebody changes them.
  static func changed(since: KeyHorizon, _ transaction: any Transaction) throws -> [DeviceKey] {
    try transaction.rows(
      """
      SELECT \(columns) FROM registry_key WHERE changed_in >= pg_snapshot_xmax(\(since.snapshot)::pg_snapshot)
        AND changed_in < pg_snapshot_xmax(pg_current_snapshot())
      UNION ALL
      SELECT \(columns) FROM registry_key
      WHERE changed_in = ANY (ARRAY(SELECT pg_snapshot_xip(\(since.snapshot)::pg_snapshot)))
      """
    ).map(DeviceKey.init)
  }

  static func count(_ transaction: any Transaction) throws -> Int {
    try transaction.row("SELECT COUNT(*) AS count FROM registry_key")?.get("count") ?? 0
  }

  /// - Throws: `registry.key-elsewhere` where the key belongs to a device already.
  static func insert(_ key: DeviceKey, _ transaction: any Transaction) throws -> DeviceKey {
    let inserted = try transaction.run(
      """
      INSERT INTO registry_key (district_id, digest, device_id, state, certificate_serial, not_before, not_after,
        issued_at, last_seen, replaced_by, reason, revision)
      VALUES (\(key.district), \(key.digest), \(key.device), \(key.state), \(key.certificateSerial), \(key.notBefore),
        \(key.notAfter), \(key.issuedAt), \(key.lastSeen), \(key.replacedBy), \(key.reason),
        \(key.revision))
      ON CONFLICT DO NOTHING
      """)
    guard inserted == 1 else {
      throw RegistryError(.keyElsewhere, "This key belongs to another device; each device makes a key of its own.")
    }
    return key
  }

  /// Many keys that nobody knows yet.
  ///
  /// - Throws: `storage.constraint` where one belongs to a device already.
  static func insert(_ keys: [DeviceKey], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO registry_key (district_id, digest, device_id, state, certificate_serial, not_before, not_after,
        issued_at, reason, revision)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      """,
      rows: keys.lazy.map { key in
        [
          key.district.sqlValue, key.digest.sqlValue, key.device.sqlValue, key.state.sqlValue,
          key.certificateSerial.sqlValue, key.notBefore.sqlValue, key.notAfter.sqlValue, key.issuedAt.sqlValue,
          key.reason.sqlValue, key.revision.sqlValue,
        ]
      })
  }

  /// Writes what may change of the keys.
  ///
  /// - Returns: the keys as they now stand.
  static func update(_ keys: [DeviceKey], _ transaction: any Transaction) throws -> [DeviceKey] {
    try keys.map { key in
      var key = key
      key.revision += 1
      try transaction.run(
        """
        UPDATE registry_key SET state = \(key.state), certificate_serial = \(key.certificateSerial),
          not_before = \(key.notBefore), not_after = \(key.notAfter), issued_at = \(key.issuedAt),
          last_seen = \(key.lastSeen), replaced_by = \(key.replacedBy), reason = \(key.reason),
          revision = \(key.revision)
        WHERE district_id = \(key.district) AND digest = \(key.digest)
        """)
      return key
    }
  }

  private static let columns: SQL = """
    district_id, device_id, digest, state, certificate_serial, not_before, not_after, issued_at, last_seen, replaced_by,
    reason, revision
    """
}
