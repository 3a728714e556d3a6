import Serving
import Storage
import Vocabulary

/// Which devices of a list are asked for.
struct DeviceFilter: Sendable {
  /// One thing that a device must be.
  struct Search: Sendable {
    /// On a row of `registry_device` joined with `registry_contact`.
    let condition: SQL
    /// The same by an index: `district_id, device_id`, some perhaps twice. nil where none answers it.
    let find: SQL?
  }

  /// A device must meet all of them.
  private(set) var searches: [Search] = []

  static let parameters: [Operation.Parameter] = [
    .init("district", "Only this district's devices"),
    .init("school", "Only this school's"),
    .init("id", "With this id"),
    .init("serial", "With this serial"),
    .init("assetTag", "With this asset tag"),
    .init("hostname", "With this host name"),
    .init("stage", "In this stage"),
    .init("management", "Reported by: agent, external, none"),
    .init("keyState", "With a key in this state: active, restricted, quarantined, pending, revoked"),
    .init("health", "With this verdict: well, attention, failing, unknown"),
    .init("q", "Whose serial, asset tag or host name begins with this"),
  ]

  /// - Parameter scope: already narrowed to the district that the query names.
  /// - Throws: `request.query` for an unknown value.
  init(
    _ call: Call, scope: TenantScope, schools: [DistrictID: Set<SchoolID>]? = nil
  ) throws(ServingError) {
    let tenant: SQL =
      scope == .state ? "district_id IN (SELECT district_id FROM registry_district)" : "\(scope)"
    if let schools, !schools.isEmpty { searches.append(Self.within(schools, scope)) }
    // What finds one device stands first: once few are found, nothing else is looked up.
    if let text = try call.query("id") {
      guard let id = DeviceID(rawValue: text) else { throw Self.invalid("id", "a device's id") }
      find(tenant, "registry_device.device_id = \(id)")
    }
    if let serial = Folded.serial(try call.query("serial")) { find(tenant, "serial_folded = \(serial)") }
    if let tag = Folded.assetTag(try call.query("assetTag")) { find(tenant, "asset_tag_folded = \(tag)") }
    if let name = Folded.hostname(try call.query("hostname")) { find(tenant, "hostname_folded = \(name)") }
    if let text = try call.query("q"), !text.isEmpty { searches.append(Self.beginning(with: text, tenant)) }
    if let state: KeyState = try Self.choice(call, "keyState") { searches.append(Self.keys(in: state, tenant)) }
    if let text = try call.query("school") {
      guard let id = SchoolID(rawValue: text) else { throw Self.invalid("school", "a school's id") }
      find(tenant, "school_id = \(id)")
    }
    if let stage: Stage = try Self.choice(call, "stage") { find(tenant, "stage = \(stage)") }
    if let verdict: Health.Verdict = try Self.choice(call, "health") {
      // A device without a contact has no row, so an index does not know all that are unknown.
      let find: SQL = "SELECT district_id, device_id FROM registry_contact WHERE \(tenant) AND health = \(verdict)"
      searches.append(
        Search(
          condition: "COALESCE(registry_contact.health, 'unknown') = \(verdict)",
          find: verdict == .unknown ? nil : find))
    }
    if let by: Management = try Self.choice(call, "management") {
      if by == .agent {
        searches.append(Search(condition: "management = \(by)", find: nil))
      } else {
        find(tenant, "management = \(by) AND management <> 'agent'")
      }
    }
  }

  private mutating func find(_ tenant: SQL, _ condition: SQL) {
    searches.append(Search(condition: condition, find: Self.devices(tenant, condition)))
  }

  /// Only devices of the schools that the caller is limited to, in the districts where it is.
  private static func within(_ schools: [DistrictID: Set<SchoolID>], _ scope: TenantScope) -> Search {
    let limits = schools.sorted { $0.key < $1.key }
    let conditions = limits.map { district, allowed -> SQL in
      "(registry_device.district_id <> \(district) OR school_id IN \(list: allowed.sorted()))"
    }
    var find: SQL?
    if case .districts(let districts) = scope, districts.allSatisfy({ schools[$0] != nil }) {
      let finds = limits.filter { districts.contains($0.key) }.map { district, allowed in
        devices("district_id = \(district)", "school_id IN \(list: allowed.sorted())")
      }
      find = finds.isEmpty ? nil : SQL.joined(finds, separator: " UNION ALL ")
    }
    return Search(condition: SQL.joined(conditions, separator: " AND "), find: find)
  }

  private static func keys(in state: KeyState, _ tenant: SQL) -> Search {
    Search(
      condition: """
        EXISTS (SELECT 1 FROM registry_key WHERE registry_key.district_id = registry_device.district_id
          AND registry_key.device_id = registry_device.device_id AND registry_key.state = \(state))
        """,
      find: state == .active
        ? nil
        : "SELECT district_id, device_id FROM registry_key WHERE \(tenant) AND state = \(state) AND state <> 'active'")
  }

  private static func beginning(with text: String, _ tenant: SQL) -> Search {
    let ranges = [
      prefix("serial_folded", Folded.serial(text) ?? text), prefix("asset_tag_folded", Folded.assetTag(text) ?? text),
      prefix("hostname_folded", Folded.hostname(text) ?? text),
    ]
    return Search(
      condition: "(\(SQL.joined(ranges, separator: " OR ")))",
      find: SQL.joined(ranges.map { devices(tenant, $0) }, separator: " UNION ALL "))
  }

  private static func devices(_ tenant: SQL, _ condition: SQL) -> SQL {
    "SELECT district_id, device_id FROM registry_device WHERE \(tenant) AND \(condition)"
  }

  /// A range instead of LIKE, which an index answers on every engine; U+10FFFF sorts after everything.
  private static func prefix(_ column: SQL, _ text: String) -> SQL {
    "(\(column) >= \(text) AND \(column) < \(text + "\u{10FFFF}"))"
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ call: Call, _ name: String
  ) throws(ServingError) -> Choice? {
    guard let text = try call.query(name) else { return nil }
    guard let found = Choice(rawValue: text) else {
      throw invalid(name, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return found
  }

  private static func invalid(_ name: String, _ what: String) -> ServingError {
    ServingError(.query, "'\(name)' is \(what).")
  }
}
