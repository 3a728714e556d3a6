import Testing
import Vocabulary

@testable import CheckIn
@testable import Compression

/// What was packed by a released version has to be read by every later one: these bytes are never made anew.
@Suite("The stored format of facts")
struct StoredFormatTests {
  static let body =
    #"{"fileSystems":[{"availableBytes":7,"kind":"ext4","mount":"/","readOnly":false,"totalBytes":9}],"links":[]}"#

  @Test("No byte of a dictionary changes: what was packed with it could not be read any more")
  func dictionaries() {
    #expect(
      Digest.sha256(FactPacking.first.dictionary).description
        == "149ea2695ae1c8a3e8173a00af0576fceee31b0eee6ab8c3cc323b8f195447dc")
    #expect(
      Digest.sha256(SoftwareDifference.packing.dictionary).description
        == "f694ae221dd1fbf9fff4d97e6cb06cefb8e1e1ce9078b36cb55d545dc7874883")
  }

  @Test("Facts packed with the first dictionary are read")
  func facts() throws {
    let stored = try #require(bytes("01ab26180fe6644784257218c7d60200"))
    #expect(try FactPacking.unpack(stored) == Array(Self.body.utf8))
    #expect(try FactPacking.unpack(FactPacking.pack(Array(Self.body.utf8))) == Array(Self.body.utf8))
  }

  @Test("A difference of software is read as it was first stored, and packed with the first dictionary")
  func difference() throws {
    var difference = SoftwareDifference()
    difference.removed = [3, 200]
    difference.added = Array("libfoo1\t1:1.2-3+deb12u1\tamd64\tdpkg\npython3-foo\t2.0-1+deb12u1\tall\tdpkg\n".utf8)
    difference.addedCount = 2
    #expect(SoftwareDifference(encoded: [1, 2, 3, 197, 1] + difference.added) == difference)
    let stored = try #require(bytes("026364623eca08746e5a7ebe21d04d20c71b6353070b34a03a4e2390350845307b00"))
    #expect(SoftwareDifference(encoded: stored) == difference)
    #expect(SoftwareDifference(encoded: difference.encoded) == difference)
    #expect(difference.encoded.count < 60)
  }

  private func bytes(_ hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
    return bytes.count * 2 == digits.count ? bytes : nil
  }
}
