package import Storage
package import Vocabulary

/// Schools as a roster brings them; the registry alone writes them.
extension DeviceRegistry {
  /// A district's schools in the order of their ids.
  package func schools(of district: DistrictID, in transaction: any Transaction) throws -> [School] {
    try SchoolStore.page(of: district, transaction)
  }

  /// - Throws: `registry.school-exists`.
  package func addSchool(_ school: School, in transaction: any Transaction) throws {
    try SchoolStore.insert(school, transaction)
  }

  package func renameSchool(
    _ school: SchoolID, of district: DistrictID, to name: String, in transaction: any Transaction
  ) throws {
    try transaction.run(
      "UPDATE registry_school SET name = \(name) WHERE district_id = \(district) AND school_id = \(school)")
  }
}
