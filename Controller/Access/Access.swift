import Audit
package import Storage
package import Vocabulary

/// What the controller's commands need of this feature, apart from its routes.
package enum Access {
  package static let migrations = AccessSchema.migrations
  /// The longest life of an API token, in days; the first administrator's has it.
  package static let longestLife = 365
  /// The life of a token that was made on the controller's own machine, in days: long enough to make another one.
  package static let localLife = 30

  /// Makes the first state administrator with an API token, and returns its secret, which is nowhere else.
  ///
  /// - Throws: `access.bootstrapped` where there is a state administrator already.
  package static func bootstrap(in transaction: any Transaction, now: Instant) throws -> String {
    guard try AccessStore.stateAdministrators(in: transaction).isEmpty else {
      throw AccessError(.bootstrapped, "There is a state administrator already; use an API token of theirs.")
    }
    let changes = AccessChanges(actor: .controller, now: now, transaction: transaction)
    let principal = Principal(id: .random(), kind: .person, name: "First administrator", createdAt: now)
    try changes.create(principal)
    _ = try changes.add(Grant(.stateAdmin, at: .state), to: principal.id, tenants: NoTenants())
    return try token("Made at init", days: longestLife, for: principal.id, changes)
  }

  /// The table that says who may do what.
  package static let grants = "access_grant"

  package static func hasAdministrator(in transaction: any Transaction) throws -> Bool {
    try !AccessStore.stateAdministrators(in: transaction).isEmpty
  }

  /// Makes an API token for the first state administrator, and returns its secret, which is nowhere else: the way back
  /// in for who can run commands on the controller's machine, after every token was lost or has expired.
  ///
  /// - Throws: `access.no-administrator`.
  package static func mintAdministratorToken(in transaction: any Transaction, now: Instant) throws -> String {
    guard let principal = try AccessStore.firstStateAdministrator(in: transaction) else {
      throw AccessError(
        .noAdministrator, "There is no state administrator yet: 'rollcalld init' did not come to its end. Run it again."
      )
    }
    let changes = AccessChanges(actor: .controller, now: now, transaction: transaction)
    // Where everybody who could administer is disabled, this one comes back: the token would be refused.
    if try AccountStore.account(of: principal, in: transaction)?.state == .disabled {
      try changes.enableAccount(principal)
    }
    return try token("Made on the controller", days: localLife, for: principal, changes)
  }

  /// The login name of the first administrator's account.
  package static let firstLogin = "admin"

  /// A link by which the first state administrator sets a password, where no state administrator can sign in at a browser
  /// yet and no link waits: the way in on a first run. The secret is nowhere else.
  package static func firstLink(in transaction: any Transaction, now: Instant) throws -> OneTimeLink? {
    guard try !AccountStore.hasAdministrator(notOf: nil, in: transaction),
      let principal = try AccessStore.firstStateAdministrator(in: transaction),
      try AccessStore.principal(principal, in: transaction)?.kind == .person
    else { return nil }
    let changes = AccessChanges(actor: .controller, now: now, transaction: transaction)
    if let account = try AccountStore.account(of: principal, in: transaction) {
      guard account.state == .invited, try !AccountStore.hasLink(of: principal, now: now, in: transaction) else {
        return nil
      }
      // Nothing is taken: there is no password, and whoever has an API token keeps it.
      return try changes.renewLink(of: account, life: OneTimeLink.firstLife)
    }
    // The name may be that of an administrator of before.
    for login in ([firstLogin] + (2...9).map { "\(firstLogin)-\($0)" }).compactMap({ LoginName($0) })
    where try !AccountStore.exists(login, in: transaction) {
      return try changes.createAccount(login, of: principal, life: OneTimeLink.firstLife)
    }
    return nil
  }

  /// How many API tokens somebody can sign in with.
  package static func usableTokens(in transaction: any Transaction, now: Instant) throws -> Int {
    try AccessStore.usableTokens(now: now, in: transaction)
  }

  /// Ends every session, kills every one-time link, and forgets every browser, as after a restore: each may have been used
  /// or ended since. Passwords stay as they were.
  package static func endSignIns(in transaction: any Transaction, now: Instant) throws {
    try SessionStore.endAll(in: transaction)
    try AccountStore.removeAllLinks(in: transaction)
    try KnownBrowser.forgetAll(in: transaction)
    try Journal.record(
      JournalEntry(
        at: now, actor: .controller, action: "session.end-all", object: ("controller", "restore"), district: nil,
        body: NoBody()), in: transaction)
  }

  /// Revokes every API token, as after a restore, and makes one for the first state administrator.
  ///
  /// - Returns: how many could be used before, and the new one's secret, which is nowhere else.
  /// - Throws: `access.no-administrator`.
  package static func replaceTokens(
    in transaction: any Transaction, now: Instant
  ) throws -> (revoked: Int, secret: String) {
    let usable = try AccessStore.usableTokens(now: now, in: transaction)
    try AccessStore.revokeAll(now: now, in: transaction)
    try Journal.record(
      JournalEntry(
        at: now, actor: .controller, action: "api-token.revoke-all", object: ("controller", "restore"), district: nil,
        body: RevokedBody(count: usable)), in: transaction)
    return (usable, try mintAdministratorToken(in: transaction, now: now))
  }

  private struct RevokedBody: JournalBody { let count: Int }

  private static func token(
    _ name: String, days: Int, for principal: PrincipalID, _ changes: AccessChanges
  ) throws -> String {
    let secret = AccessSecret.random(.token)
    let token = APIToken(
      id: .random(), principal: principal, name: name, createdAt: changes.now,
      expiresAt: changes.now.advanced(by: .seconds(days * 86_400)), revokedAt: nil, lastUsedAt: nil)
    try changes.create(token, secretHash: secret.hash)
    return secret.printed
  }
}

/// Before there is any district.
private struct NoTenants: TenantDirectory {
  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) -> Bool { false }
}
