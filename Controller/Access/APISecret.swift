import FoundationEssentials
import Serving
import Vocabulary

/// The secret of an API token: 32 random bytes, shown once, of which only the SHA-256 is kept. It has 256 random bits,
/// so that a slow hash would protect nothing, and is found by its hash, so that no comparison tells by its duration.
struct APISecret: Sendable {
  static let prefix = "rcp_"

  /// `rcp_` and 43 characters of base64url (RFC 4648, section 5).
  let printed: String

  /// - Parameter bytes: 32 bytes of randomness.
  init(bytes: [UInt8]) {
    let text = Data(bytes).base64EncodedString().prefix { $0 != "=" }
    printed = Self.prefix + String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }

  /// A new one from the system's random source.
  static func random() -> APISecret {
    var generator = SystemRandomNumberGenerator()
    return APISecret(bytes: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// nil where the text cannot be a secret, so that no other text reaches the database.
  init?(printed: String) {
    let allowed: (UInt8) -> Bool = { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "_")
    }
    guard printed.hasPrefix(Self.prefix), printed.utf8.count == Self.prefix.utf8.count + 43,
      printed.utf8.allSatisfy(allowed)
    else { return nil }
    self.printed = printed
  }

  /// SHA-256 over the printed form.
  var hash: [UInt8] { Digest.sha256(Array(printed.utf8)).bytes }
}
