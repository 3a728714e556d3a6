import Storage
import Vocabulary

/// Districts and schools by their names.
enum PlaceNames {
  struct Named: Sendable, Hashable {
    let id: String
    let name: String
  }

  static func districts(_ scope: TenantScope, _ transaction: any Transaction) throws -> [Named] {
    try transaction.rows(
      "SELECT district_id, name FROM registry_report_district_v1 WHERE \(scope) ORDER BY district_id"
    ).map { Named(id: try $0.get("district_id"), name: try $0.get("name")) }
  }

  static func schools(of district: DistrictID, _ transaction: any Transaction) throws -> [Named] {
    try transaction.rows(
      """
      SELECT school_id, name FROM registry_report_school_v1 WHERE district_id = \(district) ORDER BY school_id
      """
    ).map { Named(id: try $0.get("school_id"), name: try $0.get("name")) }
  }
}
