import Testing
import Vocabulary

@testable import Wire

@Suite("Identity in a certificate")
struct IdentityURITests {
  @Test(
    "Identities go to text and back",
    arguments: [
      "urn:uuid:3a7e5c10-91d2-4b8e-a6f1-5c0d9e2b7714", "urn:rollcall:board:PKXYZ018JC90FB",
      "urn:rollcall:board:%2F7N62AI2%2FA%20B%25", "urn:rollcall:mac:a4c3f0123456",
      "urn:rollcall:device:dev_0123456789abcdef",
    ])
  func roundTrip(text: String) { #expect(IdentityURI(text)?.text == text) }

  @Test(
    "Placeholders, malformed values and other URIs are none",
    arguments: [
      "", "urn:uuid:", "urn:uuid:00000000-0000-0000-0000-000000000000", "urn:rollcall:board:Default%20string",
      "urn:rollcall:board:%", "urn:rollcall:board:%4", "urn:rollcall:board:%zz", "urn:rollcall:board:%ff%fe%fd%fc",
      "urn:rollcall:mac:a4c3f01234", "urn:rollcall:mac:a4:c3:f0:12:34:56", "urn:rollcall:mac:020000000001",
      "urn:rollcall:mac:ffffffffffff", "urn:rollcall:device:prn_0123456789abcdef", "urn:rollcall:device:",
      "https://example.org", "URN:UUID:x", "urn:rollcall:", "\u{0}",
    ])
  func refused(text: String) { #expect(IdentityURI(text) == nil) }

  @Test("A board's serial is escaped so that it cannot end the URI")
  func escaping() throws {
    let serial = try #require(Serial("/CN=x;y z%00#?"))
    let text = IdentityURI.board(serial).text
    #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
    #expect(!text.contains("/") && !text.contains(";") && !text.contains("#"))
    #expect(IdentityURI(text) == .board(serial))
  }
}
