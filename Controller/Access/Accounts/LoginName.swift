/// What somebody signs in by: 3 to 64 of a–z, 0–9 and `. _ @ + -`, such as an e-mail address. Capitals are folded, so that
/// no two accounts differ by them.
package struct LoginName: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package var description: String { text }

  /// nil where the text can be no login name.
  package init?(_ text: String) {
    guard text.utf8.count <= 256 else { return nil }
    // What a phone's keyboard puts around it.
    var bytes = text.utf8.drop { $0 == UInt8(ascii: " ") }
    while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    guard (3...64).contains(bytes.count) else { return nil }
    var folded: [UInt8] = []
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "-"):
        folded.append(byte)
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): folded.append(byte | 0x20)
      default: return nil
      }
    }
    self.text = String(decoding: folded, as: UTF8.self)
  }

  /// - Throws: `access.value`.
  init(checking text: String) throws(AccessError) {
    guard let name = LoginName(text) else {
      throw AccessError(
        .value, "A login name has 3 to 64 of a–z, 0–9 and '. _ @ + -', such as 'ada.field' or an e-mail address.")
    }
    self = name
  }
}
