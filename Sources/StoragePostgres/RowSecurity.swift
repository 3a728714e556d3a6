internal import Storage
internal import Vocabulary

/// Row level security: a transaction sees and writes rows of its own districts alone, whatever its statements say.
///
/// The transaction names its districts in a setting of its own; the policy of each tenant's table compares. FORCE holds
/// the tables' owner to it too. Source: PostgreSQL 15, 5.8 Row Security Policies
enum RowSecurity {
  private static let setting = "rollcall.districts"
  static let policy = "rollcall_tenant"

  /// The statement with which a transaction begins. Codes of districts need no quoting: see `DistrictID`.
  static func scope(_ scope: TenantScope) -> String {
    let districts =
      switch scope {
      case .state: "*"
      case .districts(let ids): ids.map(\.rawValue).sorted().joined(separator: ",")
      }
    return "SET LOCAL \(setting) = '\(districts)'"
  }

  /// What makes `table` a tenant's. The setting is read once for each statement, not for each row.
  static func statements(for table: String) -> String {
    """
    ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY;
    ALTER TABLE \(table) FORCE ROW LEVEL SECURITY;
    CREATE POLICY \(policy) ON \(table) USING (
      (SELECT current_setting('\(setting)', TRUE)) = '*'
      OR district_id = ANY (string_to_array((SELECT current_setting('\(setting)', TRUE)), ',')));
    """
  }
}
