import Serving
import Storage
import Vocabulary

/// A device with its last contact.
struct ListedDevice: Sendable {
  struct Contact: Sendable {
    let last: Instant
    let next: Instant
    let agentVersion: String
    /// Its clock minus the controller's, in milliseconds.
    let clockOffset: Int64
    let health: Health
  }

  let device: Device
  let contact: Contact?

  init(_ row: Row) throws {
    device = try Device(row)
    guard let last: Instant = try row.get("last_contact") else {
      contact = nil
      return
    }
    let items = try JSONText.decode([Health.Item].self, from: Array(try row.get("health_items", as: String.self).utf8))
    contact = Contact(
      last: last, next: try row.get("next_contact"), agentVersion: try row.get("agent_version"),
      clockOffset: try row.get("clock_offset"), health: Health(verdict: try row.get("health"), items: items))
  }
}

/// Lists of devices, ordered by district and id.
enum DeviceList {
  static func page(
    _ filter: DeviceFilter, scope: TenantScope, after: (DistrictID, DeviceID)?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [ListedDevice] {
    try transaction.rows(query(filter, scope: scope, after: after, limit: limit)).map(ListedDevice.init)
  }

  static func query(
    _ filter: DeviceFilter, scope: TenantScope, after: (DistrictID, DeviceID)?, limit: Int
  ) -> SQL {
    var conditions: [SQL] = ["\(scope, on: "registry_device.district_id")"] + filter.conditions
    if let (district, device) = after {
      conditions.append("(registry_device.district_id, registry_device.device_id) > (\(district), \(device))")
    }
    return """
      SELECT \(columns) FROM \(source(filter)) \(contact) WHERE \(SQL.joined(conditions, separator: " AND "))
      ORDER BY registry_device.district_id, registry_device.device_id LIMIT \(limit)
      """
  }

  static func device(
    _ id: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> ListedDevice? {
    try transaction.row(
      """
      SELECT \(columns) FROM registry_device \(contact)
      WHERE registry_device.district_id = \(district) AND registry_device.device_id = \(id)
      """
    ).map(ListedDevice.init)
  }

  /// Where the page after `view` begins.
  static func key(_ view: DeviceView) -> String { "\(view.district)/\(view.id)" }

  /// - Throws: `request.query` where the text is no page's `next`.
  static func place(_ after: String?) throws(ServingError) -> (DistrictID, DeviceID)? {
    guard let after else { return nil }
    let parts = after.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let district = DistrictID(rawValue: parts[0]), let device = DeviceID(rawValue: parts[1])
    else {
      throw ServingError(.query, "'after' is the 'next' of a page of this list.")
    }
    return (district, device)
  }

  private static func source(_ filter: DeviceFilter) -> SQL {
    guard !filter.finds.isEmpty else { return "registry_device" }
    return """
      (\(SQL.joined(filter.finds, separator: " INTERSECT "))) AS found JOIN registry_device
        ON registry_device.district_id = found.district_id AND registry_device.device_id = found.device_id
      """
  }

  private static let columns: SQL = """
    \(DeviceStore.columns), last_contact, next_contact, agent_version, clock_offset, health, health_items
    """

  private static let contact: SQL = """
    LEFT JOIN registry_contact ON registry_contact.district_id = registry_device.district_id
      AND registry_contact.device_id = registry_device.device_id
    """
}
