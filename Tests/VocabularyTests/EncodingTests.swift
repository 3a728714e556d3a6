import Testing

@testable import Vocabulary

@Suite("Bytes as text")
struct EncodingTests {
  @Test("Base32 is Crockford's, five bits a character")
  func base32() {
    #expect(Base32.encode([]) == "")
    #expect(Base32.encode([0]) == "00")
    #expect(Base32.encode([0xff]) == "zw")
    #expect(Base32.encode([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]) == "0123456789abcdef")
    #expect(Base32.encode([0x84, 0x65, 0x3a, 0x56, 0xd7, 0xc6, 0x75, 0xbe, 0x77, 0xdf]) == "ghjkmnpqrstvwxyz")
    for count in 0...64 {
      #expect(Base32.encode([UInt8](repeating: 0xa5, count: count)).utf8.count == (count * 8 + 4) / 5)
    }
  }

  @Test("Hexadecimal goes there and back for every byte, in either case")
  func hex() {
    let all = (0...255).map { UInt8($0) }
    #expect(Hex.decode(Hex.encode(all)) == all)
    #expect(Hex.decode(Hex.encode(all).uppercased()) == all)
    #expect(Hex.decode("") == [])
    for bad in ["0", "0g", "0x00", " 00", "00 ", "é", "０0", "\u{0}0"] { #expect(Hex.decode(bad) == nil) }
  }

  @Test("A digest is 32 bytes and nothing else")
  func digest() {
    let bytes = (0..<32).map { UInt8($0) }
    let digest = Digest(bytes: bytes)
    #expect(digest?.description == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
    #expect(Digest(hex: digest?.description ?? "") == digest)
    #expect(Digest(bytes: bytes.dropLast()) == nil)
    #expect(Digest(bytes: bytes + [0]) == nil)
    #expect(Digest(hex: String(repeating: "0", count: 63)) == nil)
    #expect(Digest(hex: String(repeating: "g", count: 64)) == nil)
    #expect(Digest(hex: String(repeating: "0", count: 66)) == nil)
  }

  @Test(
    "Sizes read as people say them",
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (8_160_437_248, "7.6 GiB"), (10 << 30, "10 GiB"),
      (-2048, "-2.0 KiB"), (Int64.max, "8.0 EiB"), (Int64.min, "-8.0 EiB"),
    ] as [(Int64, String)])
  func sizes(bytes: Int64, text: String) { #expect(ByteCount(bytes).description == text) }

  @Test("Multiples saturate")
  func multiples() {
    #expect(ByteCount.kibibytes(3) == 3072)
    #expect(ByteCount.mebibytes(2) == 2_097_152)
    #expect(ByteCount.kibibytes(.max).bytes == .max)
    #expect(ByteCount.mebibytes(.min).bytes == .min)
  }
}
