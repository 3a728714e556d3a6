import Storage
import Vocabulary

/// Devices that an index of each district finds: `(district_id, <what the condition compares>, device_id)`.
///
/// SQLite always goes by the index. PostgreSQL would rather read a table through where it thinks that much of it fits, and what
/// it thinks may be old; so it is asked district by district, in the order of the index, for no more than is wanted.
struct DeviceFind: Sendable {
  private let scope: TenantScope
  private let table: SQL
  private let condition: SQL
  /// What the index is ordered by behind the district, where the condition leaves more open than the device's id.
  private let order: SQL?
  /// Whether there is an index of the whole state too: `(<what the condition compares>, district_id, device_id)`.
  private let isStateWide: Bool
  /// Whether that is the only one there is.
  private let isOfStateAlone: Bool

  init(
    _ scope: TenantScope, _ table: SQL, _ condition: SQL, inOrderOf order: SQL? = nil, isStateWide: Bool = false,
    isOfStateAlone: Bool = false
  ) {
    (self.scope, self.table, self.condition, self.order) = (scope, table, condition, order)
    (self.isStateWide, self.isOfStateAlone) = (isStateWide || isOfStateAlone, isOfStateAlone)
  }

  /// `district_id, device_id` of what all of them find, some perhaps twice.
  ///
  /// - Parameter limit: as many of a district are enough.
  static func query(_ finds: [DeviceFind], for engine: Engine, limit: Int) -> SQL {
    let parts = finds.map { find in
      if find.isStateWide, find.scope == .state { return find.inState(limit) }
      if find.isOfStateAlone, engine == .sqlite {
        return find.inState(limit, only: "\(find.scope, on: "+district_id")")
      }
      return engine == .postgres ? find.byDistrict(limit) : find.whole
    }
    return SQL.joined(parts, separator: " UNION ALL ")
  }

  /// - Parameter only: the tenants, so written that SQLite does not go by an index of a district, and through all of it.
  private func inState(_ limit: Int, only tenants: SQL? = nil) -> SQL {
    let own: SQL = tenants.map { "\($0) AND " } ?? ""
    let found: SQL = "SELECT district_id, device_id FROM \(table) WHERE \(own)\(condition)"
    guard let order else { return found }
    // A range that half the state falls into is read in the index's order, and no further than is wanted.
    return "SELECT district_id, device_id FROM (\(found) ORDER BY \(order) LIMIT \(limit)) AS of_state"
  }

  private var whole: SQL {
    let tenant: SQL = scope == .state ? "district_id IN (SELECT district_id FROM registry_district)" : "\(scope)"
    return "SELECT district_id, device_id FROM \(table) WHERE \(tenant) AND \(condition)"
  }

  private func byDistrict(_ limit: Int) -> SQL {
    if case .districts(let districts) = scope, districts.count == 1 {
      return "SELECT district_id, device_id FROM (\(one("\(scope)", limit))) AS of_one"
    }
    let tenants: SQL = scope == .state ? "" : " WHERE \(scope, on: "tenant.district_id")"
    return """
      SELECT of_each.district_id, of_each.device_id FROM registry_district AS tenant
      CROSS JOIN LATERAL (\(one("\(table).district_id = tenant.district_id", limit))) AS of_each\(tenants)
      """
  }

  private func one(_ tenant: SQL, _ limit: Int) -> SQL {
    "SELECT district_id, device_id FROM \(table) WHERE \(tenant) AND \(condition) ORDER BY \(order ?? "device_id") LIMIT \(limit)"
  }
}
