import Foundation
import Serving
import SwiftASN1
import Testing
import Vocabulary
import X509

@testable import Enrollment

@Suite("A certificate request, as the openssl command makes it")
struct CertificateRequestTests {
  let openssl: OpenSSL
  init() throws { openssl = try OpenSSL() }

  private func expect(_ kind: EnrollmentError.Kind, _ body: [UInt8], own: DeviceID? = nil) {
    #expect(throws: EnrollmentError(kind, "")) { try CertificateRequest(body: body, own: own) }
  }

  @Test(
    "of a strong key is accepted",
    arguments: [
      ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ["rsa:3072"],
    ])
  func strong(key: [String]) throws {
    let request = try CertificateRequest(body: openssl.request(key: key))
    #expect(request.identity.serial == Serial("PF3ABCDE"))
    try openssl("req", "-inform", "DER", "-in", "device.csr", "-pubkey", "-noout", "-out", "pub.pem")
    try openssl("pkey", "-pubin", "-in", "pub.pem", "-outform", "DER", "-out", "pub.der")
    #expect(request.key == Digest.sha256(try openssl.folder.read("pub.der")))
  }

  @Test(
    "of a weak key, or of a kind that nobody asked for, is refused",
    arguments: [
      ["rsa:1024"], ["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-224"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    ])
  func weak(key: [String]) throws { expect(.weakKey, try openssl.request(key: key)) }

  @Test("signed with SHA-1, RSA-PSS or Ed25519 is refused")
  func unknownSignature() throws {
    expect(.unknownSignature, try openssl.request(digest: "-sha1"))
    expect(.unknownSignature, try openssl.request(key: ["rsa:3072"], other: ["-sigopt", "rsa_padding_mode:pss"]))
    expect(.unknownSignature, try openssl.request(key: ["ed25519"]))
  }

  @Test("whose signature is another key's is refused")
  func badSignature() throws {
    var der = Array(Data(base64Encoded: Data(try TestKey().request(serial: "PF3ABCDE")))!)
    let place = der.firstRange(of: Array("PF3ABCDE".utf8))!.lowerBound
    der[place] = UInt8(ascii: "Q")
    expect(.badSignature, Array(Data(der).base64EncodedData()))
  }

  @Test(
    "that asks to be an authority is refused",
    arguments: ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign", "keyUsage=digitalSignature,cRLSign"])
  func asksForAuthority(line: String) throws { expect(.asksForAuthority, try openssl.request(extensions: [line])) }

  @Test(
    "that names anything but a device's identity is refused",
    arguments: [
      "DNS:www.example.org", "IP:10.0.0.1", "email:a@example.org", "URI:https://example.org/", "RID:1.2.3.4",
      "URI:urn:rollcall:district:x",
    ])
  func foreignName(name: String) throws {
    expect(.foreignName, try openssl.request(extensions: ["subjectAltName=\(name)"]))
  }

  @Test("that names another device is refused, in its subject or beside it; its own name it may say")
  func anotherDevice() throws {
    let own = DeviceID(rawValue: "dev_0123456789abcdef")!
    let named = try openssl.request(subject: "/CN=dev_0123456789abcdef/serialNumber=PF3ABCDE")
    expect(.anotherDevice, named)
    expect(.anotherDevice, named, own: DeviceID(rawValue: "dev_fedcba9876543210")!)
    #expect(try CertificateRequest(body: named, own: own).identity.serial == Serial("PF3ABCDE"))
    for uri in ["urn:rollcall:device:dev_0123456789abcdef", "urn:rollcall:device:nonsense"] {
      expect(.anotherDevice, try openssl.request(extensions: ["subjectAltName=URI:\(uri)"]))
    }
    let beside = try openssl.request(extensions: ["subjectAltName=URI:urn:rollcall:device:dev_0123456789abcdef"])
    #expect(try CertificateRequest(body: beside, own: own).identity.serial == Serial("PF3ABCDE"))
  }

  @Test("with more extensions or names than anyone needs is refused")
  func tooMany() throws {
    let names = (0..<33).map { "URI:urn:rollcall:mac:0050569a\(String(format: "%04x", $0))" }.joined(separator: ",")
    expect(.tooManyExtensions, try openssl.request(extensions: ["subjectAltName=\(names)"]))
    let extensions = (1...17).map { "1.2.3.4.\($0)=DER:0500" }
    expect(.tooManyExtensions, try openssl.request(extensions: extensions))
  }

  @Test("gives the identity it claims, without the firmware's fillers")
  func identity() throws {
    let uris = [
      "urn:uuid:4c4c4544-0042-3510-8052-b4c04f4d3232", "urn:rollcall:board:%2FBRD-1%2F",
      "urn:rollcall:mac:0050569a0001",
      "urn:rollcall:mac:0250569a0001", "urn:uuid:00000000-0000-0000-0000-000000000000",
      "urn:rollcall:board:Default%20string",
    ]
    let body = try openssl.request(
      subject: "/serialNumber=To be filled by O.E.M.",
      extensions: ["subjectAltName=" + uris.map { "URI:\($0)" }.joined(separator: ",")])
    let identity = try CertificateRequest(body: body).identity
    #expect(identity.serial == nil)
    #expect(identity.uuid?.text == "4c4c4544-0042-3510-8052-b4c04f4d3232")
    #expect(identity.boardSerial == Serial("/BRD-1/"))
    #expect(identity.builtInMACs.map(\.text) == ["00:50:56:9a:00:01"])
  }

  @Test("may come with line ends, spaces and tabs anywhere, or as PEM")
  func armour() throws {
    let plain = try TestKey().request(serial: "PF3ABCDE")
    let text = String(decoding: plain, as: UTF8.self)
    let spaced = text.enumerated().map { "\($1)" + ($0 % 40 == 0 ? " \r\n\t" : "") }.joined()
    let pem = "-----BEGIN CERTIFICATE REQUEST-----\r\n\(text)\r\n-----END CERTIFICATE REQUEST-----\r\n"
    let key = try CertificateRequest(body: plain).key
    #expect(try CertificateRequest(body: Array(spaced.utf8)).key == key)
    #expect(try CertificateRequest(body: Array(pem.utf8)).key == key)
  }

  @Test("over the size limit, empty, or not base64 is refused")
  func malformed() {
    expect(.malformed, [])
    expect(.malformed, Array("%%%%".utf8))
    expect(.malformed, Array("MAA=".utf8))
    expect(.malformed, [UInt8](repeating: UInt8(ascii: "A"), count: 20_000))
    expect(.malformed, Array("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----".utf8))
  }
}
