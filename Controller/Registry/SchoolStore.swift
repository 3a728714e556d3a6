import Storage
import Vocabulary

enum SchoolStore {
  static func page(
    of district: DistrictID, after: String? = nil, limit: Int = .max, _ transaction: any Transaction
  ) throws -> [School] {
    try transaction.rows(
      """
      SELECT district_id, school_id, name, created_at FROM registry_school
      WHERE district_id = \(district) AND school_id > \(after ?? "") ORDER BY school_id LIMIT \(limit)
      """
    ).map(School.init)
  }

  static func school(
    _ id: SchoolID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> School? {
    try transaction.row(
      """
      SELECT district_id, school_id, name, created_at FROM registry_school
      WHERE district_id = \(district) AND school_id = \(id)
      """
    ).map(School.init)
  }

  static func exists(_ school: SchoolID, in district: DistrictID, _ transaction: any Transaction) throws -> Bool {
    let query: SQL = "SELECT 1 AS found FROM registry_school WHERE district_id = \(district) AND school_id = \(school)"
    return try transaction.row(query) != nil
  }

  /// - Throws: `registry.school-exists`.
  static func insert(_ school: School, _ transaction: any Transaction) throws {
    let inserted = try transaction.run(
      """
      INSERT INTO registry_school (district_id, school_id, name, created_at)
      VALUES (\(school.district), \(school.id), \(school.name), \(school.createdAt))
      ON CONFLICT (district_id, school_id) DO NOTHING
      """)
    guard inserted == 1 else {
      throw RegistryError(.schoolExists, "The district has a school '\(school.id)' already; choose another id.")
    }
  }
}

extension School {
  init(_ row: Row) throws {
    self.init(
      id: try row.get("school_id"), district: try row.get("district_id"), name: try row.get("name"),
      createdAt: try row.get("created_at"))
  }
}
