import Storage
import Vocabulary

/// Accounts and their one-time links in the caller's transaction.
enum AccountStore {
  /// What signing in asks of an account.
  struct Credentials: Sendable {
    let principal: PrincipalID
    /// nil where nobody can sign in: no password is set, or the account is disabled.
    let password: String?
  }

  static func insert(
    _ login: LoginName, of principal: PrincipalID, now: Instant, in transaction: any Transaction
  ) throws {
    try transaction.run(
      "INSERT INTO access_account (principal_id, login, created_at) VALUES (\(principal), \(login.text), \(now))")
  }

  static func exists(_ login: LoginName, in transaction: any Transaction) throws -> Bool {
    try transaction.row("SELECT principal_id FROM access_account WHERE login = \(login.text)") != nil
  }

  static func account(of principal: PrincipalID, in transaction: any Transaction) throws -> Account? {
    try accounts(of: [principal], in: transaction)[principal]
  }

  static func accounts(
    of principals: [PrincipalID], in transaction: any Transaction
  ) throws -> [PrincipalID: Account] {
    var found: [PrincipalID: Account] = [:]
    for row in try transaction.rows("SELECT \(columns) FROM access_account WHERE principal_id IN \(list: principals)") {
      let account = try account(row)
      found[account.principal] = account
    }
    return found
  }

  /// In the order of their principals, one more than the page holds.
  static func accounts(after: String, limit: Int, in transaction: any Transaction) throws -> [Account] {
    try transaction.rows(
      "SELECT \(columns) FROM access_account WHERE principal_id > \(after) ORDER BY principal_id LIMIT \(limit + 1)"
    ).map(account)
  }

  static func credentials(_ login: LoginName, in transaction: any Transaction) throws -> Credentials? {
    try credentials("login = \(login.text)", in: transaction)
  }

  static func credentials(of principal: PrincipalID, in transaction: any Transaction) throws -> Credentials? {
    try credentials("principal_id = \(principal)", in: transaction)
  }

  private static func credentials(_ condition: SQL, in transaction: any Transaction) throws -> Credentials? {
    let query: SQL = "SELECT principal_id, password, disabled_at FROM access_account WHERE \(condition)"
    guard let row = try transaction.row(query) else { return nil }
    let isDisabled = try row.get("disabled_at", as: Instant?.self) != nil
    return Credentials(
      principal: try row.get("principal_id"), password: isDisabled ? nil : try row.get("password", as: String?.self))
  }

  /// The password's stored form; the account is no longer disabled. nil takes the password away.
  static func set(
    password: String?, of principal: PrincipalID, now: Instant, in transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      UPDATE access_account SET password = \(password), password_at = \(password == nil ? nil : now),
        disabled_at = NULL WHERE principal_id = \(principal)
      """)
  }

  /// Whether it was not disabled before.
  static func disable(_ principal: PrincipalID, now: Instant, in transaction: any Transaction) throws -> Bool {
    try transaction.run(
      """
      UPDATE access_account SET disabled_at = \(now), password = NULL, password_at = NULL
      WHERE principal_id = \(principal) AND disabled_at IS NULL
      """) > 0
  }

  static func noteSignIn(_ principal: PrincipalID, now: Instant, in transaction: any Transaction) throws {
    try transaction.run("UPDATE access_account SET signed_in_at = \(now) WHERE principal_id = \(principal)")
  }

  /// Whether a state administrator other than `principal` can sign in with a password.
  static func hasAdministrator(notOf principal: PrincipalID?, in transaction: any Transaction) throws -> Bool {
    let other: SQL = principal.map { " AND a.principal_id <> \($0)" } ?? ""
    return try transaction.row(
      """
      SELECT a.principal_id FROM access_account a JOIN access_grant g ON g.principal_id = a.principal_id
      WHERE g.role = \(Role.stateAdmin.rawValue) AND g.district_id = '' AND a.password IS NOT NULL
        AND a.disabled_at IS NULL\(other) LIMIT 1
      """) != nil
  }

  // MARK: - Links

  /// There is one link of an account at a time.
  static func keep(_ link: OneTimeLink, in transaction: any Transaction) throws {
    try removeLinks(of: link.principal, in: transaction)
    try transaction.run(
      """
      INSERT INTO access_link (secret_hash, principal_id, expires_at, district_id)
      VALUES (\(link.secret.hash), \(link.principal), \(link.expiresAt), \(link.district?.rawValue ?? ""))
      """)
  }

  static func removeLinks(of principal: PrincipalID, in transaction: any Transaction) throws {
    try transaction.run("DELETE FROM access_link WHERE principal_id = \(principal)")
  }

  static func removeAllLinks(in transaction: any Transaction) throws { try transaction.run("DELETE FROM access_link") }

  /// Whether the link `l` holds: in date, and, where a district made it, of somebody who holds nothing that this district
  /// could not give. Else whoever keeps a link of before could be somebody with more than they may give.
  private static func holds(_ now: Instant) -> SQL {
    """
    l.expires_at > \(now) AND (l.district_id = '' OR NOT EXISTS (
      SELECT 1 FROM access_grant g WHERE g.principal_id = l.principal_id
        AND (g.district_id <> l.district_id OR g.role NOT IN \(list: AccessChanges.rolesOfDistricts.map(\.rawValue)))))
    """
  }

  /// Whose link it is; nil where it is unknown, used or over.
  static func holder(
    ofLink hash: [UInt8], now: Instant, in transaction: any Transaction
  ) throws -> (principal: PrincipalID, login: LoginName)? {
    let query: SQL = """
      SELECT a.principal_id, a.login FROM access_link l JOIN access_account a ON a.principal_id = l.principal_id
      WHERE l.secret_hash = \(hash) AND \(holds(now))
      """
    guard let row = try transaction.row(query) else { return nil }
    guard let login = LoginName(try row.get("login", as: String.self)) else {
      throw StorageError(.column, "An account's login name breaks its rule.")
    }
    return (try row.get("principal_id"), login)
  }

  static func hasLink(of principal: PrincipalID, now: Instant, in transaction: any Transaction) throws -> Bool {
    try transaction.row(
      "SELECT principal_id FROM access_link l WHERE principal_id = \(principal) AND \(holds(now))") != nil
  }

  // MARK: - Rows

  private static let columns: SQL = """
    principal_id, login, password IS NOT NULL AS has_password, password_at, disabled_at, created_at, signed_in_at
    """

  private static func account(_ row: Row) throws -> Account {
    let isDisabled = try row.get("disabled_at", as: Instant?.self) != nil
    let hasPassword = try row.get("has_password", as: Bool.self)
    return Account(
      principal: try row.get("principal_id"), login: try row.get("login"),
      state: isDisabled ? .disabled : hasPassword ? .active : .invited, createdAt: try row.get("created_at"),
      passwordAt: try row.get("password_at"), signedInAt: try row.get("signed_in_at"))
  }
}
