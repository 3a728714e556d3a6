import Serving
import Storage
import Vocabulary

/// Sessions in the caller's transaction.
enum SessionStore {
  /// Who a session's cookie is of, and until when.
  struct Holder: Sendable {
    let signedIn: SignedIn
    let expiresAt: Instant
    let usedAt: Instant
    /// Whether the use was noted for which this answer was made, or a later one.
    var isNoted = false
  }

  static func insert(_ session: Session, secretHash: [UInt8], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO access_session (id, principal_id, secret_hash, created_at, used_at, ends_at, browser)
      VALUES (\(session.id), \(session.principal), \(secretHash), \(session.createdAt), \(session.usedAt),
        \(session.endsAt), \(session.browser))
      """)
  }

  /// nil where no session has this secret, or it is over; also where its account was disabled.
  static func holder(
    of secret: AccessSecret, _ policy: SessionPolicy, now: Instant, in transaction: any Transaction
  ) throws -> Holder? {
    let query: SQL = """
      SELECT s.id, s.principal_id, s.used_at, s.ends_at, s.purpose, p.name
      FROM access_session s JOIN access_principal p ON p.id = s.principal_id
        JOIN access_account a ON a.principal_id = s.principal_id
      WHERE s.secret_hash = \(secret.hash) AND s.ends_at > \(now) AND s.used_at > \(policy.idleSince(now))
        AND a.disabled_at IS NULL
      """
    guard let row = try transaction.row(query) else { return nil }
    let principal: PrincipalID = try row.get("principal_id")
    let grants = try AccessStore.grants(of: [principal], in: transaction)[principal] ?? []
    let session = BrowserSession(
      id: try row.get("id"), formToken: secret.formToken,
      purpose: try row.get("purpose", as: String?.self).flatMap(ViewPurpose.init(rawValue:)))
    let usedAt: Instant = try row.get("used_at")
    return Holder(
      signedIn: SignedIn(
        caller: Caller(principal: principal, name: try row.get("name"), grants: grants), session: session),
      expiresAt: min(try row.get("ends_at"), usedAt.advanced(by: policy.idle)), usedAt: usedAt)
  }

  /// A principal's that are not over, the last used first: all of them, see ``AccessChanges/mostSessions``.
  static func sessions(
    of principal: PrincipalID, _ policy: SessionPolicy, now: Instant, in transaction: any Transaction
  ) throws -> [Session] {
    try transaction.rows(
      """
      SELECT id, principal_id, created_at, used_at, ends_at, browser FROM access_session
      WHERE used_at > \(policy.idleSince(now)) AND ends_at > \(now) AND principal_id = \(principal)
      ORDER BY used_at DESC, id LIMIT 1000
      """
    ).map(session)
  }

  /// A principal's, without the `past` that were used last, and without `id`.
  static func others(
    of principal: PrincipalID, than id: SessionID, past: Int, in transaction: any Transaction
  ) throws -> [SessionID] {
    try transaction.rows(
      """
      SELECT id FROM access_session WHERE principal_id = \(principal) AND id <> \(id)
      ORDER BY used_at DESC, id LIMIT 1000 OFFSET \(past)
      """
    ).map { try $0.get("id") }
  }

  /// Those that are not over, in the order of their ids, one more than the page holds.
  static func sessions(
    of principal: PrincipalID?, _ page: PageRequest, _ policy: SessionPolicy, now: Instant,
    in transaction: any Transaction
  ) throws -> [Session] {
    let owner: SQL = principal.map { " AND principal_id = \($0)" } ?? ""
    return try transaction.rows(
      """
      SELECT id, principal_id, created_at, used_at, ends_at, browser FROM access_session
      WHERE id > \(page.after ?? "") AND used_at > \(policy.idleSince(now)) AND ends_at > \(now)\(owner)
      ORDER BY id LIMIT \(page.limit + 1)
      """
    ).map(session)
  }

  private static func session(_ row: Row) throws -> Session {
    Session(
      id: try row.get("id"), principal: try row.get("principal_id"), createdAt: try row.get("created_at"),
      usedAt: try row.get("used_at"), endsAt: try row.get("ends_at"), browser: try row.get("browser"))
  }

  static func noteUse(_ id: SessionID, now: Instant, in transaction: any Transaction) throws {
    try transaction.run("UPDATE access_session SET used_at = \(now) WHERE id = \(id) AND used_at < \(now)")
  }

  static func set(_ purpose: ViewPurpose, of id: SessionID, in transaction: any Transaction) throws {
    try transaction.run("UPDATE access_session SET purpose = \(purpose.rawValue) WHERE id = \(id)")
  }

  /// Whether there was such a session.
  static func end(_ id: SessionID, of principal: PrincipalID, in transaction: any Transaction) throws -> Bool {
    try transaction.run("DELETE FROM access_session WHERE id = \(id) AND principal_id = \(principal)") > 0
  }

  /// The session of a secret that a browser still has, and whose it is; nil where it is over.
  static func standing(
    of secret: AccessSecret, _ policy: SessionPolicy, now: Instant, in transaction: any Transaction
  ) throws -> (id: SessionID, principal: PrincipalID)? {
    let query: SQL = """
      SELECT id, principal_id FROM access_session
      WHERE secret_hash = \(secret.hash) AND ends_at > \(now) AND used_at > \(policy.idleSince(now))
      """
    return try transaction.row(query).map { (id: try $0.get("id"), principal: try $0.get("principal_id")) }
  }

  /// Forgets one that is over, or none.
  static func remove(_ secret: AccessSecret, in transaction: any Transaction) throws {
    try transaction.run("DELETE FROM access_session WHERE secret_hash = \(secret.hash)")
  }

  static func end(allOf principal: PrincipalID, in transaction: any Transaction) throws {
    try transaction.run("DELETE FROM access_session WHERE principal_id = \(principal)")
  }

  static func endAll(in transaction: any Transaction) throws { try transaction.run("DELETE FROM access_session") }

  /// Some of those that are over: each sign-in takes a few with it.
  static func sweep(_ policy: SessionPolicy, now: Instant, in transaction: any Transaction) throws {
    try transaction.run(
      """
      DELETE FROM access_session WHERE id IN (
        SELECT id FROM access_session WHERE used_at <= \(policy.idleSince(now)) ORDER BY used_at LIMIT 100)
      """)
  }
}

extension SessionPolicy {
  /// A session that was not used since is over.
  fileprivate func idleSince(_ now: Instant) -> Instant { now.advanced(by: .zero - idle) }
}
