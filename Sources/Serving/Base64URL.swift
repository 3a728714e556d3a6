import FoundationEssentials

/// Bytes as text of an address, a cookie or a form, without padding.
///
/// Source: RFC 4648, section 5
package enum Base64URL {
  package static func encode(_ bytes: [UInt8]) -> String {
    let text = Data(bytes).base64EncodedData().compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// nil where a character is none of the alphabet, or the length is none that bytes have.
  package static func decode(_ text: String) -> [UInt8]? {
    guard text.utf8.allSatisfy(isDigit) else { return nil }
    var padded = text.replacing("-", with: "+").replacing("_", with: "/")
    padded += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: padded).map(Array.init)
  }

  package static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
