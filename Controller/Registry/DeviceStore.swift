import Storage
import Vocabulary

enum DeviceStore {
  static let columns: SQL = """
    registry_device.district_id, registry_device.device_id, school_id, serial, uuid, board_serial, asset_tag, vendor,
    model, hostname, management, identity, stage, custody, created_at
    """

  static func device(_ id: DeviceID, in district: DistrictID, _ transaction: any Transaction) throws -> Device? {
    try transaction.row(
      "SELECT \(columns) FROM registry_device WHERE district_id = \(district) AND device_id = \(id)"
    ).map(Device.init)
  }

  static func device(
    serial: Serial, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Device? {
    try transaction.row(
      "SELECT \(columns) FROM registry_device WHERE district_id = \(district) AND serial_folded = \(serial.folded)"
    ).map(Device.init)
  }

  /// Stage and custody are not written here: they are the ledger's.
  ///
  /// - Throws: `registry.serial-taken`.
  static func insert(_ device: Device, _ transaction: any Transaction) throws {
    let inserted = try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, school_id, serial, serial_folded, serial_reversed, uuid,
        board_serial, board_serial_folded, asset_tag, asset_tag_folded, vendor, model, hostname, hostname_folded,
        management, identity, created_at)
      VALUES (\(device.district), \(device.id), \(device.school), \(device.serial), \(Folded.serial(device.serial)),
        \(Folded.reversed(device.serial)), \(device.uuid), \(device.boardSerial), \(Folded.serial(device.boardSerial)), \(device.assetTag),
        \(Folded.assetTag(device.assetTag)), \(device.vendor), \(device.model), \(device.hostname),
        \(Folded.hostname(device.hostname)), \(device.management), \(device.identity), \(device.createdAt))
      ON CONFLICT (district_id, serial_folded) DO NOTHING
      """)
    guard inserted == 1 else {
      throw RegistryError(.serialTaken, "Another device of the district has the serial '\(device.serial ?? "")'.")
    }
  }

  /// The devices with these serials, by the folded form.
  static func devices(
    serials: [Serial], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: Device] {
    var found: [String: Device] = [:]
    for part in serials.parts(of: 512) {
      let query: SQL = """
        SELECT \(columns), serial_folded FROM registry_device
        WHERE district_id = \(district) AND serial_folded IN \(list: part.map(\.folded))
        """
      try transaction.each(query) { found[try $0.get("serial_folded")] = try Device($0) }
    }
    return found
  }

  /// The devices with these serials in every district, by the folded form. The transaction's scope is the state.
  static func devices(serials: [Serial], _ transaction: any Transaction) throws -> [String: [Device]] {
    var found: [String: [Device]] = [:]
    for row in try transaction.rows(
      "SELECT \(columns), serial_folded FROM registry_device WHERE serial_folded IN \(list: serials.map(\.folded))")
    { found[try row.get("serial_folded"), default: []].append(try Device(row)) }
    return found
  }

  /// Those of `ids` that the district has.
  static func devices(
    _ ids: [DeviceID], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [DeviceID: Device] {
    var found: [DeviceID: Device] = [:]
    for part in ids.parts(of: 512) {
      let query: SQL = """
        SELECT \(columns) FROM registry_device WHERE district_id = \(district) AND device_id IN \(list: part)
        """
      try transaction.each(query) { row in
        let device = try Device(row)
        found[device.id] = device
      }
    }
    return found
  }

  /// Devices of some schools after `device`, in the order of their ids.
  static func devices(
    of schools: Set<SchoolID>, in district: DistrictID, after device: String, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceID] {
    try transaction.rows(
      """
      SELECT device_id FROM registry_device
      WHERE district_id = \(district) AND school_id IN \(list: schools.sorted()) AND device_id > \(device)
      ORDER BY device_id LIMIT \(limit)
      """
    ).map { try $0.get("device_id") }
  }

  /// Many devices that nobody knows yet, of which only a list speaks; their serials are known to be free.
  static func insert(_ devices: [Device], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, serial, serial_folded, asset_tag, asset_tag_folded, model,
        management, identity, created_at, serial_reversed)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      """,
      rows: devices.lazy.map { device in
        [
          device.district.sqlValue, device.id.sqlValue, device.serial.sqlValue, Folded.serial(device.serial).sqlValue,
          device.assetTag.sqlValue, Folded.assetTag(device.assetTag).sqlValue, device.model.sqlValue,
          device.management.sqlValue, device.identity.sqlValue, device.createdAt.sqlValue,
          Folded.reversed(device.serial).sqlValue,
        ]
      })
  }

  /// Writes asset tag and model of many devices.
  static func tell(_ devices: [Device], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      UPDATE registry_device SET asset_tag = $3, asset_tag_folded = $4, model = $5
      WHERE district_id = $1 AND device_id = $2
      """,
      rows: devices.lazy.map { device in
        [
          device.district.sqlValue, device.id.sqlValue, device.assetTag.sqlValue,
          Folded.assetTag(device.assetTag).sqlValue, device.model.sqlValue,
        ]
      })
  }

  /// Writes what enrolling changes of many devices: their marks, and where their ledgers leave them.
  static func enrol(_ devices: [(device: Device, standing: LedgerProjection)], _ transaction: any Transaction) throws {
    try transaction.run(
      """
      UPDATE registry_device SET uuid = $3, board_serial = $4, board_serial_folded = $5, management = $6, identity = $7,
        stage = $8, custody = $9
      WHERE district_id = $1 AND device_id = $2
      """,
      rows: devices.lazy.map { device, standing in
        [
          device.district.sqlValue, device.id.sqlValue, device.uuid.sqlValue, device.boardSerial.sqlValue,
          Folded.serial(device.boardSerial).sqlValue, device.management.sqlValue, device.identity.sqlValue,
          standing.stage.sqlValue, standing.custody.sqlValue,
        ]
      })
  }

  /// Writes at which school the devices are: for those that are elsewhere, as each is a row written. With a condition for that,
  /// SQLite would go by the index of schools through the whole district.
  static func set(
    _ school: SchoolID, of devices: [DeviceID], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    for part in devices.parts(of: 512) {
      try transaction.run(
        """
        UPDATE registry_device SET school_id = \(school)
        WHERE district_id = \(district) AND device_id IN \(list: part)
        """)
    }
  }

  /// Writes everything but stage, custody and creation.
  static func update(_ device: Device, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      UPDATE registry_device SET school_id = \(device.school), serial = \(device.serial),
        serial_folded = \(Folded.serial(device.serial)), serial_reversed = \(Folded.reversed(device.serial)), uuid = \(device.uuid), board_serial = \(device.boardSerial),
        board_serial_folded = \(Folded.serial(device.boardSerial)), asset_tag = \(device.assetTag),
        asset_tag_folded = \(Folded.assetTag(device.assetTag)), vendor = \(device.vendor), model = \(device.model),
        hostname = \(device.hostname), hostname_folded = \(Folded.hostname(device.hostname)),
        management = \(device.management), identity = \(device.identity)
      WHERE district_id = \(device.district) AND device_id = \(device.id)
      """)
  }
}

extension Array {
  /// Its elements in their order, at most `size` at a time.
  func parts(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
