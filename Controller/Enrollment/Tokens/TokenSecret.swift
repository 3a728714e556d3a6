internal import Serving
package import Vocabulary

/// An enrolment token's secret: 32 random bytes as 43 characters of base64url. Shown once, stored as its digest.
package struct TokenSecret: Hashable, Sendable {
  package let text: String

  package static func random() -> TokenSecret { TokenSecret(unchecked: Base64URL.encode(RandomBytes.make(32))) }

  private init(unchecked: String) { text = unchecked }

  /// The secret in what a device presents: the printed form, or its middle part alone.
  package init?(presented: String) {
    let parts = presented.split(separator: ".", omittingEmptySubsequences: false)
    let candidate: Substring
    switch parts.count {
    case 1: candidate = parts[0]
    case 3 where parts[0] == Self.version: candidate = parts[1]
    default: return nil
    }
    guard candidate.utf8.count == 43, candidate.utf8.allSatisfy(Base64URL.isDigit) else { return nil }
    text = String(candidate)
  }

  package static let version = "rct1"

  /// What a person hands to a device: with the root's digest, so that the device trusts no other controller.
  package func printed(root: Digest) -> String { "\(Self.version).\(text).\(Base64URL.encode(root.bytes))" }

  /// What is stored and searched; the secret has 256 random bits, so a plain digest is enough.
  package var digest: Digest { Digest.sha256(Array(text.utf8)) }
}
