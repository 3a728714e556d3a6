import Storage
import Vocabulary

enum DistrictStore {
  private static let columns: SQL = """
    district_id, name, unknown_serials, created_at, fact_history_days, check_in_history_days, journal_body_days
    """

  static func district(_ id: DistrictID, _ transaction: any Transaction) throws -> District? {
    try transaction.row(
      "SELECT \(columns) FROM registry_district WHERE district_id = \(id)"
    ).map(district)
  }

  static func page(
    _ scope: TenantScope, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> [District] {
    try transaction.rows(
      """
      SELECT \(columns) FROM registry_district
      WHERE \(scope) AND district_id > \(after ?? "") ORDER BY district_id LIMIT \(limit)
      """
    ).map(district)
  }

  static func districts(_ ids: Set<DistrictID>, _ transaction: any Transaction) throws -> [District] {
    try transaction.rows(
      "SELECT \(columns) FROM registry_district WHERE district_id IN \(list: ids.sorted())"
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
      UPDATE registry_district SET name = \(district.name), unknown_serials = \(district.unknownSerials),
        fact_history_days = \(district.kept[.factHistory]), check_in_history_days = \(district.kept[.checkInHistory]),
        journal_body_days = \(district.kept[.journalBodies])
      WHERE district_id = \(district.id)
      """)
  }

  private static func district(_ row: Row) throws -> District {
    var kept: [KeptRecord: Int] = [:]
    kept[.factHistory] = try row.get("fact_history_days", as: Int?.self)
    kept[.checkInHistory] = try row.get("check_in_history_days", as: Int?.self)
    kept[.journalBodies] = try row.get("journal_body_days", as: Int?.self)
    return District(
      id: try row.get("district_id"), name: try row.get("name"), unknownSerials: try row.get("unknown_serials"),
      kept: kept, createdAt: try row.get("created_at"))
  }
}
