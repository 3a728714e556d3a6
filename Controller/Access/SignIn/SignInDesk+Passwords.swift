package import Serving
import Storage
package import Vocabulary

extension SignInDesk {
  /// The login name of a one-time link's account. Looking does not use the link up: programs that read e-mail look too.
  ///
  /// - Throws: `access.link`.
  package func login(ofLink text: String, now: Instant) async throws -> String {
    try await holder(ofLink: text, now: now).login.text
  }

  /// Sets the password of a one-time link's account and uses the link up; then one signs in.
  ///
  /// - Returns: what the browser is known by when it does, the value for `Set-Cookie`.
  /// - Throws: `access.link`, `access.password`, `request.overloaded`.
  @discardableResult
  package func setPassword(_ password: String, link text: String, now: Instant) async throws -> String {
    let holder = try await holder(ofLink: text, now: now)
    try PasswordRule.check(password, of: holder.login)
    let claim = PasswordWork.Claim(key: "link:\(holder.principal)", limit: SignInThrottle.ofName.atOnce)
    let hash = try await passwords.inLine([claim], isKnown: true) { try await $0.hash(password) }
    let (link, browser) = (try Self.link(text), AccessSecret.random(.browser))
    defer { directory.forgetAll() }
    try await database.write(in: .state) { transaction in
      guard let still = try AccountStore.holder(ofLink: link.hash, now: now, in: transaction) else {
        throw Self.deadLink
      }
      try changes(still.principal, now, transaction).setPassword(hash, of: still.principal, by: .link)
      _ = try KnownBrowser.remember(had: nil, new: browser, of: still.principal, now: now, in: transaction)
    }
    return browser.printed
  }

  /// Sets a new password for who knows the old one, ends every session, and begins one anew for this browser.
  ///
  /// - Throws: `access.sign-in`, `access.password`, `access.too-many-attempts`, `request.overloaded`.
  package func changePassword(
    from old: String, to new: String, _ call: Call, _ context: OperatorContext
  ) async throws -> Cookies {
    let principal = try context.actor
    let account = try await database.read(in: .state) { try AccountStore.account(of: principal, in: $0) }
    guard let account, let login = LoginName(account.login) else {
      throw ServingError(.notFound, "You have no account with a password.")
    }
    try PasswordRule.check(new, of: login)
    let throttle = SignInThrottle(ownPasswordOf: principal, login)
    return try await counting {
      let (known, hash) = try await passwords.inLine(throttle.claims, isKnown: throttle.isKnown) { place in
        let known = try await database.write(in: .state) { transaction in
          try throttle.count(now: call.now, in: transaction)
          return try AccountStore.credentials(of: principal, in: transaction)
        }
        guard try await place.matches(old, stored: known?.password) else {
          throw AccessError(.signIn, "The present password is wrong.")
        }
        return (known, try await place.hash(new))
      }
      let (session, browser) = (AccessSecret.random(.session), AccessSecret.random(.browser))
      defer { directory.forgetAll() }
      try await database.write(in: .state) { [policy] transaction in
        guard try AccountStore.credentials(of: principal, in: transaction)?.password == known?.password else {
          throw Self.refusal
        }
        try throttle.succeeded(now: call.now, in: transaction)
        let changes = self.changes(principal, call.now, transaction)
        try changes.setPassword(hash, of: principal, by: .oldPassword)
        try changes.beginSession(session, policy, BrowserName.of(call.browser), purpose: context.session?.purpose)
        _ = try KnownBrowser.remember(had: nil, new: browser, of: principal, now: call.now, in: transaction)
      }
      return Cookies(session: session.printed, browser: browser.printed)
    }
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
}
