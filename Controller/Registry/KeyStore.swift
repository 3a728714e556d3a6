import Storage
import Vocabulary

enum KeyStore {
  /// In the order they were issued.
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

  static func keys(of devices: [Device], _ transaction: any Transaction) throws -> [DeviceID: [DeviceKey]] {
    let districts = Set(devices.map(\.district)).sorted()
    let rows = try transaction.rows(
      """
      SELECT \(columns) FROM registry_key
      WHERE district_id IN \(list: districts) AND device_id IN \(list: devices.map(\.id)) ORDER BY issued_at, digest
      """)
    return Dictionary(grouping: try rows.map(DeviceKey.init), by: \.device)
  }

  /// The key wherever in the state it is: a digest has one place.
  static func key(_ digest: Digest, _ transaction: any Transaction) throws -> DeviceKey? {
    try transaction.row("SELECT \(columns) FROM registry_key WHERE digest = \(digest)").map(DeviceKey.init)
  }

  static func each(_ transaction: any Transaction, _ body: (DeviceKey) throws -> Void) throws {
    try transaction.each("SELECT \(columns) FROM registry_key ORDER BY district_id") { try body(DeviceKey($0)) }
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
