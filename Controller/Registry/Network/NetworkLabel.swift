import Serving
package import Storage
import Vocabulary

/// Which label a contact came from, as it is kept with the contact; the address itself is kept nowhere.
package struct NetworkID: RawRepresentable, Hashable, Sendable, SQLConvertible {
  /// The number of a district's label; below 0 the negative number of one of the state's.
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }

  /// None of the labels that there are.
  package static let elsewhere = NetworkID(rawValue: 0)

  package init?(sqlValue: SQLValue) {
    guard let number = Int64(sqlValue: sqlValue) else { return nil }
    self.init(rawValue: number)
  }

  package var sqlValue: SQLValue { rawValue.sqlValue }
}

/// What people call the network of some addresses: `10.20.0.0/16` is "school".
struct NetworkLabel: Sendable, Hashable {
  /// Labels of a district, and of the state.
  static let most = 200
  static let longest = 40

  let number: Int64
  /// As ``AddressRange/text`` writes it.
  let addresses: String
  var label: String
  let range: OriginRange

  /// nil where `addresses` are no range that an origin can lie in.
  init?(number: Int64, addresses: String, label: String) {
    guard let range = AddressRange(addresses)?.origins else { return nil }
    (self.number, self.addresses, self.label, self.range) = (number, addresses, label, range)
  }
}

/// Every label in memory, for each check-in asks; as of some moment.
struct NetworkLabels: Sendable, Hashable {
  /// Which change of them it is as of.
  var revision: Int64 = 0
  /// Each list from its longest prefix to its shortest.
  private var districts: [DistrictID: [NetworkLabel]] = [:]
  private var state: [NetworkLabel] = []

  init() {}

  init(revision: Int64, districts: [DistrictID: [NetworkLabel]], state: [NetworkLabel]) {
    func sorted(_ labels: [NetworkLabel]) -> [NetworkLabel] {
      labels.sorted { ($1.range.bits, $0.addresses) < ($0.range.bits, $1.addresses) }
    }
    self.revision = revision
    self.districts = districts.mapValues(sorted)
    self.state = sorted(state)
  }

  /// The label with the longest prefix, the district's before the state's; nil where nobody made one, or where it is not
  /// known where a contact comes from.
  func network(of origin: Origin?, in district: DistrictID) -> NetworkID? {
    let own = districts[district] ?? []
    guard let origin, origin != .unknown, !own.isEmpty || !state.isEmpty else { return nil }
    if let found = own.first(where: { $0.range.contains(origin) }) { return NetworkID(rawValue: found.number) }
    if let found = state.first(where: { $0.range.contains(origin) }) { return NetworkID(rawValue: -found.number) }
    return .elsewhere
  }

  /// The words; nil for a label that was removed since.
  func words(_ network: NetworkID, in district: DistrictID) -> String? {
    guard network != .elsewhere else { return NetworkLabels.elsewhere }
    let labels = network.rawValue > 0 ? districts[district] ?? [] : state
    return labels.first { $0.number == Int64(clamping: network.rawValue.magnitude) }?.label
  }

  /// What people read of a contact from none of them; no label is called so.
  static let elsewhere = "elsewhere"
}
