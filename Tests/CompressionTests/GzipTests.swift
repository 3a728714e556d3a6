import Testing

@testable import Compression

@Suite("gzip with a bound")
struct GzipTests {
  static let text = Array(String(repeating: "libc6\t2.36-9+deb12u10\tamd64\tdpkg\n", count: 500).utf8)
  /// printf 'hello\n' | gzip -n (Debian 12, gzip 1.12).
  static let hello: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00,
    0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00,
  ]
  /// zlib.compress(b"hello\n").
  static let helloZlib: [UInt8] = [0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x08, 0x4b, 0x02, 0x1f]

  @Test("What was compressed comes back at every level", arguments: 0...9)
  func roundTrip(level: Int) throws {
    for input in [[], [7], Self.text, (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }] {
      let packed = try Gzip.compress(input, level: level)
      #expect(try Gzip.decompress(packed, limit: input.count) == input)
    }
  }

  @Test("gzip's own output and a zlib stream are read")
  func foreignStreams() throws {
    #expect(try Gzip.decompress(Self.hello, limit: 6) == Array("hello\n".utf8))
    #expect(try Gzip.decompress(Self.helloZlib, limit: 6) == Array("hello\n".utf8))
  }

  @Test("Equal input gives equal output")
  func deterministic() throws {
    #expect(try Gzip.compress(Self.text) == Gzip.compress(Self.text))
  }

  @Test("One byte over the limit is refused, the limit itself is not")
  func limit() throws {
    let packed = try Gzip.compress(Self.text)
    #expect(try Gzip.decompress(packed, limit: Self.text.count).count == Self.text.count)
    #expect(refusal { try Gzip.decompress(packed, limit: Self.text.count - 1) } == .tooLarge)
    #expect(refusal { try Gzip.decompress(Self.hello, limit: 0) } == .tooLarge)
  }

  @Test("A bomb of 256 MiB in 255 KiB is refused at the limit")
  func bomb() throws {
    let bomb = try Gzip.compress([UInt8](repeating: 0, count: 256 << 20), level: 9)
    #expect(bomb.count < 300_000)
    #expect(refusal { try Gzip.decompress(bomb, limit: 4 << 20) } == .tooLarge)
  }

  @Test("Every truncation is refused")
  func truncated() throws {
    let packed = try Gzip.compress(Self.text)
    for length in [0, 1, 2, 9, 10, 11, packed.count / 2, packed.count - 9, packed.count - 1] {
      #expect(refusal { try Gzip.decompress(Array(packed.prefix(length)), limit: 1 << 20) } == .truncated)
    }
  }

  @Test("Bytes after the end are refused, also a second member")
  func trailing() {
    #expect(refusal { try Gzip.decompress(Self.hello + [0], limit: 100) } == .trailingBytes)
    #expect(refusal { try Gzip.decompress(Self.hello + Self.hello, limit: 100) } == .trailingBytes)
  }

  @Test("A preset dictionary is refused")
  func dictionary() {
    // CMF 0x78, FLG with FDICT, DICTID.
    #expect(refusal { try Gzip.decompress([0x78, 0xbb, 1, 2, 3, 4, 0xcb, 0x48], limit: 100) } == .dictionary)
  }

  @Test("Damage and other formats are refused")
  func malformed() {
    var damaged = Self.hello
    damaged[12] ^= 0xff
    #expect(refusal { try Gzip.decompress(damaged, limit: 100) } == .malformed)
    var checksum = Self.hello
    checksum[19] ^= 1
    #expect(refusal { try Gzip.decompress(checksum, limit: 100) } == .malformed)
    #expect(refusal { try Gzip.decompress(Array("{\"version\":1}".utf8), limit: 100) } == .malformed)
  }

  @Test("An unknown level is refused")
  func level() {
    #expect(refusal { try Gzip.compress([1], level: 10) } == .unavailable)
    #expect(refusal { try Gzip.compress([1], level: -1) } == .unavailable)
  }

  @Test("Random bytes never trap")
  func hostile() {
    var generator = SplitMix(state: 7)
    for _ in 0..<2_000 {
      var bytes = Self.hello
      for _ in 0..<Int(generator.next() % 6) {
        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      _ = try? Gzip.decompress(bytes, limit: 1_000)
    }
  }

  private func refusal(_ body: () throws -> [UInt8]) -> CompressionError.Kind? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? CompressionError)?.kind }
  }
}

/// A fixed sequence of numbers. Source: https://prng.di.unimi.it/splitmix64.c
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
