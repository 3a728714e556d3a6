/// A SHA-256 digest: exactly 32 bytes, written as 64 hexadecimal digits.
package struct Digest: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// The digest made of `bytes`, or nil unless there are 32 of them.
  package init?(bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// The digest of a hash function whose result has 32 bytes by its type.
  package init(_ bytes: InlineArray<32, UInt8>) { self.bytes = bytes.indices.map { bytes[$0] } }

  package init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The digest that 64 hexadecimal digits in ASCII tell.
  package init?(hexDigits: UnsafeBufferPointer<UInt8>) {
    guard hexDigits.count == 64, let bytes = Hex.decode(hexDigits) else { return nil }
    self.bytes = bytes
  }

  package var description: String { Hex.encode(bytes) }

  /// Its first 16 digits, as screens show a key to people who compare it: `3f5a0c1122334455…`.
  package var short: String { "\(Hex.encode(bytes.prefix(8)))…" }

  package static func < (left: Digest, right: Digest) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Digest(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a digest is 64 hexadecimal digits")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Digest {
  /// 32 zero bytes: the digest of nothing anybody can name.
  package static let zero = Digest(unchecked: [UInt8](repeating: 0, count: 32))

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}
