import Storage
import Vocabulary

enum ImportStore {
  /// Folded serials of the devices that our agent manages.
  static func agents(in district: DistrictID, _ transaction: any Transaction) throws -> Set<String> {
    var found: Set<String> = []
    let query: SQL = """
      SELECT serial_folded FROM registry_device
      WHERE district_id = \(district) AND management = \(Management.agent) AND serial_folded IS NOT NULL
      """
    try transaction.each(query) { found.insert(try $0.get("serial_folded")) }
    return found
  }

  /// The devices that have one of these asset tags, or any, by its folded form.
  static func tagHolders(
    of tags: [String]? = nil, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: [TagHolder]] {
    var found: [String: [TagHolder]] = [:]
    func read(_ condition: SQL) throws {
      let query: SQL = """
        SELECT asset_tag_folded, device_id, serial, serial_folded, hostname FROM registry_device
        WHERE district_id = \(district) AND \(condition)
        """
      try transaction.each(query) { row in
        let serial: String? = try row.get("serial")
        let hostname: String? = try row.get("hostname")
        let id: DeviceID = try row.get("device_id")
        found[try row.get("asset_tag_folded"), default: []].append(
          TagHolder(serial: try row.get("serial_folded"), name: serial ?? hostname ?? id.rawValue))
      }
    }
    guard let tags else {
      try read("asset_tag_folded IS NOT NULL")
      return found
    }
    for first in stride(from: 0, to: tags.count, by: 512) {
      try read("asset_tag_folded IN \(list: tags[first..<min(first + 512, tags.count)])")
    }
    return found
  }

  /// Sets what the rows say of devices known by serial, and makes the others known.
  ///
  /// - Returns: how many became known.
  static func upsert(
    _ devices: [ImportedDevice], in district: DistrictID, now: Instant, _ transaction: any Transaction
  ) throws -> Int {
    let before = try count(district, transaction)
    try transaction.run(
      """
      INSERT INTO registry_device (district_id, device_id, serial, serial_folded, asset_tag, asset_tag_folded,
        school_id, model, management, identity, created_at, serial_reversed)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, COALESCE($9, 'none'), 'serial-only', $10, $11)
      ON CONFLICT (district_id, serial_folded) DO UPDATE SET
        asset_tag = COALESCE(excluded.asset_tag, registry_device.asset_tag),
        asset_tag_folded = COALESCE(excluded.asset_tag_folded, registry_device.asset_tag_folded),
        school_id = COALESCE(excluded.school_id, registry_device.school_id),
        model = COALESCE(excluded.model, registry_device.model), management = COALESCE($9, registry_device.management)
      """, rows: devices.lazy.map { values($0, district, now) })
    return try count(district, transaction) - before
  }

  private static func values(_ device: ImportedDevice, _ district: DistrictID, _ now: Instant) -> [SQLValue] {
    [
      district.sqlValue, DeviceID.random().sqlValue, device.serial.text.sqlValue, device.serial.folded.sqlValue,
      device.assetTag.sqlValue, Folded.assetTag(device.assetTag).sqlValue, device.school.sqlValue,
      device.model.sqlValue, device.management.sqlValue, now.sqlValue,
      Folded.reversed(device.serial.text).sqlValue,
    ]
  }

  private static func count(_ district: DistrictID, _ transaction: any Transaction) throws -> Int {
    try transaction.row("SELECT COUNT(*) AS count FROM registry_device WHERE district_id = \(district)")?.get("count")
      ?? 0
  }
}
