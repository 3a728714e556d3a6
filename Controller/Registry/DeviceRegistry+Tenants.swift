import Access
package import Storage
package import Vocabulary

extension DeviceRegistry: TenantDirectory {
  package func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) throws -> Bool {
    guard let school else { return try DistrictStore.district(district, transaction) != nil }
    return try SchoolStore.exists(school, in: district, transaction)
  }
}
