import Serving
import Storage
import Vocabulary

/// Holds back whoever tries passwords: by the login name, and by the address of the connection's other end.
///
/// An attempt is counted before the password is looked at, in a transaction, so that neither many at once nor several
/// controllers see more than the limits; a right password takes the count back. What is kept of a name or address is one
/// instant, until which its attempts have used up the rate (the generic cell rate algorithm): an attempt moves it on by the
/// time that the rate gives to one, and it may lie as far ahead as the burst. A header such as X-Forwarded-For is never
/// looked at: the address is the connection's own, or what a trusted balancer said before TLS.
struct SignInThrottle: Sendable {
  struct Limit: Sendable, Hashable {
    /// Attempts that are answered one after another.
    let burst: Int64
    /// The time that makes room for one more.
    let pause: Duration
  }

  /// Of one login name, whether there is such an account or not.
  static let ofName = Limit(burst: 10, pause: .seconds(60))
  /// Of one address, behind which a whole school may sit.
  static let ofAddress = Limit(burst: 50, pause: .seconds(3))

  /// What an attempt is counted under.
  private let subjects: [(key: String, limit: Limit)]

  init(_ login: String, _ origin: Origin?) {
    var subjects = [(Self.key("name", login), Self.ofName)]
    if let origin { subjects.append((Self.key("address", origin.text), Self.ofAddress)) }
    self.subjects = subjects
  }

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
    for subject in subjects {
      if let wait = Self.decide(spentUntil: spent[subject.key], subject.limit, now: now).wait {
        throw Self.refusal(wait)
      }
    }
  }

  /// Counts an attempt; what is over is swept away meanwhile.
  ///
  /// - Throws: `access.too-many-attempts`.
  func count(now: Instant, in transaction: any Transaction) throws {
    let spent = try self.spent(in: transaction)
    for subject in subjects {
      let (wait, until) = Self.decide(spentUntil: spent[subject.key], subject.limit, now: now)
      if let wait { throw Self.refusal(wait) }
      try keep(until, subject.key, in: transaction)
    }
    try transaction.run(
      """
      DELETE FROM access_attempt WHERE subject IN (
        SELECT subject FROM access_attempt WHERE spent_until <= \(now) ORDER BY spent_until LIMIT 100)
      """)
  }

  /// The password was right: the name's failures are forgotten, and the address gets this attempt back.
  func succeeded(in transaction: any Transaction) throws {
    let spent = try self.spent(in: transaction)
    for (index, subject) in subjects.enumerated() {
      if index == 0 {
        try transaction.run("DELETE FROM access_attempt WHERE subject = \(subject.key)")
      } else if let until = spent[subject.key] {
        try keep(until.advanced(by: .zero - subject.limit.pause), subject.key, in: transaction)
      }
    }
  }

  private func keep(_ until: Instant, _ key: String, in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO access_attempt (subject, spent_until) VALUES (\(key), \(until))
      ON CONFLICT (subject) DO UPDATE SET spent_until = excluded.spent_until
      """)
  }

  private func spent(in transaction: any Transaction) throws -> [String: Instant] {
    var found: [String: Instant] = [:]
    let query: SQL = """
      SELECT subject, spent_until FROM access_attempt WHERE subject IN \(list: subjects.map(\.key))
      """
    for row in try transaction.rows(query) { found[try row.get("subject")] = try row.get("spent_until") }
    return found
  }

  /// Not the name or address itself: somebody may have typed a password into the field of the name.
  private static func key(_ kind: String, _ text: String) -> String {
    "\(kind):\(Digest.sha256(Array("\(kind) \(text)".utf8)).description)"
  }

  private static func refusal(_ wait: Int) -> AccessError {
    AccessError(
      .tooManyAttempts,
      "Too many sign-ins failed. Wait \(wait < 90 ? "\(wait) seconds" : "\((wait + 59) / 60) minutes"), then try again.",
      headers: [.retryAfter: String(wait)])
  }
}

extension Duration {
  /// Whole ones.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
