package import Storage
package import Vocabulary

/// What the help desk asks of the registry, within its own transaction.
extension DeviceRegistry {
  /// Devices by serial, a part of a serial, asset tag or host name, whatever the case, the surest first.
  ///
  /// A part in the middle of a serial is looked for in one district alone, among its first ``DeviceSearch/mostRead`` serials.
  ///
  /// - Parameter schools: as in `OperatorContext`: where a district is limited to schools, only their devices.
  package func search(
    _ text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [FoundDevice] {
    try DeviceSearch(scope, schools: schools, transaction).devices(text, limit: limit)
  }

  /// The devices that people of any districts have, at most `limit`.
  package func search(
    heldBy people: [(district: DistrictID, person: PersonID)], limit: Int, _ transaction: any Transaction
  ) throws -> [FoundDevice] {
    var places: [DevicePlace] = []
    for (district, those) in Dictionary(grouping: people, by: \.district).sorted(by: { $0.key < $1.key }) {
      let held = try CustodyStore.devices(
        heldBy: those.map { Holder.person($0.person) }, in: district, limit: limit, transaction)
      places += held.map { DevicePlace(district: district, device: $0.device) }
    }
    return try DeviceSearch.devices(Array(places.prefix(limit)), [:], transaction)
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
