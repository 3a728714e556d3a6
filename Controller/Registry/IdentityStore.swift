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
        WHERE district_id = \(district) AND mac IN \(list: claim.builtInMACs.prefix(16).map(\.text))
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
      rows: Set(macs).sorted().prefix(16).map { [district.sqlValue, $0.text.sqlValue, device.sqlValue] })
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
