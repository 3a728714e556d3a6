import Testing

@testable import Vocabulary

@Suite("The nearest name")
struct SpellingTests {
  @Test("The nearest name is found, whatever its case, and a far one is not")
  func nearest() {
    #expect(Spelling.nearest(to: "asettag", in: ["serial", "assetTag"]) == "assetTag")
    #expect(Spelling.nearest(to: "SERIAL", in: ["serial", "assetTag"]) == "serial")
    #expect(Spelling.nearest(to: "completely-else", in: ["serial", "assetTag"]) == nil)
    #expect(Spelling.nearest(to: String(repeating: "a", count: 10_000_000), in: ["serial"]) == nil)
    #expect(Spelling.nearest(to: "x", in: []) == nil)
  }
}
