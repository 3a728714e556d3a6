/// Base64 as EST carries it, and its variant for names and tokens.
///
/// Source: RFC 4648, sections 4 and 5
package enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// With padding, in lines of 64 characters, each ended by LF.
  package static func encodeLines(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var column = 0
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
      }
      column += 4
      if column == 64 || start + 3 >= bytes.count {
        text.append(UInt8(ascii: "\n"))
        column = 0
      }
    }
    return text
  }

  /// White space is passed over, padding may be missing; nil for anything else, and for bits left over.
  package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    decode(text, UInt8(ascii: "+"), UInt8(ascii: "/"))
  }

  /// The variant with '-' and '_', as tokens are written; no white space.
  package static func decodeURLSafe(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "=") }) else { return nil }
    return decode(text.utf8, UInt8(ascii: "-"), UInt8(ascii: "_"))
  }

  private static func decode(_ text: some Sequence<UInt8>, _ sixtyTwo: UInt8, _ sixtyThree: UInt8) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    var padded = false
    for byte in text {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
      case sixtyTwo: value = 62
      case sixtyThree: value = 63
      case UInt8(ascii: "="):
        padded = true
        continue
      case 9, 10, 13, 32: continue
      default: return nil
      }
      if padded { return nil }
      buffer = (buffer << 6 | UInt32(value)) & 0xfff
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    return bits < 6 && buffer & ((1 << bits) - 1) == 0 ? bytes : nil
  }
}
