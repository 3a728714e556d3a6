package import Vocabulary

/// An enrolment token in its printed form `rct1.SECRET.ROOT`: the authority to enrol, and whom to believe.
///
/// SECRET is 32 random bytes, ROOT the SHA-256 of the controller's root certificate (DER), both in URL-safe base64.
package struct EnrollmentToken: Sendable, CustomStringConvertible {
  /// The printed form, a secret: it travels in one header and stands in no log.
  package let printed: String
  /// The fingerprint of the root certificate that everything is verified against.
  package let root: Digest

  /// - Throws: `agent.token-malformed`.
  package init(printed raw: String) throws(AgentError) {
    let bytes = Array(raw.utf8)
    let text = String(decoding: bytes.drop { $0 <= 0x20 }.prefix { $0 > 0x20 }, as: UTF8.self)
    let rest = bytes.drop { $0 <= 0x20 }.drop { $0 > 0x20 }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "rct1", rest.allSatisfy({ $0 <= 0x20 }),
      Base64.decodeURLSafe(parts[1])?.count == 32, let digest = Base64.decodeURLSafe(parts[2]),
      let root = Digest(bytes: digest)
    else {
      throw AgentError(
        .tokenMalformed,
        "This is not an enrolment token: it reads 'rct1.', 43 characters, a dot, and 43 characters. Copy it whole from 'rollcall token create'."
      )
    }
    printed = text
    self.root = root
  }

  /// Without the secret.
  package var description: String { "rct1.….\(root.description.prefix(12))…" }
}
