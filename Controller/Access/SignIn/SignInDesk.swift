package import Serving
package import Storage
package import Vocabulary

/// Where people sign in, set their passwords, and end their sessions: what pages and the API do, in one place.
package struct SignInDesk: Sendable {
  let database: any Database
  let directory: AccessDirectory
  let passwords: PasswordWork
  package let policy: SessionPolicy

  package init(
    database: any Database, directory: AccessDirectory, passwords: PasswordWork, policy: SessionPolicy = SessionPolicy()
  ) {
    self.database = database
    self.directory = directory
    self.passwords = passwords
    self.policy = policy
  }

  // MARK: - Signing in and out

  /// A new session, whatever the browser had before; `Set-Cookie` gets the value.
  ///
  /// An unknown name, a disabled account and a wrong password are answered with the same words after the same work.
  ///
  /// - Throws: `access.sign-in`, `access.too-many-attempts`, `request.overloaded`.
  package func signIn(login: String, password: String, _ call: Call) async throws -> String {
    let name = LoginName(login)
    let throttle = SignInThrottle(name?.text ?? login, call.origin)
    try await database.read(in: .state) { try throttle.look(now: call.now, in: $0) }
    let known = try await database.write(in: .state) { transaction in
      try throttle.count(now: call.now, in: transaction)
      return try name.flatMap { try AccountStore.credentials($0, in: transaction) }
    }
    let isRight = try await passwords.matches(password, stored: known?.password)
    guard isRight, let known else { throw Self.refusal }
    let (secret, former) = (AccessSecret.random(.session), Self.secret(of: call))
    defer { directory.forgetAll() }
    try await database.write(in: .state) { [policy] transaction in
      // It may have been reset or disabled meanwhile.
      guard try AccountStore.credentials(of: known.principal, in: transaction)?.password == known.password else {
        throw Self.refusal
      }
      try throttle.succeeded(in: transaction)
      if let former { try SessionStore.end(secret: former, in: transaction) }
      try SessionStore.sweep(policy, now: call.now, in: transaction)
      try AccountStore.noteSignIn(known.principal, now: call.now, in: transaction)
      try changes(known.principal, call.now, transaction).beginSession(secret, policy, BrowserName.of(call.browser))
    }
    return secret.printed
  }

  /// Ends the session of the call's cookie, if it is one.
  package func signOut(_ call: Call, _ context: OperatorContext) async throws {
    guard let session = context.session else { return }
    try await endSession(session.id, of: try context.actor, by: try context.actor, now: call.now)
  }

  private static let refusal = AccessError(.signIn, "The name or the password is wrong, or the account is disabled.")

  private static func secret(of call: Call) -> AccessSecret? {
    SessionCookie.value(in: call.headers).flatMap { AccessSecret(.session, printed: $0) }
  }

  private func changes(_ actor: PrincipalID, _ now: Instant, _ transaction: any Transaction) -> AccessChanges {
    AccessChanges(actor: .principal(actor), now: now, transaction: transaction)
  }

  // MARK: - Passwords

  /// The login name of a one-time link's account. Looking does not use the link up: programs that read e-mail look too.
  ///
  /// - Throws: `access.link`.
  package func login(ofLink text: String, now: Instant) async throws -> String {
    try await holder(ofLink: text, now: now).login.text
  }

  /// Sets the password of a one-time link's account and uses the link up; then one signs in.
  ///
  /// - Throws: `access.link`, `access.password`, `request.overloaded`.
  package func setPassword(_ password: String, link text: String, now: Instant) async throws {
    let holder = try await holder(ofLink: text, now: now)
    try PasswordRule.check(password, of: holder.login)
    let hash = try await passwords.hash(password)
    let link = try Self.link(text)
    defer { directory.forgetAll() }
    try await database.write(in: .state) { transaction in
      guard let still = try AccountStore.holder(ofLink: link.hash, now: now, in: transaction) else {
        throw Self.deadLink
      }
      try changes(still.principal, now, transaction).setPassword(hash, of: still.principal, by: .link)
    }
  }

  /// Sets a new password for who knows the old one, ends every session, and begins one anew for this browser.
  ///
  /// - Returns: the value for `Set-Cookie`.
  /// - Throws: `access.sign-in`, `access.password`, `access.too-many-attempts`, `request.overloaded`.
  package func changePassword(
    from old: String, to new: String, _ call: Call, _ context: OperatorContext
  ) async throws -> String {
    let principal = try context.actor
    let account = try await database.read(in: .state) { try AccountStore.account(of: principal, in: $0) }
    guard let account, let login = LoginName(account.login) else {
      throw ServingError(.notFound, "You have no account with a password.")
    }
    try PasswordRule.check(new, of: login)
    let throttle = SignInThrottle(login.text, nil)
    let known = try await database.write(in: .state) { transaction in
      try throttle.count(now: call.now, in: transaction)
      return try AccountStore.credentials(of: principal, in: transaction)
    }
    guard try await passwords.matches(old, stored: known?.password) else {
      throw AccessError(.signIn, "The present password is wrong.")
    }
    let hash = try await passwords.hash(new)
    let secret = AccessSecret.random(.session)
    defer { directory.forgetAll() }
    try await database.write(in: .state) { [policy] transaction in
      guard try AccountStore.credentials(of: principal, in: transaction)?.password == known?.password else {
        throw Self.refusal
      }
      try throttle.succeeded(in: transaction)
      let changes = self.changes(principal, call.now, transaction)
      try changes.setPassword(hash, of: principal, by: .oldPassword)
      try changes.beginSession(secret, policy, BrowserName.of(call.browser), purpose: context.session?.purpose)
    }
    return secret.printed
  }

  private static let deadLink = AccessError(
    .link, "This link was used already or has expired. Ask whoever gave it to you for a new one.")

  private static func link(_ text: String) throws(AccessError) -> AccessSecret {
    guard let secret = AccessSecret(.link, printed: text) else { throw deadLink }
    return secret
  }

  private func holder(
    ofLink text: String, now: Instant
  ) async throws -> (principal: PrincipalID, login: LoginName) {
    let link = try Self.link(text)
    let found = try await database.read(in: .state) { try AccountStore.holder(ofLink: link.hash, now: now, in: $0) }
    guard let found else { throw Self.deadLink }
    return found
  }

  // MARK: - Sessions

  /// Those of a principal, or everybody's, that are not over.
  package func sessions(of principal: PrincipalID?, now: Instant) async throws -> [Session] {
    try await database.read(in: .state) { [policy] in
      try SessionStore.sessions(of: principal, policy, now: now, in: $0)
    }
  }

  /// Ended again, it changes nothing.
  package func endSession(
    _ id: SessionID, of principal: PrincipalID, by actor: PrincipalID, now: Instant
  ) async throws {
    defer { directory.forgetAll() }
    try await database.write(in: .state) { try changes(actor, now, $0).endSession(id, of: principal) }
  }

  /// Keeps for the rest of the session why its owner looks at what is linked to students.
  ///
  /// - Throws: `request.not-found` where no session but a token proved the caller.
  package func choose(_ purpose: ViewPurpose, _ call: Call, _ context: OperatorContext) async throws {
    guard let session = context.session else {
      throw ServingError(.notFound, "A purpose is kept in a browser's session; there is none.")
    }
    let actor = try context.actor
    defer { directory.forgetAll() }
    try await database.write(in: .state) { try changes(actor, call.now, $0).set(purpose, of: session.id) }
  }
}

extension Call {
  /// What the browser says it is.
  fileprivate var browser: String? { headers[.userAgent] }
}
