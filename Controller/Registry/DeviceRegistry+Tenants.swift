import Access
import Audit
package import Storage
package import Vocabulary

extension DeviceRegistry: TenantDirectory {
  package func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) throws -> Bool {
    guard let school else { return try DistrictStore.district(district, transaction) != nil }
    return try SchoolStore.exists(school, in: district, transaction)
  }
}

extension DeviceRegistry: JournalTenants {
  /// Only who sees the whole state can name a district that is not there: others are told of none but their own.
  ///
  /// - Throws: `registry.district-unknown` where the scope is one district that there is not.
  package func requireDistrict(of scope: TenantScope, in transaction: any Transaction) throws {
    guard case .districts(let named) = scope, named.count == 1, let district = named.first else { return }
    guard try DistrictStore.district(district, transaction) != nil else {
      throw RegistryError(.districtUnknown, "There is no district '\(district)'. 'rollcall district list' names them.")
    }
  }
}

extension DeviceRegistry {
  /// The districts of `scope` that there are, in their order.
  package func districts(of scope: TenantScope, in transaction: any Transaction) throws -> [DistrictID] {
    try DistrictStore.page(scope, after: nil, limit: .max, transaction).map(\.id)
  }

  /// As ``districts(of:in:)``, whole, from behind `after`.
  package func tenants(
    of scope: TenantScope, after: String?, limit: Int, in transaction: any Transaction
  ) throws -> [District] { try DistrictStore.page(scope, after: after, limit: limit, transaction) }

  /// Those of `ids` that the district has.
  package func devices(
    _ ids: [DeviceID], of district: DistrictID, in transaction: any Transaction
  ) throws -> [DeviceID: Device] { try DeviceStore.devices(ids, in: district, transaction) }

  /// Up to `limit` devices of a district's schools after `device`, in the order of their ids.
  package func devices(
    of schools: Set<SchoolID>, in district: DistrictID, after device: String, limit: Int, _ transaction: any Transaction
  ) throws -> [DeviceID] {
    try DeviceStore.devices(of: schools, in: district, after: device, limit: limit, transaction)
  }
}
