/// Crockford's base32 in lower case: no i, l, o, u, so that it survives being read aloud on the phone.
///
/// Source: https://www.crockford.com/base32.html
package enum Base32 {
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// The text of `bytes`, five bits a character, the last one padded with zero bits; no '=' padding.
  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 8 + 4) / 5)
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      buffer = (buffer << 8) | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(alphabet[Int((buffer >> bits) & 31)])
        buffer &= (1 << bits) - 1
      }
    }
    if bits > 0 { text.append(alphabet[Int((buffer << (5 - bits)) & 31)]) }
    return String(decoding: text, as: UTF8.self)
  }
}
