package import Storage
package import Vocabulary

/// What the help desk asks of the registry, within its own transaction.
extension DeviceRegistry {
  /// Devices by serial, a part of a serial, asset tag or host name, whatever the case, the surest first.
  ///
  /// A part in the middle of a serial is looked for in one district alone, among its first ``DeviceSearch/mostRead`` serials.
  ///
  /// - Parameters:
  ///   - schools: as in `OperatorContext`: where a district is limited to schools, only their devices.
  ///   - parts: whether a part in the middle of a serial is looked for too, where nothing else answers.
  package func search(
    _ text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, parts: Bool = true, limit: Int,
    _ transaction: any Transaction
  ) throws -> [FoundDevice] {
    try DeviceSearch(scope, schools: schools, transaction).devices(text, parts: parts, limit: limit)
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
