import Serving
import Storage
import Vocabulary

/// API tokens in the caller's transaction.
extension AccessStore {
  /// Who holds a token, and when its use was last noted.
  struct Holder: Sendable {
    let caller: Caller
    let token: APITokenID
    let expiresAt: Instant
    let lastUsedAt: Instant?
  }

  static func insert(_ token: APIToken, secretHash: [UInt8], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO access_token (id, principal_id, name, secret_hash, created_at, expires_at)
      VALUES (\(token.id), \(token.principal), \(token.name), \(secretHash), \(token.createdAt), \(token.expiresAt))
      """)
  }

  /// In the order of their ids, one more than the page holds.
  static func tokens(
    of principal: PrincipalID, _ page: PageRequest, in transaction: any Transaction
  ) throws -> [APIToken] {
    try transaction.rows(
      """
      SELECT id, principal_id, name, created_at, expires_at, revoked_at, last_used_at FROM access_token
      WHERE principal_id = \(principal) AND id > \(page.after ?? "") ORDER BY id LIMIT \(page.limit + 1)
      """
    ).map { row in
      APIToken(
        id: try row.get("id"), principal: try row.get("principal_id"), name: try row.get("name"),
        createdAt: try row.get("created_at"), expiresAt: try row.get("expires_at"),
        revokedAt: try row.get("revoked_at"), lastUsedAt: try row.get("last_used_at"))
    }
  }

  static func hasToken(_ id: APITokenID, of principal: PrincipalID, in transaction: any Transaction) throws -> Bool {
    try transaction.row("SELECT id FROM access_token WHERE id = \(id) AND principal_id = \(principal)") != nil
  }

  /// Whether a state administrator holds a token in date, that token and that principal's left out.
  static func hasAdministratorToken(
    but token: APITokenID? = nil, notOf principal: PrincipalID? = nil, now: Instant, in transaction: any Transaction
  ) throws -> Bool {
    let others: [SQL] = [token.map { " AND t.id <> \($0)" }, principal.map { " AND t.principal_id <> \($0)" }]
      .compactMap(\.self)
    return try transaction.row(
      """
      SELECT t.id FROM access_token t JOIN access_grant g ON g.principal_id = t.principal_id
      WHERE g.role = \(Role.stateAdmin.rawValue) AND g.district_id = ''
        AND \(isUsable(now))\(SQL.joined(others, separator: "")) LIMIT 1
      """) != nil
  }

  /// Whether the token was not revoked before.
  static func revoke(_ id: APITokenID, now: Instant, in transaction: any Transaction) throws -> Bool {
    try transaction.run("UPDATE access_token SET revoked_at = \(now) WHERE id = \(id) AND revoked_at IS NULL") > 0
  }

  static func usableTokens(now: Instant, in transaction: any Transaction) throws -> Int {
    try transaction.row("SELECT COUNT(*) AS count FROM access_token t WHERE \(isUsable(now))")?.get("count") ?? 0
  }

  /// Whether the token `t` is in date, not revoked, and of nobody whose account is disabled.
  private static func isUsable(_ now: Instant) -> SQL {
    """
    t.revoked_at IS NULL AND t.expires_at > \(now) AND NOT EXISTS (
      SELECT 1 FROM access_account a WHERE a.principal_id = t.principal_id AND a.disabled_at IS NOT NULL)
    """
  }

  static func revokeAll(now: Instant, in transaction: any Transaction) throws {
    try transaction.run("UPDATE access_token SET revoked_at = \(now) WHERE revoked_at IS NULL")
  }

  /// nil where no token has this hash, it is expired or revoked, or its holder's account is disabled.
  static func holder(of secretHash: [UInt8], now: Instant, in transaction: any Transaction) throws -> Holder? {
    let query: SQL = """
      SELECT t.id, t.principal_id, t.expires_at, t.last_used_at, p.name
      FROM access_token t JOIN access_principal p ON p.id = t.principal_id
      WHERE t.secret_hash = \(secretHash) AND \(isUsable(now))
      """
    guard let row = try transaction.row(query) else { return nil }
    let principal: PrincipalID = try row.get("principal_id")
    let grants = try grants(of: [principal], in: transaction)[principal] ?? []
    return Holder(
      caller: Caller(principal: principal, name: try row.get("name"), grants: grants), token: try row.get("id"),
      expiresAt: try row.get("expires_at"), lastUsedAt: try row.get("last_used_at"))
  }

  /// Notes the use of a token, unless one was noted since `before`.
  static func noteUse(
    of id: APITokenID, now: Instant, unlessSince before: Instant, in transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      UPDATE access_token SET last_used_at = \(now)
      WHERE id = \(id) AND (last_used_at IS NULL OR last_used_at <= \(before))
      """)
  }
}
