import Serving
import Storage
import Vocabulary

/// Principals and grants in the caller's transaction.
enum AccessStore {
  static func insert(_ principal: Principal, in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO access_principal (id, kind, name, created_at)
      VALUES (\(principal.id), \(principal.kind.rawValue), \(principal.name), \(principal.createdAt))
      """)
  }

  static func principal(_ id: PrincipalID, in transaction: any Transaction) throws -> Principal? {
    try transaction.row("SELECT id, kind, name, created_at FROM access_principal WHERE id = \(id)").map(principal)
  }

  /// In the order of their ids, one more than the page holds.
  static func principals(_ page: PageRequest, in transaction: any Transaction) throws -> [Principal] {
    try transaction.rows(
      """
      SELECT id, kind, name, created_at FROM access_principal WHERE id > \(page.after ?? "")
      ORDER BY id LIMIT \(page.limit + 1)
      """
    ).map(principal)
  }

  /// Those who hold a role in the district, in the order of their ids, one more than the page holds.
  static func principals(
    of district: DistrictID, _ page: PageRequest, in transaction: any Transaction
  ) throws -> [Principal] {
    try transaction.rows(
      """
      SELECT id, kind, name, created_at FROM access_principal p WHERE id > \(page.after ?? "")
        AND EXISTS (SELECT 1 FROM access_grant g WHERE g.principal_id = p.id AND g.district_id = \(district))
      ORDER BY id LIMIT \(page.limit + 1)
      """
    ).map(principal)
  }

  static func grants(
    of principals: [PrincipalID], in transaction: any Transaction
  ) throws -> [PrincipalID: Set<Grant>] {
    var found: [PrincipalID: Set<Grant>] = [:]
    let query: SQL = """
      SELECT principal_id, role, district_id, school_id FROM access_grant WHERE principal_id IN \(list: principals)
      """
    for row in try transaction.rows(query) {
      found[try row.get("principal_id"), default: []].insert(try grant(row))
    }
    return found
  }

  /// Whether the grant is new.
  static func add(
    _ grant: Grant, to principal: PrincipalID, now: Instant, in transaction: any Transaction
  ) throws -> Bool {
    try transaction.run(
      """
      INSERT INTO access_grant (principal_id, role, district_id, school_id, granted_at)
      VALUES (\(principal), \(grant.role.rawValue), \(grant.districtColumn), \(grant.schoolColumn), \(now))
      ON CONFLICT (principal_id, role, district_id, school_id) DO NOTHING
      """) > 0
  }

  /// Whether there was such a grant.
  static func remove(
    _ grant: Grant, from principal: PrincipalID, in transaction: any Transaction
  ) throws -> Bool {
    try transaction.run(
      """
      DELETE FROM access_grant WHERE principal_id = \(principal) AND role = \(grant.role.rawValue)
        AND district_id = \(grant.districtColumn) AND school_id = \(grant.schoolColumn)
      """) > 0
  }

  /// Those in which somebody holds a role, by their codes, a thousand at most.
  static func districts(in transaction: any Transaction) throws -> [DistrictID] {
    try transaction.rows(
      "SELECT DISTINCT district_id FROM access_grant WHERE district_id <> '' ORDER BY district_id LIMIT 1000"
    ).map { try $0.get("district_id") }
  }

  static func stateAdministrators(in transaction: any Transaction) throws -> Set<PrincipalID> {
    let query: SQL = """
      SELECT principal_id FROM access_grant WHERE role = \(Role.stateAdmin.rawValue) AND district_id = ''
      """
    return Set(try transaction.rows(query).map { try $0.get("principal_id") })
  }

  /// The one who has been it longest; one whose account is disabled only where there is no other.
  static func firstStateAdministrator(in transaction: any Transaction) throws -> PrincipalID? {
    try transaction.row(
      """
      SELECT g.principal_id FROM access_grant g LEFT JOIN access_account a ON a.principal_id = g.principal_id
      WHERE g.role = \(Role.stateAdmin.rawValue) AND g.district_id = ''
      ORDER BY CASE WHEN a.disabled_at IS NULL THEN 0 ELSE 1 END, g.granted_at, g.principal_id LIMIT 1
      """)?.get("principal_id")
  }

  private static func principal(_ row: Row) throws -> Principal {
    guard let kind = Principal.Kind(rawValue: try row.get("kind")) else {
      throw StorageError(.column, "A principal is of no known kind.")
    }
    return Principal(
      id: try row.get("id"), kind: kind, name: try row.get("name"), createdAt: try row.get("created_at"))
  }

  private static func grant(_ row: Row) throws -> Grant {
    let (district, school): (String, String) = (try row.get("district_id"), try row.get("school_id"))
    guard let role = Role(rawValue: try row.get("role")) else {
      throw StorageError(.column, "A grant is of no known role.")
    }
    if district.isEmpty { return Grant(role, at: .state) }
    guard let districtID = DistrictID(rawValue: district) else {
      throw StorageError(.column, "A grant's district is no district's code.")
    }
    if school.isEmpty { return Grant(role, at: .district(districtID)) }
    guard let schoolID = SchoolID(rawValue: school) else {
      throw StorageError(.column, "A grant's school is no school's code.")
    }
    return Grant(role, at: .school(districtID, schoolID))
  }
}

extension Grant {
  fileprivate var districtColumn: String { district?.rawValue ?? "" }
  fileprivate var schoolColumn: String { school?.rawValue ?? "" }
}
