/// RFC 4648 base64 with padding; decoding tolerates white space, for EST bodies come with line ends.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var buffer: UInt32 = 0
    var held = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      held += 1
      guard held == 3 else { continue }
      for shift in [18, 12, 6, 0] as [UInt32] { text.append(alphabet[Int(buffer >> shift & 63)]) }
      (buffer, held) = (0, 0)
    }
    guard held > 0 else { return text }
    buffer <<= held == 1 ? 16 : 8
    text.append(alphabet[Int(buffer >> 18 & 63)])
    text.append(alphabet[Int(buffer >> 12 & 63)])
    text.append(held == 2 ? alphabet[Int(buffer >> 6 & 63)] : UInt8(ascii: "="))
    text.append(UInt8(ascii: "="))
    return text
  }

  /// nil where a character is neither of the alphabet nor white space, or bytes are left over.
  static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    var ended = false
    for character in text {
      if [9, 10, 13, 32].contains(character) { continue }
      if character == UInt8(ascii: "=") {
        ended = true
        continue
      }
      let value = values[Int(character)]
      guard value < 64, !ended else { return nil }
      buffer = buffer << 6 | UInt32(value)
      bits += 6
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      buffer &= (1 << bits) - 1
    }
    return bits < 6 ? bytes : nil
  }
}
