import Storage
import Vocabulary

/// Browsers from which somebody has signed in, in the caller's transaction.
///
/// Guesses are held back by name and by address, and strangers can use up both. So a browser keeps a secret from signing in
/// or setting a password, and later attempts that bring it, for that account alone, are counted apart: who lacks it keeps
/// nobody out. It lets nobody in: the password is asked for all the same, and is guessed no faster.
///
/// Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies.
enum KnownBrowser {
  /// From the last sign-in.
  static let life = Duration.seconds(180 * 86_400)
  /// Of one account; past them the one of the longest ago is forgotten.
  static let mostOfAccount = 5

  /// Whether the secret is one of this account's.
  static func isKnown(
    _ secret: AccessSecret, login: LoginName, now: Instant, in transaction: any Transaction
  ) throws -> Bool {
    try transaction.row(
      """
      SELECT b.principal_id FROM access_browser b JOIN access_account a ON a.principal_id = b.principal_id
      WHERE b.secret_hash = \(secret.hash) AND b.expires_at > \(now) AND a.login = \(login.text)
      """) != nil
  }

  /// Keeps the secret that the browser had from this account for another ``life``, or gives it the new one.
  ///
  /// - Returns: which of the two it is known by now.
  static func remember(
    had: AccessSecret?, new: AccessSecret, of principal: PrincipalID, now: Instant, in transaction: any Transaction
  ) throws -> AccessSecret {
    try sweep(now: now, in: transaction)
    let end = now.advanced(by: life)
    if let had {
      let renewed = try transaction.run(
        """
        UPDATE access_browser SET signed_in_at = \(now), expires_at = \(end)
        WHERE secret_hash = \(had.hash) AND principal_id = \(principal)
        """)
      if renewed > 0 { return had }
    }
    try transaction.run(
      """
      DELETE FROM access_browser WHERE principal_id = \(principal) AND secret_hash NOT IN (
        SELECT secret_hash FROM access_browser WHERE principal_id = \(principal)
        ORDER BY signed_in_at DESC, secret_hash LIMIT \(mostOfAccount - 1))
      """)
    try transaction.run(
      """
      INSERT INTO access_browser (secret_hash, principal_id, signed_in_at, expires_at)
      VALUES (\(new.hash), \(principal), \(now), \(end))
      """)
    return new
  }

  /// With a new password no browser is known any more.
  static func forget(allOf principal: PrincipalID, in transaction: any Transaction) throws {
    try transaction.run("DELETE FROM access_browser WHERE principal_id = \(principal)")
  }

  static func forgetAll(in transaction: any Transaction) throws { try transaction.run("DELETE FROM access_browser") }

  /// Some of those whose life is over: each sign-in takes a few with it.
  private static func sweep(now: Instant, in transaction: any Transaction) throws {
    try transaction.run(
      """
      DELETE FROM access_browser WHERE secret_hash IN (
        SELECT secret_hash FROM access_browser WHERE expires_at <= \(now) ORDER BY expires_at LIMIT 100)
      """)
  }
}
