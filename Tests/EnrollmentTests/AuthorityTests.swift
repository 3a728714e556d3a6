import Foundation
import Testing
import Vocabulary
import X509

@testable import Enrollment

@Suite("The certificate authority")
struct AuthorityTests {
  let now = World.start
  let device = DeviceID(rawValue: "dev_0123456789abcdef")!

  private func verify(_ authority: CertificateAuthority, _ pem: String, at now: Instant, _ purpose: String) throws
    -> String
  {
    let openssl = try OpenSSL()
    try openssl.folder.write("root.pem", authority.rootPEM)
    try openssl.folder.write("issuing.pem", authority.issuingPEM)
    try openssl.folder.write("leaf.pem", pem)
    return try openssl(
      "verify", "-x509_strict", "-attime", "\(now.milliseconds / 1000)", "-purpose", purpose, "-CAfile", "root.pem",
      "-untrusted",
      "issuing.pem", "leaf.pem")
  }

  @Test("openssl verifies a device's certificate up to the root, as a client's")
  func deviceChain() throws {
    let authority = try NewAuthority(name: "Test", now: now).authority
    let key = TestKey()
    let issued = try authority.issue(
      to: device, of: World.cedar, serial: Serial("PF3ABCDE"), key: Certificate.PublicKey(key.key.publicKey), now: now)
    #expect(try verify(authority, issued.pem, at: now, "sslclient").contains("leaf.pem: OK"))
    #expect(throws: OpenSSL.Failed.self) { try verify(authority, issued.pem, at: now, "sslserver") }
    #expect(issued.key == key.digest)
  }

  @Test("A device's certificate names the device and its machine, and may nothing but prove itself")
  func deviceProfile() throws {
    let openssl = try OpenSSL()
    let authority = try NewAuthority(name: "Test", now: now).authority
    let issued = try authority.issue(
      to: device, of: World.cedar, serial: Serial("PF3ABCDE"), key: Certificate.PublicKey(TestKey().key.publicKey),
      now: now)
    try openssl.folder.write("leaf.pem", issued.pem)
    let text = try openssl("x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "RFC2253")
    #expect(text.contains("CN=dev_0123456789abcdef"))
    #expect(text.contains("OU=cedar-falls"))
    #expect(text.contains("serialNumber=PF3ABCDE"))
    #expect(text.contains("URI:urn:rollcall:device:dev_0123456789abcdef"))
    #expect(text.contains("TLS Web Client Authentication"))
    #expect(text.contains("Digital Signature\n"))
    #expect(text.contains("CA:FALSE"))
    #expect(text.contains("X509v3 Authority Key Identifier"))
    #expect(text.contains("X509v3 Subject Key Identifier"))
  }

  @Test("A device's certificate holds 90 days from now, and from a day before, in whole seconds")
  func deviceDates() throws {
    let authority = try NewAuthority(name: "Test", now: now).authority
    let odd = now.advanced(by: .milliseconds(789))
    let issued = try authority.issue(
      to: device, of: World.cedar, serial: nil, key: Certificate.PublicKey(TestKey().key.publicKey), now: odd)
    #expect(issued.notBefore == now.advanced(by: .seconds(-86_400)))
    #expect(issued.notAfter == now.advanced(by: .seconds(90 * 86_400)))
    let certificate = try Certificate(derEncoded: issued.der)
    #expect(Instant(certificate.notValidBefore) == issued.notBefore)
    #expect(Instant(certificate.notValidAfter) == issued.notAfter)
  }

  @Test("Root and issuing certificate hold 20 and 10 years, and sign no deeper than they should")
  func ownCertificates() throws {
    let made = try NewAuthority(name: "Test", now: now)
    let (root, issuing) = (made.authority.root, made.authority.issuing)
    #expect(Instant(root.notValidAfter).since(now) == NewAuthority.rootLife)
    #expect(Instant(issuing.notValidAfter).since(now) == NewAuthority.issuingLife)
    #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 1))
    #expect(try issuing.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
    for certificate in [root, issuing] {
      let usage = try #require(try certificate.extensions.keyUsage)
      #expect(usage == KeyUsage(keyCertSign: true, cRLSign: true))
    }
  }

  @Test("No certificate outlives the issuing one, and none is signed after its end")
  func issuerEnd() throws {
    let authority = try NewAuthority(name: "Test", now: now).authority
    let key = Certificate.PublicKey(TestKey().key.publicKey)
    let late = authority.notAfter.advanced(by: .seconds(-3600))
    #expect(
      try authority.issue(to: device, of: World.cedar, serial: nil, key: key, now: late).notAfter == authority.notAfter)
    #expect(throws: EnrollmentError(.authorityExpired, "")) {
      try authority.issue(to: device, of: World.cedar, serial: nil, key: key, now: authority.notAfter)
    }
  }

  @Test("Serial numbers of certificates are positive, of at most 127 bits, and no two alike")
  func serialNumbers() {
    let numbers = (0..<500).map { _ in Certificate.SerialNumber.random127() }
    #expect(Set(numbers).count == 500)
    #expect(numbers.allSatisfy { $0.bytes.count < 16 || $0.bytes.count == 16 && $0.bytes.first! < 0x80 })
  }

  @Test("A listener's certificate stands for its DNS names and addresses, for 397 days")
  func serverIdentity() throws {
    let authority = try NewAuthority(name: "Test", now: now).authority
    let identity = try authority.makeServerIdentity(
      names: ["localhost", "rollcall.example.org", "127.0.0.1", "::1"], now: now)
    #expect(try verify(authority, identity.chainPEM, at: now, "sslserver").contains("OK"))
    #expect(identity.notAfter == now.advanced(by: .seconds(397 * 86_400)))
    let openssl = try OpenSSL()
    try openssl.folder.write("chain.pem", identity.chainPEM)
    try openssl.folder.write("key.pem", identity.keyPEM)
    let names = try openssl("x509", "-in", "chain.pem", "-noout", "-ext", "subjectAltName")
    for name in ["DNS:localhost", "DNS:rollcall.example.org", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"] {
      #expect(names.contains(name))
    }
    #expect(
      try openssl("pkey", "-in", "key.pem", "-pubout") == openssl("x509", "-in", "chain.pem", "-noout", "-pubkey"))
    #expect(throws: EnrollmentError(.authority, "")) { try authority.makeServerIdentity(names: ["no name"], now: now) }
    #expect(throws: EnrollmentError(.authority, "")) { try authority.makeServerIdentity(names: [], now: now) }
  }

  @Test("Its files hold keys for their owner alone, load again, and are never overwritten")
  func files() throws {
    let folder = try Folder()
    let files = AuthorityFiles(folder: folder.path)
    let made = try NewAuthority(name: "Test", now: now)
    try files.write(made)
    for (path, mode) in [(files.rootKey, 0o600), (files.issuingKey, 0o600), (files.rootCertificate, 0o644)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
    #expect(try files.load().rootDigest == made.authority.rootDigest)
    #expect(throws: EnrollmentError(.authorityExists, "")) { try files.write(made) }
  }

  @Test("The operator's own authority, made by openssl, is taken; parts that do not belong together are not")
  func operatorsOwn() throws {
    let openssl = try OpenSSL()
    try openssl.folder.write(
      "ca.cnf",
      "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n[leaf]\nbasicConstraints=CA:FALSE\n"
    )
    try openssl(
      "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj",
      "/CN=Own root",
      "-days", "3650", "-config", "ca.cnf", "-extensions", "ca")
    for (name, extensions) in [("issuing", "ca"), ("leaf", "leaf")] {
      try openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key",
        "-out",
        "\(name).csr", "-subj", "/CN=Own \(name)", "-config", "ca.cnf")
      try openssl(
        "x509", "-req", "-in", "\(name).csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out",
        "\(name).pem", "-days", "365", "-extfile", "ca.cnf", "-extensions", extensions)
    }
    func text(_ name: String) throws -> String { String(decoding: try openssl.folder.read(name), as: UTF8.self) }
    let authority = try CertificateAuthority(
      rootPEM: text("root.pem"), issuingPEM: text("issuing.pem"), issuingKeyPEM: text("issuing.key"))
    let today = Instant(Date())
    let issued = try authority.issue(
      to: device, of: World.cedar, serial: nil, key: Certificate.PublicKey(TestKey().key.publicKey), now: today)
    try openssl.folder.write("device.pem", issued.pem)
    #expect(try openssl("verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "device.pem").contains("OK"))
    for (root, issuing, key) in [
      ("issuing.pem", "issuing.pem", "issuing.key"), ("root.pem", "issuing.pem", "leaf.key"),
      ("root.pem", "leaf.pem", "leaf.key"),
      ("root.key", "issuing.pem", "issuing.key"), ("root.pem", "issuing.pem", "issuing.pem"),
    ] {
      #expect(throws: EnrollmentError(.authority, "")) {
        try CertificateAuthority(rootPEM: text(root), issuingPEM: text(issuing), issuingKeyPEM: text(key))
      }
    }
  }

  @Test("openssl reads the certificates of a certificates-only answer")
  func certificatesOnly() throws {
    let openssl = try OpenSSL()
    let authority = try NewAuthority(name: "Test", now: now).authority
    let body = try CertificatesOnly.body([authority.rootDER, authority.issuingDER])
    try openssl.folder.write("answer.p7.b64", body)
    try openssl("base64", "-d", "-in", "answer.p7.b64", "-out", "answer.p7")
    let printed = try openssl("pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs")
    #expect(printed.contains("CN = Test root"))
    #expect(printed.contains("CN = Test devices"))
    #expect(printed.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
    for pem in [authority.rootPEM, authority.issuingPEM] {
      #expect(printed.contains(pem.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
  }
}
