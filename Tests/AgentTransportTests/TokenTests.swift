import CurlClient
import Testing
import Vocabulary

@testable import AgentTransport

@Suite struct TokenTests {
  static let secret = String(repeating: "A", count: 43)
  static let root = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

  @Test("A printed token tells the pinned root, and its description keeps the secret")
  func reads() throws {
    let token = try EnrollmentToken(printed: " rct1.\(Self.secret).\(Self.root)\n")
    #expect(try token.root == SHA256.digest([]))
    #expect(!"\(token)".contains(Self.secret))
    #expect(token.printed == "rct1.\(Self.secret).\(Self.root)")
  }

  @Test(
    "Anything else is refused",
    arguments: [
      "", "rct1", "rct1..", "rct2.\(secret).\(root)", "rct1.\(secret)", "rct1.\(secret).\(root).x",
      "rct1.\(secret)A.\(root)", "rct1.\(secret.dropLast()).\(root)", "rct1.\(secret).\(root.dropLast())",
      "rct1.\(secret).\(root.dropLast())!", "rct1.\(secret).\(root)\nrct1.\(secret).\(root)",
      "rct1.\(secret).\(root)=", "rct1.\(secret).\(root.dropLast())\u{e9}",
    ])
  func refuses(text: String) {
    #expect(throws: AgentError(.tokenMalformed, "")) { try EnrollmentToken(printed: text) }
  }
}

@Suite struct Base64Tests {
  @Test("Bytes come back, in lines of 64", arguments: 0..<100)
  func comesBack(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let text = Base64.encodeLines(bytes)
    #expect(Base64.decode(text) == bytes)
    #expect(text.split(separator: 10).allSatisfy { $0.count <= 64 })
  }

  @Test("Known values of RFC 4648 are written so")
  func known() {
    for (plain, text) in [("f", "Zg==\n"), ("fo", "Zm8=\n"), ("foo", "Zm9v\n"), ("foobar", "Zm9vYmFy\n")] {
      #expect(Base64.encodeLines(Array(plain.utf8)) == Array(text.utf8))
    }
  }

  @Test(
    "Other characters, text after padding and left-over bits are refused",
    arguments: ["Zg==Zg==", "Z", "Zm9v!", "Zh=="])
  func refuses(text: String) { #expect(Base64.decode(Array(text.utf8)) == nil) }

  @Test("Carriage returns, tabs and spaces are passed over")
  func spaces() { #expect(Base64.decode(Array("Zm\r\n9v \tYm Fy".utf8)) == Array("foobar".utf8)) }
}

@Suite struct CertificateMessageTests {
  @Test(
    "Hostile answers are refused without harm",
    arguments: ["", "!!!!", "AAAA", "MAA=", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "MIIBIgYJKoZIhvcNAQcC"])
  func hostile(text: String) {
    #expect(throws: AgentError(.replyUnusable, "")) { try CertificateMessage.certificates(in: Array(text.utf8)) }
  }

  @Test("An answer over the limit is refused before it is decoded")
  func oversized() {
    let body = [UInt8](repeating: UInt8(ascii: "A"), count: 1 << 20)
    #expect(throws: AgentError(.replyUnusable, "")) { try CertificateMessage.certificates(in: body) }
  }
}
