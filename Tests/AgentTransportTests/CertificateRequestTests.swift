import CurlClient
import Foundation
import ProcessSupport
import Testing
import Vocabulary
import Wire

@testable import AgentTransport

@Suite struct CertificateRequestTests {
  private func claim(_ change: (inout IdentityFacts) -> Void = { _ in }) -> IdentityClaim {
    var facts = IdentityFacts()
    facts.serial = "PF3XK9Q2"
    facts.uuid = "4C4C4544-0042-3010-8052-B9C04F4B4D32"
    facts.boardSerial = "L1HF/1 7Z"
    facts.builtInMACs = ["8c:8c:aa:01:02:03", "02:00:00:00:00:01"]
    change(&facts)
    return IdentityClaim(facts, hostname: "desk-7")
  }

  /// What the `openssl` command makes of a request, as an EST client of others would.
  private func openssl(_ der: [UInt8]) throws -> String {
    let path = NSTemporaryDirectory() + "rollcall-\(UUID().uuidString).der"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(der).write(to: URL(fileURLWithPath: path))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = [
      "req", "-inform", "DER", "-in", path, "-verify", "-noout", "-text", "-nameopt", "RFC2253,sname",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.start()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text
  }

  @Test("OpenSSL verifies the request and reads the identity from it")
  func verifies() throws {
    let key = try PrivateKey.makeP256()
    let text = try openssl(try CertificateRequest.make(for: claim(), key: key))
    #expect(text.contains("verify OK"))
    #expect(text.contains("serialNumber=PF3XK9Q2"))
    #expect(text.contains("prime256v1"))
    #expect(text.contains("ecdsa-with-SHA256"))
    #expect(text.contains("URI:urn:uuid:4c4c4544-0042-3010-8052-b9c04f4b4d32"))
    #expect(text.contains("URI:urn:rollcall:board:L1HF%2F1%207Z"))
    #expect(text.contains("URI:urn:rollcall:mac:8c8caa010203"))
    #expect(!text.contains("020000000001"))
  }

  @Test("A placeholder serial is left out", arguments: ["Default string", "To be filled by O.E.M.", "0123456789", ""])
  func placeholder(serial: String) throws {
    let claim = claim { $0.serial = serial }
    #expect(claim.serial == nil)
    let text = try openssl(try CertificateRequest.make(for: claim, key: try PrivateKey.makeP256()))
    #expect(!text.contains("serialNumber="))
    #expect(text.contains("CN=desk-7"))
  }

  @Test("A machine that knows nothing of itself makes a request without names")
  func nameless() throws {
    let claim = IdentityClaim(IdentityFacts(), hostname: nil)
    let text = try openssl(try CertificateRequest.make(for: claim, key: try PrivateKey.makeP256()))
    #expect(text.contains("verify OK"))
    #expect(!text.contains("URI:"))
  }

  @Test("Characters that mean something in a name do not reach the common name")
  func hostileName() {
    let claim = IdentityClaim(IdentityFacts(), hostname: "a,CN=b\u{0}/é" + String(repeating: "x", count: 99))
    #expect(claim.commonName.hasPrefix("aCNbx"))
    #expect(claim.commonName.count == 64)
  }

  @Test("A request belongs to the key it was made with, and to no other")
  func belongs() throws {
    let key = try PrivateKey.makeP256()
    let request = try CertificateRequest.make(for: claim(), key: key)
    #expect(CertificateRequest.isFor(key, request))
    #expect(!CertificateRequest.isFor(try PrivateKey.makeP256(), request))
    #expect(!CertificateRequest.isFor(key, Array(request.dropLast())))
    #expect(!CertificateRequest.isFor(key, []))
  }

  @Test("A key comes back from its PEM form; other texts are refused")
  func keys() throws {
    let key = try PrivateKey.makeP256()
    #expect(try PrivateKey(pem: try key.pem()).publicKey == key.publicKey)
    #expect(throws: TransferError(.keyUnusable, "")) { try PrivateKey(pem: Array("no key".utf8)) }
    #expect(throws: TransferError(.keyUnusable, "")) { try PrivateKey(pem: []) }
  }
}
