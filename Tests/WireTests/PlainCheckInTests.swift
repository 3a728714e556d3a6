import Foundation
import Testing
import Vocabulary

@testable import Wire

@Suite("The check-in that says nothing changed, read without a general decoder")
struct PlainCheckInTests {
  @Test("What our own encoder writes is read, and as the general decoder reads it")
  func same() throws {
    let whole = try golden("checkin-unchanged-v1.json")
    let plain = try #require(PlainCheckIn.read(whole))
    #expect(plain == (try WireCodec.decode(CheckInRequest.self, from: whole, as: "a check-in")))
    #expect(try WireCodec.encode(plain) == whole)
    let none = CheckInRequest(sequence: 1, sentAt: Instant(milliseconds: 0), agent: "", hashes: [:], facts: Facts())
    #expect(PlainCheckIn.read(try WireCodec.encode(none)) == none)
  }

  @Test("A message with facts, an unknown section, a name twice, a space or an escape is left to the general decoder")
  func others() throws {
    #expect(PlainCheckIn.read(try golden("checkin-v1.json")) == nil)
    let whole = String(decoding: try golden("checkin-unchanged-v1.json"), as: UTF8.self)
    let hash = String(repeating: "0", count: 64)
    for (old, new) in [
      ("{\"hardware", "{\"printers\":\"\(hash)\",\"hardware"), ("{\"hardware", "{\"vitals\":\"\(hash)\",\"hardware"),
      ("\"sequence\":43", "\"sequence\": 43"), ("\"sequence\":43", "\"sequence\":043"), ("0.1.0", "0\\u002e1"),
      ("\"sequence\":43", "\"sequence\":-43"), ("\"sequence\":43", "\"sequence\":43.0"), ("0.1.0", "0.1.0ä"),
      ("\"sequence\":43", "\"sequence\":9999999999999999999"), ("\"version\":1", "\"version\":2"),
      (",\"version\":1", ""),
      ("\"version\":1}", "\"version\":1},"), ("\"agent\"", "\"Agent\""),
    ] {
      let changed = whole.replacingOccurrences(of: old, with: new)
      try #require(changed != whole)
      #expect(PlainCheckIn.read(Array(changed.utf8)) == nil, "\(new)")
    }
  }

  @Test("With any byte changed or cut away, what is read is what the general decoder reads")
  func changed() throws {
    let whole = try golden("checkin-unchanged-v1.json")
    var random = FixedRandom(state: 5)
    for index in whole.indices {
      #expect(PlainCheckIn.read(Array(whole[..<index])) == nil)
      for _ in 0..<8 {
        var bytes = whole
        bytes[index] = UInt8.random(in: 0...255, using: &random)
        guard let plain = PlainCheckIn.read(bytes) else { continue }
        #expect(plain == (try WireCodec.decode(CheckInRequest.self, from: bytes, as: "a check-in")))
      }
    }
  }
}
