package import Storage
package import Vocabulary

/// What the help desk asks of the registry, within its own transaction.
extension DeviceRegistry {
  /// Devices by serial, the beginning or the end of one, asset tag or host name, whatever the case, the surest first.
  ///
  /// - Parameters:
  ///   - schools: as in `OperatorContext`: where a district is limited to schools, only their devices.
  package func search(
    _ text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [FoundDevice] {
    try DeviceSearch(scope, schools: schools, transaction).devices(text, limit: limit)
  }

  /// Devices whose serial has this part anywhere, for where ``search(_:in:schools:limit:_:)`` finds none: serials are read through,
  /// some hundred thousand at most.
  ///
  /// - Returns: also whether all serials of the scope were read, as far as it takes to know that there are no others.
  package func search(
    part text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, limit: Int,
    most: Int? = nil, _ transaction: any Transaction
  ) throws -> (devices: [FoundDevice], isWhole: Bool) {
    try DeviceSearch(scope, schools: schools, transaction).devices(
      having: text, limit: limit, most: most ?? DeviceSearch.mostRead)
  }

  /// The devices that are people's, those in repair included, by person: of each at most `limit`.
  package func search(
    heldBy people: [(district: DistrictID, person: PersonID)], limit: Int, _ transaction: any Transaction
  ) throws -> [PersonID: [FoundDevice]] {
    let held = try CustodyStore.devices(of: people, limit: limit, transaction)
    let devices = Dictionary(
      try DeviceSearch.devices(held.map(\.place), [:], transaction).map { ($0.place, $0) },
      uniquingKeysWith: { first, _ in first })
    var found: [PersonID: [FoundDevice]] = [:]
    for (person, place) in held where found[person, default: []].count < limit {
      if let device = devices[place] { found[person, default: []].append(device) }
    }
    return found
  }

  /// The names of schools, by district and id.
  package func schoolNames(
    _ schools: Set<SchoolPlace>, _ transaction: any Transaction
  ) throws -> [SchoolPlace: String] {
    var names: [SchoolPlace: String] = [:]
    for (district, those) in Dictionary(grouping: schools, by: \.district) {
      let query: SQL = """
        SELECT school_id, name FROM registry_school
        WHERE district_id = \(district) AND school_id IN \(list: those.map(\.school).sorted())
        """
      for row in try transaction.rows(query) {
        names[SchoolPlace(district: district, school: try row.get("school_id"))] = try row.get("name")
      }
    }
    return names
  }
}

/// A school, which has its id within its district.
package struct SchoolPlace: Hashable, Sendable {
  package let district: DistrictID
  package let school: SchoolID

  package init(district: DistrictID, school: SchoolID) { (self.district, self.school) = (district, school) }
}
