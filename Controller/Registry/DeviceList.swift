import Serving
import Storage
package import Vocabulary

/// A device with its last contact.
package struct ListedDevice: Sendable {
  package struct Contact: Sendable {
    package let last: Instant
    package let next: Instant
    package let agentVersion: String
    /// Its clock minus the controller's, in milliseconds.
    package let clockOffset: Int64
    package let health: Health
    package let network: NetworkID?
  }

  package let device: Device
  package let contact: Contact?

  init(_ row: Row) throws {
    device = try Device(row)
    guard let last: Instant = try row.get("last_contact") else {
      contact = nil
      return
    }
    let items = try HealthPacking.unpack(row.get("health_items"))
    contact = Contact(
      last: last, next: try row.get("next_contact"), agentVersion: try row.get("agent_version"),
      clockOffset: try row.get("clock_offset"), health: Health(verdict: try row.get("health"), items: items),
      network: try row.get("network"))
  }
}

extension ListedDevice {
  fileprivate var place: DevicePlace { DevicePlace(district: device.district, device: device.id) }
}

/// A page of a list, and where the next one begins.
struct DevicePage: Sendable {
  var devices: [ListedDevice] = []
  /// nil on the last page.
  var next: DevicePlace?
}

/// A place in a list: after this device, which need not be one.
struct DevicePlace: Sendable, Hashable {
  let district: DistrictID
  let device: DeviceID

  /// A place behind `after` and not behind this one that names no device: where a list ends at one that its reader may
  /// not see, its id must not be told.
  func veiled(after: DevicePlace?) -> DevicePlace {
    let before = after.flatMap { $0.district == district ? $0.device : nil }
    return DevicePlace(district: district, device: device.veiled(after: before))
  }
}

extension DeviceID {
  /// An id behind `after` and not behind this one that no device has: one character more than it takes to tell the two apart, so
  /// that a list that goes on there walks little again.
  package func veiled(after: DeviceID?) -> DeviceID {
    let own = Array(rawValue)
    let shared = zip(own, Array(after?.rawValue ?? "")).prefix { $0 == $1 }.count
    let kept = max(DeviceID.prefix.count + 1, shared + 1) + 1
    guard kept < own.count else { return self }
    return DeviceID(unchecked: String(own[..<kept]) + String(repeating: "0", count: own.count - kept))
  }
}

/// Lists of devices, ordered by district and id, in time that does not grow with the registry.
///
/// Where an index finds few devices for one of the searches, these are looked at. Where every search finds many, the list
/// is walked in its order, for then a page fills soon; the walk ends after a bounded number of devices, and the page may
/// be short or empty with a next one.
enum DeviceList {
  /// Found by one search at most, to be looked at one by one.
  static let few = 1000
  /// Found by a name, to be fetched by their ids: a name that more devices have is no name.
  static let namesakes = 16
  /// How many devices the parts of a walk have: a page that fills soon costs little.
  static let strides = [512, 1024, 2048]
  /// Districts with fewer devices than a stride that one page goes through.
  static let smallDistricts = 16

  static func page(
    _ filter: DeviceFilter, scope: TenantScope, after: DevicePlace?, limit: Int, _ transaction: any Transaction
  ) throws -> DevicePage {
    let conditions = filter.searches.map(\.condition)
    if conditions.isEmpty {
      var all: [ListedDevice] = []
      for part in parts(of: scope, after: after) where all.count <= limit {
        let range = range(part.scope, after: part.after)
        all += try rows(DeviceSource(), range, limit: limit + 1 - all.count, transaction)
      }
      return filled(all, limit)
    }
    let range = range(scope, after: after)
    for search in filter.searches where search.isName {
      guard let places = try namesakes(search.finds, transaction) else { continue }
      if places.isEmpty { return DevicePage() }
      let found = try rows(.places(places, most: namesakes), range + conditions, limit: limit + 1, transaction)
      return filled(found, limit)
    }
    for search in filter.searches where !search.finds.isEmpty {
      let find = DeviceFind.query(search.finds, for: transaction.engine, limit: few + 1)
      guard try isFew(find, transaction) else { continue }
      let found = try rows(.found(by: find, on: transaction.engine), range + conditions, limit: limit + 1, transaction)
      return filled(found, limit)
    }
    return try walk(conditions, scope, after: after, limit: limit, transaction)
  }

  private static func filled(_ found: [ListedDevice], _ limit: Int) -> DevicePage {
    let devices = Array(found.prefix(limit))
    return DevicePage(devices: devices, next: found.count > limit ? devices.last?.place : nil)
  }

  /// What an index finds, in no order; nil where it is more than ``namesakes``.
  private static func namesakes(_ finds: [DeviceFind], _ transaction: any Transaction) throws -> [DevicePlace]? {
    let limit = namesakes + 1
    let find = DeviceFind.query(finds, for: transaction.engine, limit: limit)
    let found = try transaction.rows("SELECT district_id, device_id FROM (\(find)) AS every_one LIMIT \(limit)")
    guard found.count < limit else { return nil }
    return try found.map { DevicePlace(district: try $0.get("district_id"), device: try $0.get("device_id")) }
  }

  private static func isFew(_ find: SQL, _ transaction: any Transaction) throws -> Bool {
    let query: SQL = """
      SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM (\(find)) AS every_one LIMIT \(few + 1)) AS first_ones
      """
    return try transaction.row(query)?.get("count", as: Int.self) ?? 0 <= few
  }

  // MARK: - The walk

  private static func walk(
    _ conditions: [SQL], _ scope: TenantScope, after: DevicePlace?, limit: Int, _ transaction: any Transaction
  ) throws -> DevicePage {
    var page = DevicePage()
    var strides = strides[...]
    let parts = parts(of: scope, after: after)
    for (number, part) in parts.enumerated() {
      var after = part.after
      while let stride = strides.first {
        let end = try place(stride, part.scope, after: after, transaction).map { $0.veiled(after: after) }
        let found = try rows(
          .part(range(part.scope, after: after, upTo: end), most: stride, on: transaction.engine), conditions,
          limit: limit + 1 - page.devices.count, transaction)
        page.devices += found
        if page.devices.count > limit { return filled(page.devices, limit) }
        guard let end else { break }
        strides = strides.dropFirst()
        after = end
        page.next = end
      }
      if strides.isEmpty { return page }
      page.next = nil
      if number + 1 >= smallDistricts, number + 1 < parts.count {
        page.next = beginning(of: parts[number + 1].scope)
        return page
      }
    }
    return page
  }

  /// The state in one part, else each district by itself: an index orders the devices of one district, not of several.
  private static func parts(
    of scope: TenantScope, after: DevicePlace?
  ) -> [(scope: TenantScope, after: DevicePlace?)] {
    guard case .districts(let districts) = scope else { return [(scope, after)] }
    return districts.sorted().compactMap { district in
      guard let after, district <= after.district else { return (.district(district), nil) }
      return district == after.district ? (.district(district), after) : nil
    }
  }

  /// The place before a district's first device.
  private static func beginning(of scope: TenantScope) -> DevicePlace? {
    guard case .districts(let districts) = scope, let district = districts.first else { return nil }
    return DevicePlace(district: district, device: DeviceID(unchecked: "\(DeviceID.prefix)_0000000000000000"))
  }

  /// The place that is `count` devices further; nil where there are not so many.
  private static func place(
    _ count: Int, _ scope: TenantScope, after: DevicePlace?, _ transaction: any Transaction
  ) throws -> DevicePlace? {
    try transaction.row(
      """
      SELECT district_id, device_id FROM registry_device
      WHERE \(SQL.joined(range(scope, after: after), separator: " AND "))
      ORDER BY district_id, device_id LIMIT 1 OFFSET \(count - 1)
      """
    ).map { DevicePlace(district: try $0.get("district_id"), device: try $0.get("device_id")) }
  }

  // MARK: - SQL

  /// Conditions that an index of district and id answers in its order.
  private static func range(_ scope: TenantScope, after: DevicePlace?, upTo end: DevicePlace? = nil) -> [SQL] {
    if case .districts(let only) = scope, only.count == 1, let district = only.first {
      var range: [SQL] = [
        "registry_device.district_id = \(district)",
        "registry_device.device_id > \(after?.device.rawValue ?? "")",
      ]
      // Of an earlier district: everything of this one comes after it.
      if let after, after.district != district { range = [after.district < district ? range[0] : "1 = 0"] }
      if let end { range.append("registry_device.device_id <= \(end.device)") }
      return range
    }
    let (district, device) = (after?.district.rawValue ?? "", after?.device.rawValue ?? "")
    var range: [SQL] = [
      "(registry_device.district_id, registry_device.device_id) > (\(district), \(device))",
      "\(scope, on: "registry_device.district_id")",
    ]
    if let end {
      range.append("(registry_device.district_id, registry_device.device_id) <= (\(end.district), \(end.device))")
    }
    return range
  }

  private static func rows(
    _ source: DeviceSource, _ conditions: [SQL], limit: Int, _ transaction: any Transaction
  ) throws -> [ListedDevice] {
    try transaction.rows(
      """
      SELECT \(columns) FROM \(source.from) \(contact)
      WHERE \(SQL.joined(source.conditions + conditions, separator: " AND ")) ORDER BY \(source.order) LIMIT \(limit)
      """
    ).map(ListedDevice.init)
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

  /// - Throws: `request.query` where the text is no page's `next`.
  static func place(_ after: String?) throws(ServingError) -> DevicePlace? {
    guard let after else { return nil }
    let parts = after.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let district = DistrictID(rawValue: parts[0]), let device = DeviceID(rawValue: parts[1])
    else {
      throw ServingError(.query, "'after' is the 'next' of a page of this list.")
    }
    return DevicePlace(district: district, device: device)
  }

  private static let columns: SQL = """
    \(DeviceStore.columns), last_contact, next_contact, agent_version, clock_offset, health, health_items,
      registry_contact.network
    """

  /// On PostgreSQL one contact after another, by the key, and never the whole table of them.
  static let contact = SQL.perEngine(
    sqlite: """
      LEFT JOIN registry_contact ON registry_contact.district_id = registry_device.district_id
        AND registry_contact.device_id = registry_device.device_id
      """,
    postgres: """
      LEFT JOIN LATERAL (SELECT * FROM registry_contact AS its WHERE its.district_id = registry_device.district_id
        AND its.device_id = registry_device.device_id LIMIT 1) AS registry_contact ON TRUE
      """)
}
