import Serving
import Storage
import Vocabulary

/// Which devices of a list are asked for.
struct DeviceFilter: Sendable {
  /// One thing that a device must be.
  struct Search: Sendable {
    /// On a row of `registry_device` joined with `registry_contact`.
    let condition: SQL
    /// The same by indexes, each of which finds a part, some devices perhaps twice; empty where none answers it.
    let finds: [DeviceFind]
    /// Whether it names one device, or few of the same name.
    var isName = false
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
    if let schools, !schools.isEmpty { searches.append(Self.within(schools, scope)) }
    // What finds one device stands first: once few are found, nothing else is looked up.
    if let text = try call.query("id") {
      guard let id = DeviceID(rawValue: text) else { throw Self.invalid("id", "a device's id") }
      find(scope, "registry_device.device_id = \(id)", isName: true)
    }
    if let serial = Folded.serial(try call.query("serial")) {
      find(scope, "serial_folded = \(serial)", isName: true)
    }
    if let tag = Folded.assetTag(try call.query("assetTag")) { find(scope, "asset_tag_folded = \(tag)", isName: true) }
    if let name = Folded.hostname(try call.query("hostname")) { find(scope, "hostname_folded = \(name)", isName: true) }
    if let text = try call.query("q"), !text.isEmpty { searches.append(Self.beginning(with: text, scope)) }
    if let state: KeyState = try Self.choice(call, "keyState") { searches.append(Self.keys(in: state, scope)) }
    if let text = try call.query("school") {
      guard let id = SchoolID(rawValue: text) else { throw Self.invalid("school", "a school's id") }
      find(scope, "school_id = \(id)")
    }
    if let stage: Stage = try Self.choice(call, "stage") { find(scope, "stage = \(stage)") }
    if let verdict: Health.Verdict = try Self.choice(call, "health") {
      // A device without a contact has no row, so an index does not know all that are unknown.
      let find = DeviceFind(scope, "registry_contact", "health = \(verdict)")
      searches.append(
        Search(
          condition: "COALESCE(registry_contact.health, 'unknown') = \(verdict)",
          finds: verdict == .unknown ? [] : [find]))
    }
    if let by: Management = try Self.choice(call, "management") {
      if by == .agent {
        searches.append(Search(condition: "management = \(by)", finds: []))
      } else {
        find(scope, "management = \(by) AND management <> 'agent'")
      }
    }
  }

  /// Every name of a device has an index of the whole state.
  private mutating func find(_ scope: TenantScope, _ condition: SQL, isName: Bool = false) {
    let find = DeviceFind(scope, "registry_device", condition, isStateWide: isName)
    searches.append(Search(condition: condition, finds: [find], isName: isName))
  }

  /// Only devices of the schools that the caller is limited to, in the districts where it is.
  private static func within(_ schools: [DistrictID: Set<SchoolID>], _ scope: TenantScope) -> Search {
    let limits = schools.sorted { $0.key < $1.key }
    let conditions = limits.map { district, allowed -> SQL in
      "(registry_device.district_id <> \(district) OR school_id IN \(list: allowed.sorted()))"
    }
    var finds: [DeviceFind] = []
    // Past some hundred schools their list is walked: SQLite takes 500 parts of a query at most.
    let count = limits.reduce(0) { $0 + $1.value.count }
    if count <= 100, case .districts(let districts) = scope, districts.allSatisfy({ schools[$0] != nil }) {
      finds = limits.filter { districts.contains($0.key) }.flatMap { district, allowed in
        allowed.sorted().map { DeviceFind(.district(district), "registry_device", "school_id = \($0)") }
      }
    }
    return Search(condition: SQL.joined(conditions, separator: " AND "), finds: finds)
  }

  private static func keys(in state: KeyState, _ scope: TenantScope) -> Search {
    Search(
      // OFFSET keeps PostgreSQL from joining the whole table of keys.
      condition: """
        EXISTS (SELECT 1 FROM registry_key WHERE registry_key.district_id = registry_device.district_id
          AND registry_key.device_id = registry_device.device_id AND registry_key.state = \(state) LIMIT 1 OFFSET 0)
        """,
      finds: state == .active ? [] : [DeviceFind(scope, "registry_key", "state = \(state) AND state <> 'active'")])
  }

  private static func beginning(with text: String, _ scope: TenantScope) -> Search {
    let ranges: [(column: SQL, text: String)] = [
      ("serial_folded", Folded.serial(text) ?? text), ("asset_tag_folded", Folded.assetTag(text) ?? text),
      ("hostname_folded", Folded.hostname(text) ?? text),
    ]
    return Search(
      condition: "(\(SQL.joined(ranges.map { prefix($0.column, $0.text) }, separator: " OR ")))",
      finds: ranges.map {
        DeviceFind(scope, "registry_device", prefix($0.column, $0.text), inOrderOf: $0.column, isStateWide: true)
      })
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
