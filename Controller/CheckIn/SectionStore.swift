internal import Compression
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

extension FactSection: SQLConvertible {}

/// `checkin_section` and `checkin_held`: the last facts of a device by section, and those of quarantined keys.
enum SectionStore {
  static func hashes(device: DeviceID, district: DistrictID, in transaction: any Transaction) throws -> SectionHashes {
    var hashes = try collect(
      transaction.rows(
        "SELECT section, hash FROM checkin_section WHERE district_id = \(district) AND device_id = \(device)"))
    let software = try transaction.row(
      "SELECT digest FROM checkin_software WHERE district_id = \(district) AND device_id = \(device)")
    hashes[.software] = try software?.get("digest")
    return SectionHashes(hashes)
  }

  static func heldHashes(key: Digest, district: DistrictID, in transaction: any Transaction) throws -> SectionHashes {
    SectionHashes(
      try collect(
        transaction.rows("SELECT section, hash FROM checkin_held WHERE district_id = \(district) AND key = \(key)")))
  }

  /// What is stored of a device.
  struct Stored {
    /// But its software.
    var facts = Facts()
    /// Sections that cannot be read back, and why.
    var damaged: [(section: FactSection, why: String)] = []
    /// They stand in the row of the vitals.
    var readings = HealthReadings()
  }

  /// The device's facts but its software; sections that cannot be read back are left out and named.
  static func facts(device: DeviceID, district: DistrictID, in transaction: any Transaction) throws -> Stored {
    let query: SQL =
      "SELECT section, body, readings FROM checkin_section WHERE district_id = \(district) AND device_id = \(device)"
    return try transaction.rows(query).reduce(into: Stored()) { try take($1, into: &$0) }
  }

  /// The same of many devices, those that have any. A cross join, as in ``StateStore/rows(of:in:)``.
  static func facts(
    of devices: [(district: DistrictID, device: DeviceID)], in transaction: any Transaction
  ) throws -> [DeviceID: Stored] {
    var pairs = devices.map { "(\($0.district), \($0.device))" as SQL }
    while pairs.count & (pairs.count - 1) != 0 { pairs.append("('', '')") }
    var found: [DeviceID: Stored] = [:]
    for row in try transaction.rows(
      """
      SELECT device_id, section, body, readings
      FROM (VALUES \(SQL.joined(pairs, separator: ", "))) AS wanted CROSS JOIN checkin_section
      WHERE checkin_section.district_id = wanted.column1 AND checkin_section.device_id = wanted.column2
      """)
    {
      let device: DeviceID = try row.get("device_id")
      try take(row, into: &found[device, default: Stored()])
    }
    return found
  }

  private static func take(_ row: Row, into stored: inout Stored) throws {
    let section: FactSection = try row.get("section")
    if let packed: [UInt8] = try row.get("readings") {
      // Numbers that cannot be read back are not worth a refusal: they begin anew.
      stored.readings = HealthReadings(packed: packed) ?? HealthReadings()
    }
    do {
      let body = try FactPacking.unpack(row.get("body"))
      switch section {
      case .identity: stored.facts.identity = try WireCodec.decode(IdentityFacts.self, from: body, as: "an identity")
      case .hardware: stored.facts.hardware = try WireCodec.decode(HardwareFacts.self, from: body, as: "hardware")
      case .system: stored.facts.system = try WireCodec.decode(SystemFacts.self, from: body, as: "a system")
      case .vitals: stored.facts.vitals = try WireCodec.decode(VitalFacts.self, from: body, as: "vitals")
      case .software: break
      }
    } catch let error as CompressionError where error.kind == .unavailable {
      throw error
    } catch {
      stored.damaged.append((section, (error as? any CodedError)?.message ?? "\(error)"))
    }
  }

  /// Forgets sections that cannot be read back, so that the device is asked for them.
  static func remove(_ sections: [FactSection], _ visit: CheckInVisit, in transaction: any Transaction) throws {
    for section in sections {
      try transaction.run(
        """
        DELETE FROM checkin_section WHERE district_id = \(visit.known.district)
          AND device_id = \(visit.known.device) AND section = \(section)
        """)
    }
  }

  /// - Parameter readings: for the row of the vitals, where they are not as they were.
  static func write(
    _ sections: [FactSection], _ visit: CheckInVisit, readings: HealthReadings?, in transaction: any Transaction
  ) throws {
    for section in sections {
      try write(section, [(visit, section == .vitals ? readings : nil)], in: transaction)
    }
  }

  /// A visit whose section is written, with the readings where they are not as they were.
  typealias Told = (visit: CheckInVisit, readings: HealthReadings?)

  /// One section of many devices, once each.
  static func write(_ section: FactSection, _ told: [Told], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO checkin_section (district_id, device_id, section, hash, body, changed_at, readings)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (district_id, device_id, section) DO UPDATE SET hash = excluded.hash, body = excluded.body,
        changed_at = excluded.changed_at, readings = COALESCE(excluded.readings, checkin_section.readings)
      """,
      rows: told.compactMap { visit, readings in
        guard let body = visit.bodies[section], let hash = visit.check.message.hashes[section] else { return nil }
        return [
          visit.known.district.sqlValue, visit.known.device.sqlValue, section.sqlValue, hash.sqlValue, body.sqlValue,
          visit.now.sqlValue, (readings?.packed).sqlValue,
        ]
      })
  }

  /// nil for a device that never told its vitals.
  static func readings(
    device: DeviceID, district: DistrictID, in transaction: any Transaction
  ) throws -> HealthReadings? {
    let row = try transaction.row(
      """
      SELECT readings FROM checkin_section
      WHERE district_id = \(district) AND device_id = \(device) AND section = \(FactSection.vitals)
      """)
    guard let row else { return nil }
    return try row.get("readings", as: [UInt8]?.self).flatMap(HealthReadings.init(packed:)) ?? HealthReadings()
  }

  static func set(
    _ readings: HealthReadings, device: DeviceID, district: DistrictID, in transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      UPDATE checkin_section SET readings = \(readings.packed)
      WHERE district_id = \(district) AND device_id = \(device) AND section = \(FactSection.vitals)
      """)
  }

  /// Keeps a quarantined key's sections apart.
  static func hold(_ sections: [FactSection], _ visit: CheckInVisit, in transaction: any Transaction) throws {
    for section in sections {
      guard let body = visit.bodies[section], let hash = visit.check.message.hashes[section] else { continue }
      try transaction.run(
        """
        INSERT INTO checkin_held (district_id, key, section, hash, body, changed_at)
        VALUES (\(visit.known.district), \(visit.known.key), \(section), \(hash), \(body), \(visit.now))
        ON CONFLICT (district_id, key, section) DO UPDATE SET hash = excluded.hash, body = excluded.body,
          changed_at = excluded.changed_at
        """)
    }
  }

  /// The key was admitted: what was held of it is the device's to tell now.
  static func release(_ visit: CheckInVisit, in transaction: any Transaction) throws {
    try transaction.run(
      "DELETE FROM checkin_held WHERE district_id = \(visit.known.district) AND key = \(visit.known.key)")
  }

  private static func collect(_ rows: [Row]) throws -> [FactSection: Digest] {
    var hashes: [FactSection: Digest] = [:]
    for row in rows { hashes[try row.get("section")] = try row.get("hash", as: Digest.self) }
    return hashes
  }
}
