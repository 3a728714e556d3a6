import Serving
import Vocabulary

/// A secret of 32 random bytes, shown once, of which only the SHA-256 is kept. It has 256 random bits, so that a slow hash
/// would protect nothing, and is found by its hash, so that no comparison tells by its duration.
struct AccessSecret: Sendable {
  enum Kind: String, Sendable {
    /// An API token.
    case token = "rcp_"
    /// A browser's session.
    case session = "rcs_"
    /// A link that sets a password, once.
    case link = "rcl_"
    /// A browser from which somebody has signed in, see ``KnownBrowser``.
    case browser = "rcb_"
  }

  /// The kind's prefix and 43 characters of base64url (RFC 4648, section 5).
  let printed: String

  /// - Parameter bytes: 32 bytes of randomness.
  init(_ kind: Kind, bytes: [UInt8]) { printed = kind.rawValue + Base64URL.encode(bytes) }

  /// A new one from the system's random source.
  static func random(_ kind: Kind) -> AccessSecret { AccessSecret(kind, bytes: RandomBytes.make(32)) }

  /// nil where the text cannot be a secret of this kind, so that no other text reaches the database.
  init?(_ kind: Kind, printed: String) {
    guard printed.hasPrefix(kind.rawValue), printed.utf8.count == kind.rawValue.utf8.count + 43,
      printed.utf8.allSatisfy(Base64URL.isDigit)
    else { return nil }
    self.printed = printed
  }

  /// SHA-256 over the printed form.
  var hash: [UInt8] { Digest.sha256(Array(printed.utf8)).bytes }

  /// What a session's forms send back: follows from its secret, and the secret does not follow from it.
  var formToken: FormToken { FormToken(Digest.sha256(Array("rollcall form token \(printed)".utf8)).bytes) }
}

/// Bytes from the system's random source.
enum RandomBytes {
  static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
