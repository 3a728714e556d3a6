import FoundationEssentials
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
  init(_ kind: Kind, bytes: [UInt8]) { printed = kind.rawValue + Self.base64url(bytes) }

  /// A new one from the system's random source.
  static func random(_ kind: Kind) -> AccessSecret { AccessSecret(kind, bytes: RandomBytes.make(32)) }

  /// nil where the text cannot be a secret of this kind, so that no other text reaches the database.
  init?(_ kind: Kind, printed: String) {
    let allowed: (UInt8) -> Bool = { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "_")
    }
    guard printed.hasPrefix(kind.rawValue), printed.utf8.count == kind.rawValue.utf8.count + 43,
      printed.utf8.allSatisfy(allowed)
    else { return nil }
    self.printed = printed
  }

  /// SHA-256 over the printed form.
  var hash: [UInt8] { Digest.sha256(Array(printed.utf8)).bytes }

  /// What a session's forms send back: follows from its secret, and the secret does not follow from it.
  var formToken: String { Self.base64url(Digest.sha256(Array("rollcall form token \(printed)".utf8)).bytes) }

  private static func base64url(_ bytes: [UInt8]) -> String {
    let text = Data(bytes).base64EncodedString().prefix { $0 != "=" }
    return String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }
}

/// Bytes from the system's random source.
enum RandomBytes {
  static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
