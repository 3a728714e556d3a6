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
