/// What each form and script of a session sends back, so that no other site's page can make a change.
///
/// It never stands on a page as it is: each answer has a mask of fresh random bytes, and the token added to it by XOR
/// (`mask ‖ mask ⊕ token`). So the letters on two pages have nothing in common, and how well a page is compressed tells
/// nothing of the token (BREACH, see ``Reply/compressed(for:)``).
package struct FormToken: Sendable, Hashable {
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// For one answer, in base64url; the mask is from the system's random source.
  package func masked() -> String {
    var random = SystemRandomNumberGenerator()
    return masked(by: bytes.map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  /// - Parameter mask: as many bytes as the token has.
  func masked(by mask: [UInt8]) -> String { Base64URL.encode(mask + zip(mask, bytes).map { $0.0 ^ $0.1 }) }

  /// Whether `text` is this token under some mask. An empty token is nobody's.
  func isMasked(in text: String) -> Bool {
    guard !bytes.isEmpty, text.utf8.count <= 4 * bytes.count, let sent = Base64URL.decode(text),
      sent.count == 2 * bytes.count
    else { return false }
    return ConstantTime.equal(zip(sent, sent.dropFirst(bytes.count)).map { $0.0 ^ $0.1 }, bytes)
  }
}
