import Serving
import Storage
import Vocabulary

/// Holds back whoever tries passwords: by the login name, and by the address of the connection's other end; who comes with
/// a browser from which this account was signed in to before, by that browser alone, see ``KnownBrowser``.
///
/// An attempt is counted before the password is looked at, in a transaction, so that neither many at once nor several
/// controllers see more than the limits; a right password takes the count back, and is counted under a wider limit of its
/// own. What is kept of a subject is one instant, until which its attempts have used up the rate (the generic cell rate
/// algorithm): an attempt moves it on by the time that the rate gives to one, and it may lie as far ahead as the burst. A
/// header such as X-Forwarded-For is never looked at: the address is the connection's own, or what a trusted balancer said
/// before TLS.
struct SignInThrottle: Sendable {
  struct Limit: Sendable, Hashable {
    /// Attempts that are answered one after another.
    let burst: Int64
    /// The time that makes room for one more.
    let pause: Duration
    /// Passwords that are computed or wait to be, at once at one controller.
    let atOnce: Int
  }

  /// Of one login name, whether there is such an account or not; of a known browser; of who changes their own password.
  static let ofName = Limit(burst: 10, pause: .seconds(60), atOnce: 2)
  /// Of one address, behind which a whole school may sit; of IPv6, then of the wider networks that the address is of,
  /// for one holder may have all of such a network, see ``Origin/networks``.
  static let ofAddresses = [
    Limit(burst: 50, pause: .seconds(3), atOnce: 8), Limit(burst: 100, pause: .milliseconds(1500), atOnce: 12),
    Limit(burst: 200, pause: .milliseconds(750), atOnce: 16),
  ]
  /// Right passwords of one account, which cost as much as wrong ones.
  static let ofSuccesses = Limit(burst: 20, pause: .seconds(30), atOnce: .max)

  /// What something is counted under.
  private struct Subject: Sendable {
    let key: String
    let limit: Limit

    /// Not the name or address itself: somebody may have typed a password into the field of the name.
    init(_ kind: String, _ text: String, _ limit: Limit) {
      key = "\(kind):\(Digest.sha256(Array("\(kind) \(text)".utf8)).description)"
      self.limit = limit
    }
  }

  /// What an attempt is counted under; a right password forgets the first, and takes one attempt of the others back.
  private let attempts: [Subject]
  /// What a right password is counted under.
  private let success: Subject
  /// Whether it comes with a browser that is known, or of who is signed in: not of the strangers in the line of passwords.
  let isKnown: Bool

  /// Somebody who signs in.
  ///
  /// - Parameter browser: the secret of a browser that is known to be the account's.
  init(_ login: String, _ origin: Origin?, known browser: AccessSecret?) {
    success = Subject("right", login, Self.ofSuccesses)
    isKnown = browser != nil
    if let browser {
      attempts = [Subject("browser", browser.printed, Self.ofName)]
    } else {
      let networks = (origin ?? .unknown).networks
      attempts =
        [Subject("name", login, Self.ofName)]
        + zip(networks, Self.ofAddresses).map { Subject("address", $0, $1) }
    }
  }

  /// Somebody who is signed in and says the present password: nobody else's attempts count.
  init(ownPasswordOf principal: PrincipalID, _ login: LoginName) {
    success = Subject("right", login.text, Self.ofSuccesses)
    attempts = [Subject("own", principal.rawValue, Self.ofName)]
    isKnown = true
  }

  /// What of the line of passwords it takes.
  var claims: [PasswordWork.Claim] { attempts.map { .init(key: $0.key, limit: $0.limit.atOnce) } }

  /// Pure: nil with the seconds to wait, or until when the rate is used up with one attempt more.
  static func decide(spentUntil: Instant?, _ limit: Limit, now: Instant) -> (wait: Int?, spentUntil: Instant) {
    let pause = limit.pause.milliseconds
    // A clock that was set back must not lock anybody out for longer than the burst.
    let latest = now.milliseconds + limit.burst * pause
    let spent = min(max(spentUntil?.milliseconds ?? 0, now.milliseconds), latest)
    let over = spent + pause - latest
    if over > 0 { return (Int((over + 999) / 1000), Instant(milliseconds: spent)) }
    return (nil, Instant(milliseconds: spent + pause))
  }

  /// Only looks, so that who is held back costs no writing transaction.
  ///
  /// - Throws: `access.too-many-attempts`.
  func look(now: Instant, in transaction: any Transaction) throws {
    let spent = try self.spent(in: transaction)
    for subject in attempts + [success] { _ = try Self.next(subject, spent, now) }
  }

  /// Counts an attempt; what is over is swept away meanwhile.
  ///
  /// - Throws: `access.too-many-attempts`.
  func count(now: Instant, in transaction: any Transaction) throws {
    let spent = try self.spent(in: transaction)
    _ = try Self.next(success, spent, now)
    for subject in attempts { try keep(try Self.next(subject, spent, now), subject, in: transaction) }
    try transaction.run(
      """
      DELETE FROM access_attempt WHERE subject IN (
        SELECT subject FROM access_attempt WHERE spent_until <= \(now) ORDER BY spent_until LIMIT 100)
      """)
  }

  /// The password was right: the failures of the name or browser are forgotten, and the address gets this attempt back.
  func succeeded(now: Instant, in transaction: any Transaction) throws {
    let spent = try self.spent(in: transaction)
    for (index, subject) in attempts.enumerated() {
      if index == 0 {
        try transaction.run("DELETE FROM access_attempt WHERE subject = \(subject.key)")
      } else if let until = spent[subject.key] {
        try keep(until.advanced(by: .zero - subject.limit.pause), subject, in: transaction)
      }
    }
    try keep(
      Self.decide(spentUntil: spent[success.key], success.limit, now: now).spentUntil, success, in: transaction)
  }

  /// Until when the subject's rate is used up with one more.
  ///
  /// - Throws: `access.too-many-attempts`.
  private static func next(_ subject: Subject, _ spent: [String: Instant], _ now: Instant) throws(AccessError)
    -> Instant
  {
    let (wait, until) = decide(spentUntil: spent[subject.key], subject.limit, now: now)
    if let wait { throw refusal(wait) }
    return until
  }

  private func keep(_ until: Instant, _ subject: Subject, in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO access_attempt (subject, spent_until) VALUES (\(subject.key), \(until))
      ON CONFLICT (subject) DO UPDATE SET spent_until = excluded.spent_until
      """)
  }

  private func spent(in transaction: any Transaction) throws -> [String: Instant] {
    var found: [String: Instant] = [:]
    let query: SQL = """
      SELECT subject, spent_until FROM access_attempt WHERE subject IN \(list: (attempts + [success]).map(\.key))
      """
    for row in try transaction.rows(query) { found[try row.get("subject")] = try row.get("spent_until") }
    return found
  }

  private static func refusal(_ wait: Int) -> AccessError {
    AccessError(
      .tooManyAttempts,
      "Too many sign-ins by this name, or from this address. Wait \(wait < 90 ? "\(wait) seconds" : "\((wait + 59) / 60) minutes"), then try again.",
      headers: [.retryAfter: String(wait)])
  }
}

extension Duration {
  /// Whole ones.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
