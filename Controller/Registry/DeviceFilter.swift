import Serving
import Storage
import Vocabulary

/// Which devices of a list are asked for.
struct DeviceFilter: Sendable {
  /// Searches by an index, of which a device must be in all; each gives `district_id, device_id`.
  private(set) var finds: [SQL] = []
  /// Conditions on `registry_device` and `registry_contact`.
  private(set) var conditions: [SQL] = []

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
  /// - Throws: `request.query` for an unknown parameter or value.
  init(
    _ call: Call, scope: TenantScope, schools: [DistrictID: Set<SchoolID>]? = nil
  ) throws(ServingError) {
    try Self.refuseUnknown(call)
    let tenant: SQL =
      scope == .state ? "district_id IN (SELECT district_id FROM registry_district)" : "\(scope)"
    for (district, allowed) in (schools ?? [:]).sorted(by: { $0.key < $1.key }) {
      conditions.append("(registry_device.district_id <> \(district) OR school_id IN \(list: allowed.sorted()))")
    }
    if let text = try call.query("school") {
      guard let id = SchoolID(rawValue: text) else { throw Self.invalid("school", "a school's id") }
      conditions.append("school_id = \(id)")
    }
    if let text = try call.query("id") {
      guard let id = DeviceID(rawValue: text) else { throw Self.invalid("id", "a device's id") }
      finds.append(Self.find(tenant, "device_id = \(id)"))
    }
    if let stage: Stage = try Self.choice(call, "stage") { conditions.append("stage = \(stage)") }
    if let by: Management = try Self.choice(call, "management") { conditions.append("management = \(by)") }
    if let verdict: Health.Verdict = try Self.choice(call, "health") {
      conditions.append("COALESCE(registry_contact.health, 'unknown') = \(verdict)")
    }
    if let serial = Folded.serial(try call.query("serial")) {
      finds.append(Self.find(tenant, "serial_folded = \(serial)"))
    }
    if let tag = Folded.assetTag(try call.query("assetTag")) {
      finds.append(Self.find(tenant, "asset_tag_folded = \(tag)"))
    }
    if let name = Folded.hostname(try call.query("hostname")) {
      finds.append(Self.find(tenant, "hostname_folded = \(name)"))
    }
    if let state: KeyState = try Self.choice(call, "keyState") { keys(in: state, tenant) }
    if let text = try call.query("q"), !text.isEmpty { finds.append(Self.beginning(with: text, tenant)) }
  }

  /// Most devices have an active key: they are looked at one by one. The other states are rare: they are looked up.
  private mutating func keys(in state: KeyState, _ tenant: SQL) {
    if state == .active {
      conditions.append(
        """
        EXISTS (SELECT 1 FROM registry_key WHERE registry_key.district_id = registry_device.district_id
          AND registry_key.device_id = registry_device.device_id AND state = \(state))
        """)
    } else {
      finds.append("SELECT DISTINCT district_id, device_id FROM registry_key WHERE \(tenant) AND state = \(state)")
    }
  }

  private static func beginning(with text: String, _ tenant: SQL) -> SQL {
    let serial = find(tenant, prefix("serial_folded", Folded.serial(text) ?? text))
    let tag = find(tenant, prefix("asset_tag_folded", Folded.assetTag(text) ?? text))
    let name = find(tenant, prefix("hostname_folded", Folded.hostname(text) ?? text))
    return "SELECT district_id, device_id FROM (\(serial) UNION \(tag) UNION \(name)) AS beginning"
  }

  private static func find(_ tenant: SQL, _ condition: SQL) -> SQL {
    "SELECT district_id, device_id FROM registry_device WHERE \(tenant) AND \(condition)"
  }

  /// A range instead of LIKE, which an index answers on every engine; U+10FFFF sorts after everything.
  private static func prefix(_ column: SQL, _ text: String) -> SQL {
    "\(column) >= \(text) AND \(column) < \(text + "\u{10FFFF}")"
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

  /// A misspelt filter must not show everything.
  private static func refuseUnknown(_ call: Call) throws(ServingError) {
    let known = (parameters + PageRequest.parameters).map(\.name)
    guard let stray = call.query.first(where: { !known.contains($0.name) })?.name else { return }
    let nearest = Spelling.nearest(to: stray, in: known).map { " Did you mean '\($0)'?" } ?? ""
    throw ServingError(.query, "There is no filter '\(stray.prefix(100))'.\(nearest)")
  }

  private static func invalid(_ name: String, _ what: String) -> ServingError {
    ServingError(.query, "'\(name)' is \(what).")
  }
}
