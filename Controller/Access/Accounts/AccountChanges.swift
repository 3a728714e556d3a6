import Audit
import Serving
package import Vocabulary

/// An account that somebody asks for: of a new person by name, or of one that there is.
package struct AccountWish: Sendable {
  let login: LoginName
  /// nil where the person is there already.
  let new: Principal?
  let principal: PrincipalID

  /// - Throws: `access.value`.
  package init(login: String, name: String?, principal: PrincipalID?, now: Instant) throws {
    self.login = try LoginName(checking: login)
    switch (name, principal) {
    case (let name?, nil):
      let new = Principal(id: .random(), kind: .person, name: try AccessRoutes.named(name), createdAt: now)
      (self.new, self.principal) = (new, new.id)
    case (nil, let principal?): (new, self.principal) = (nil, principal)
    default: throw AccessError(.value, "Give either 'name', for a new person, or 'principal', for one that there is.")
    }
  }
}

/// Changes of accounts, each with its entry in the journal, in the caller's transaction.
extension AccessChanges {
  /// As ``createAccount(_:of:for:life:)``, with its person where that is new.
  func createAccount(_ wish: AccountWish, for district: DistrictID? = nil) throws -> OneTimeLink {
    if let new = wish.new { try create(new) }
    return try createAccount(wish.login, of: wish.principal, for: district)
  }

  /// An account for a person, and the link by which they set their password.
  ///
  /// - Parameter district: whose administrators get the link, and in whose journal it stands; nil for the state's.
  /// - Throws: `access.account-exists`, `access.not-a-person`, `request.not-found`.
  func createAccount(
    _ login: LoginName, of principal: PrincipalID, for district: DistrictID? = nil, life: Duration = OneTimeLink.life
  ) throws -> OneTimeLink {
    guard let found = try AccessStore.principal(principal, in: transaction) else {
      throw ServingError.missing("principal", principal)
    }
    guard found.kind == .person else {
      throw AccessError(
        .notPerson, "'\(principal)' is a service; services use API tokens. Make a principal of the kind 'person'.")
    }
    guard try AccountStore.account(of: principal, in: transaction) == nil else {
      throw AccessError(.accountExists, "Principal '\(principal)' has an account already; reset it instead.")
    }
    guard try !AccountStore.exists(login, in: transaction) else {
      throw AccessError(.accountExists, "Another account has the login name '\(login)'. Choose another one.")
    }
    try AccountStore.insert(login, of: principal, now: now, in: transaction)
    let link = try newLink(of: principal, login, for: district, life: life)
    try record("account.create", principal, LinkBody(linkExpiresAt: link.expiresAt), for: district)
    return link
  }

  /// Takes the password away, ends the sessions, and makes a link by which a new one is set; also brings a disabled
  /// account back.
  ///
  /// - Throws: `access.own-account`, `access.last-administrator`, `request.not-found`.
  func resetAccount(_ principal: PrincipalID, for district: DistrictID? = nil) throws -> OneTimeLink {
    let account = try requireOthers(principal)
    try takeAccess(of: principal)
    try requireAdministrator()
    return try renewLink(of: account, for: district)
  }

  /// Another link in place of the one before.
  ///
  /// - Throws: `request.not-found`.
  func renewLink(
    of account: Account, for district: DistrictID? = nil, life: Duration = OneTimeLink.life
  ) throws -> OneTimeLink {
    guard let login = LoginName(account.login) else { throw ServingError.missing("account", account.principal) }
    let link = try newLink(of: account.principal, login, for: district, life: life)
    try record("account.reset", account.principal, LinkBody(linkExpiresAt: link.expiresAt), for: district)
    return link
  }

  /// Takes the password away, ends the sessions, and brings a disabled account back.
  func takeAccess(of principal: PrincipalID) throws {
    try AccountStore.set(password: nil, of: principal, now: now, in: transaction)
    try SessionStore.end(allOf: principal, in: transaction)
    try KnownBrowser.forget(allOf: principal, in: transaction)
  }

  /// Lets the API tokens of a disabled account in again; the password is gone.
  func enableAccount(_ principal: PrincipalID) throws {
    try takeAccess(of: principal)
    try record("account.enable", principal, NoBody())
  }

  /// Nobody signs in by it until it is reset: its sessions end, and its API tokens are refused as long. Again, it changes
  /// nothing.
  ///
  /// - Parameter district: whose administrator does it; nil for the state's.
  /// - Throws: `access.own-account`, `access.last-administrator`, `request.not-found`.
  func disableAccount(_ principal: PrincipalID, for district: DistrictID? = nil) throws {
    _ = try requireOthers(principal)
    try AccountStore.removeLinks(of: principal, in: transaction)
    try SessionStore.end(allOf: principal, in: transaction)
    try KnownBrowser.forget(allOf: principal, in: transaction)
    guard try AccountStore.disable(principal, now: now, in: transaction) else { return }
    try requireAdministrator()
    try record("account.disable", principal, NoBody(), for: district)
  }

  /// Sets the password, uses up the account's link, ends its sessions, and forgets its browsers.
  func setPassword(_ hash: PasswordHash, of principal: PrincipalID, by way: PasswordWay) throws {
    try AccountStore.set(password: hash.stored, of: principal, now: now, in: transaction)
    try AccountStore.removeLinks(of: principal, in: transaction)
    try SessionStore.end(allOf: principal, in: transaction)
    try KnownBrowser.forget(allOf: principal, in: transaction)
    try record("account.password", principal, PasswordBody(by: way))
  }

  enum PasswordWay: String, Encodable, Sendable {
    case link
    case oldPassword = "old-password"
  }

  private func newLink(
    of principal: PrincipalID, _ login: LoginName, for district: DistrictID?, life: Duration
  ) throws -> OneTimeLink {
    let link = OneTimeLink(
      principal: principal, login: login.text, secret: .random(.link), expiresAt: now.advanced(by: life),
      district: district)
    try AccountStore.keep(link, in: transaction)
    return link
  }

  /// The account, which is another's than the actor's.
  private func requireOthers(_ principal: PrincipalID) throws -> Account {
    guard actor != .principal(principal) else {
      throw AccessError(
        .ownAccount, "Nobody disables or resets their own account. Change your password on your own page instead.")
    }
    guard let account = try AccountStore.account(of: principal, in: transaction) else {
      throw ServingError(.notFound, "Principal '\(principal)' has no account.")
    }
    return account
  }

  /// Afterwards a state administrator must still be able to sign in, with a password or a token.
  private func requireAdministrator() throws {
    guard try !canAdminister(notOf: nil) else { return }
    throw AccessError(
      .lastAdministrator,
      "Nobody else who administers the state can sign in. Let somebody else set a password or make a token first.")
  }

  /// - Parameter district: in whose journal the entry stands; nil for the state's.
  private func record(
    _ action: String, _ principal: PrincipalID, _ body: some JournalBody, for district: DistrictID? = nil
  ) throws {
    try record(action, ("account", principal.rawValue), body, district: district)
  }
}

private struct LinkBody: JournalBody {
  let linkExpiresAt: String
  init(linkExpiresAt: Instant) { self.linkExpiresAt = linkExpiresAt.rfc3339 }
}

private struct PasswordBody: JournalBody { let by: AccessChanges.PasswordWay }

/// `{}`.
struct NoBody: JournalBody {}
