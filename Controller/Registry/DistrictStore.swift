import Storage
import Vocabulary

enum DistrictStore {
  static func district(_ id: DistrictID, _ transaction: any Transaction) throws -> District? {
    try transaction.row(
      "SELECT district_id, name, unknown_serials, created_at FROM registry_district WHERE district_id = \(id)"
    ).map(district)
  }

  static func page(
    _ scope: TenantScope, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> [District] {
    try transaction.rows(
      """
      SELECT district_id, name, unknown_serials, created_at FROM registry_district
      WHERE \(scope) AND district_id > \(after ?? "") ORDER BY district_id LIMIT \(limit)
      """
    ).map(district)
  }

  /// - Throws: `registry.district-exists`.
  static func insert(_ district: District, _ transaction: any Transaction) throws {
    let inserted = try transaction.run(
      """
      INSERT INTO registry_district (district_id, name, unknown_serials, created_at)
      VALUES (\(district.id), \(district.name), \(district.unknownSerials), \(district.createdAt))
      ON CONFLICT (district_id) DO NOTHING
      """)
    guard inserted == 1 else {
      throw RegistryError(.districtExists, "There is a district '\(district.id)' already; choose another id.")
    }
  }

  static func update(_ district: District, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      UPDATE registry_district SET name = \(district.name), unknown_serials = \(district.unknownSerials)
      WHERE district_id = \(district.id)
      """)
  }

  private static func district(_ row: Row) throws -> District {
    District(
      id: try row.get("district_id"), name: try row.get("name"), unknownSerials: try row.get("unknown_serials"),
      createdAt: try row.get("created_at"))
  }
}
