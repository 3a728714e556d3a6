import Testing

@testable import Compression

@Suite("Short texts packed with a dictionary")
struct PackingTests {
  private static let packing = Packing(mark: 1, dictionary: #"{"kind":"ext4","mount":"/","readOnly":false}"#)
  private static let text = Array(#"{"kind":"ext4","mount":"/home","readOnly":false}"#.utf8)

  @Test("What is packed is shorter, begins with its mark, and is what it was")
  func roundTrip() throws {
    let packed = try Self.packing.pack(Self.text)
    #expect(packed.first == 1 && packed.count < Self.text.count / 2)
    #expect(try Self.packing.unpack(packed, limit: Self.text.count) == Self.text)
    for length in [0, 1, 2, 100, 5000, 100_000] {
      let text = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
      #expect(try Self.packing.unpack(Self.packing.pack(text), limit: length) == text)
      let marked = [1] + text
      #expect(try Self.packing.unpack(Self.packing.pack(marked), limit: length + 1) == marked)
    }
  }

  @Test("What does not get shorter stays, and what was never packed is read as it is")
  func plain() throws {
    #expect(try Self.packing.pack([0x7b, 0x7d]) == [0x7b, 0x7d])
    #expect(try Self.packing.unpack(Self.text, limit: 1000) == Self.text)
    #expect(try Self.packing.unpack([], limit: 0) == [])
  }

  @Test("Stored bytes of any shape are read or refused, never more than the limit")
  func hostile() throws {
    let packed = try Self.packing.pack(Self.text)
    for count in 1..<packed.count { #expect(fault(Array(packed.prefix(count))) == .truncated) }
    #expect(fault(packed + [0]) == .trailingBytes)
    #expect(fault(packed, limit: Self.text.count - 1) == .tooLarge)
    #expect(fault(Self.text, limit: Self.text.count - 1) == .tooLarge)
    #expect(fault([1, 0xff, 0xff]) == .malformed)
    let bomb = try Self.packing.pack([UInt8](repeating: 7, count: 1 << 20))
    #expect(bomb.count < 8192 && fault(bomb, limit: 1 << 16) == .tooLarge)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let noise = (0..<Int.random(in: 0..<80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? Self.packing.unpack([1] + noise, limit: 4096)
    }
  }

  private func fault(_ bytes: [UInt8], limit: Int = 1 << 16) -> CompressionError.Kind? {
    do {
      _ = try Self.packing.unpack(bytes, limit: limit)
      return nil
    } catch {
      return error.kind
    }
  }
}
