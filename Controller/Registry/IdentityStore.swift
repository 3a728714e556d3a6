import Storage
import Vocabulary

/// The marks by which a device is found again.
enum IdentityStore {
  /// More devices than this sharing a mark means the mark is a filler nobody has listed yet.
  private static let most = 50

  /// The district's devices that share at least one mark with `claim`.
  static func candidates(
    for claim: ClaimedIdentity, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [IdentityCandidate] {
    var finds: [SQL] = []
    if let serial = claim.serial { finds.append(find("serial_folded", serial.folded, district)) }
    if let uuid = claim.uuid { finds.append(find("uuid", uuid.text, district)) }
    if let board = claim.boardSerial { finds.append(find("board_serial_folded", board.folded, district)) }
    if !claim.builtInMACs.isEmpty {
      finds.append(
        """
        SELECT device_id FROM registry_device_mac
        WHERE district_id = \(district) AND mac IN \(list: claim.builtInMACs.prefix(mostMACs).map(\.text))
        """)
    }
    guard !finds.isEmpty else { return [] }
    let rows = try transaction.rows(
      """
      SELECT device_id, serial, uuid, board_serial FROM registry_device
      WHERE district_id = \(district) AND device_id IN (\(SQL.joined(finds, separator: " UNION ")))
      ORDER BY CASE WHEN serial_folded = \(claim.serial?.folded ?? "") THEN 0 ELSE 1 END, device_id LIMIT \(most)
      """)
    return try rows.map { row in
      let device: DeviceID = try row.get("device_id")
      return IdentityCandidate(
        device: device, serial: try row.get("serial"), uuid: try row.get("uuid"),
        boardSerial: try row.get("board_serial"),
        macs: try macs(of: device, in: district, transaction))
    }
  }

  static func macs(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Set<String> {
    Set(
      try transaction.rows(
        "SELECT mac FROM registry_device_mac WHERE district_id = \(district) AND device_id = \(device)"
      ).map { try $0.get("mac", as: String.self) })
  }

  /// The addresses of many devices.
  static func macs(of devices: [Device], _ transaction: any Transaction) throws -> [DeviceID: Set<String>] {
    var found: [DeviceID: Set<String>] = [:]
    let wanted = SQL.wanted(devices.map { [$0.district, $0.id] })
    for row in try transaction.rows(
      """
      SELECT device_id, mac FROM \(wanted) CROSS JOIN registry_device_mac
      WHERE registry_device_mac.district_id = wanted.column1 AND registry_device_mac.device_id = wanted.column2
      """)
    { found[try row.get("device_id"), default: []].insert(try row.get("mac")) }
    return found
  }

  /// Those of the devices of whose claimed marks, but the serial, another device of the district has one, whichever it is there.
  static func contested(
    _ claims: [(device: Device, claim: ClaimedIdentity)], _ transaction: any Transaction
  ) throws -> Set<DeviceID> {
    let marks = claims.flatMap { device, claim in
      claim.marks(withSerial: false).sorted().map { [device.district, device.id, $0] as [any SQLConvertible] }
    }
    guard !marks.isEmpty else { return [] }
    let columns: [SQL] = ["uuid", "board_serial_folded"]
    // The first that is found is enough: thousands may share a filler.
    let others = columns.map { column -> SQL in
      """
      EXISTS (SELECT 1 FROM registry_device WHERE registry_device.district_id = wanted.column1
        AND registry_device.\(column) = wanted.column3 AND registry_device.device_id <> wanted.column2)
      """
    }
    let rows = try transaction.rows(
      """
      SELECT DISTINCT wanted.column2 AS device_id FROM \(SQL.wanted(marks))
      WHERE \(SQL.joined(others, separator: " OR ")) OR EXISTS (
        SELECT 1 FROM registry_device_mac WHERE registry_device_mac.district_id = wanted.column1
          AND registry_device_mac.mac = wanted.column3 AND registry_device_mac.device_id <> wanted.column2)
      """)
    return Set(try rows.map { try $0.get("device_id") })
  }

  /// The first addresses of many devices.
  static func insert(
    _ macs: some Sequence<(device: Device, mac: String)>, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      "INSERT INTO registry_device_mac (district_id, mac, device_id) VALUES ($1, $2, $3)",
      rows: macs.lazy.map { device, mac in [device.district.sqlValue, mac.sqlValue, device.id.sqlValue] })
  }

  /// The most addresses that are kept of a device.
  static let mostMACs = 16

  /// - Parameter former: what the device had; nothing is asked where it is the same.
  static func setMACs(
    _ macs: [MACAddress], of device: DeviceID, in district: DistrictID, former: Set<String>,
    _ transaction: any Transaction
  ) throws {
    guard Set(macs.map(\.text)) != former else { return }
    if !former.isEmpty {
      try transaction.run("DELETE FROM registry_device_mac WHERE district_id = \(district) AND device_id = \(device)")
    }
    try transaction.run(
      "INSERT INTO registry_device_mac (district_id, mac, device_id) VALUES ($1, $2, $3)",
      rows: Set(macs).sorted().prefix(mostMACs).map { [district.sqlValue, $0.text.sqlValue, device.sqlValue] })
  }

  /// The one search that crosses tenants: devices of other districts with this serial.
  static func serialElsewhere(
    _ serial: Serial, except district: DistrictID, _ transaction: any Transaction
  ) throws -> [(district: DistrictID, device: DeviceID)] {
    try transaction.rows(
      """
      SELECT district_id, device_id FROM registry_device
      WHERE serial_folded = \(serial.folded) AND district_id <> \(district) ORDER BY district_id
      """
    ).map { (try $0.get("district_id"), try $0.get("device_id")) }
  }

  private static func find(_ column: SQL, _ value: String, _ district: DistrictID) -> SQL {
    "SELECT device_id FROM registry_device WHERE district_id = \(district) AND \(column) = \(value)"
  }
}
