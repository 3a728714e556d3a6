package import Serving
package import Storage
import Vocabulary

/// Where people sign in, set their passwords, and end their sessions: what pages and the API do, in one place.
package struct SignInDesk: Sendable {
  let database: any Database
  let directory: AccessDirectory
  let passwords: PasswordWork
  package let policy: SessionPolicy
  private let failed: Counter
  private let throttled: Counter

  package init(
    database: any Database, directory: AccessDirectory, passwords: PasswordWork,
    policy: SessionPolicy = SessionPolicy(), metrics: Metrics = Metrics()
  ) {
    self.database = database
    self.directory = directory
    self.passwords = passwords
    self.policy = policy
    failed = metrics.counter("rollcall_signin_failed_total", "Sign-ins with a wrong name or password.")
    throttled = metrics.counter(
      "rollcall_signin_throttled_total", "Sign-ins answered with 429, for too many came before.")
  }

  /// What a browser keeps after signing in; the values for `Set-Cookie`.
  package struct Cookies: Sendable {
    package let session: String
    /// By which the browser is known where somebody signs in again.
    package let browser: String
  }

  // MARK: - Signing in and out

  /// A new session, whatever the browser had before.
  ///
  /// An unknown name, a disabled account and a wrong password are answered with the same words after the same work.
  ///
  /// - Throws: `access.sign-in`, `access.too-many-attempts`, `request.overloaded`.
  package func signIn(login: String, password: String, _ call: Call) async throws -> Cookies {
    try await counting {
      let name = LoginName(login)
      let had = Self.browser(of: call)
      let throttle = try await database.read(in: .state) { transaction in
        let isKnown =
          if let name, let had {
            try KnownBrowser.isKnown(had, login: name, now: call.now, in: transaction)
          } else { false }
        let throttle = SignInThrottle(name?.text ?? login, call.origin, known: isKnown ? had : nil)
        try throttle.look(now: call.now, in: transaction)
        return throttle
      }
      let known = try await passwords.inLine(throttle.claims, isKnown: throttle.isKnown) { place in
        let known = try await database.write(in: .state) { transaction in
          try throttle.count(now: call.now, in: transaction)
          return try name.flatMap { try AccountStore.credentials($0, in: transaction) }
        }
        guard try await place.matches(password, stored: known?.password), let known else { throw Self.refusal }
        return known
      }
      return try await begin(known, throttle, had, call)
    }
  }

  private func begin(
    _ known: AccountStore.Credentials, _ throttle: SignInThrottle, _ had: AccessSecret?, _ call: Call
  ) async throws -> Cookies {
    let (session, new, former) = (AccessSecret.random(.session), AccessSecret.random(.browser), Self.session(of: call))
    defer { directory.forgetAll() }
    return try await database.write(in: .state) { [policy] transaction in
      // It may have been reset or disabled meanwhile.
      guard try AccountStore.credentials(of: known.principal, in: transaction)?.password == known.password else {
        throw Self.refusal
      }
      try throttle.succeeded(now: call.now, in: transaction)
      let changes = changes(known.principal, call.now, transaction)
      if let former { try changes.endSession(of: former, policy) }
      try SessionStore.sweep(policy, now: call.now, in: transaction)
      try AccountStore.noteSignIn(known.principal, now: call.now, in: transaction)
      try changes.beginSession(session, policy, BrowserName.of(call.browser))
      let browser = try KnownBrowser.remember(
        had: had, new: new, of: known.principal, now: call.now, in: transaction)
      return Cookies(session: session.printed, browser: browser.printed)
    }
  }

  /// Ends the session of the call's cookie, if it is one.
  package func signOut(_ call: Call, _ context: OperatorContext) async throws {
    guard let session = context.session else { return }
    try await endSession(session.id, of: try context.actor, by: try context.actor, now: call.now)
  }

  // MARK: - What its other parts need

  static let refusal = AccessError(.signIn, "The name or the password is wrong, or the account is disabled.")

  /// Counts what `body` is refused for.
  func counting<T>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as AccessError {
      switch error.kind {
      case .signIn: failed.increment()
      case .tooManyAttempts: throttled.increment()
      default: break
      }
      throw error
    }
  }

  func changes(_ actor: PrincipalID, _ now: Instant, _ transaction: any Transaction) -> AccessChanges {
    AccessChanges(actor: .principal(actor), now: now, transaction: transaction)
  }

  private static func session(of call: Call) -> AccessSecret? {
    SessionCookie.value(in: call.headers).flatMap { AccessSecret(.session, printed: $0) }
  }

  private static func browser(of call: Call) -> AccessSecret? {
    BrowserCookie.value(in: call.headers).flatMap { AccessSecret(.browser, printed: $0) }
  }
}

extension Call {
  /// What the browser says it is.
  var browser: String? { headers[.userAgent] }
}
