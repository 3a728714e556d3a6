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

@Suite("The issuing certificate is replaced")
struct AuthorityRotationTests {
  let now = World.start

  private func files() throws -> (Folder, AuthorityFiles, NewAuthority) {
    let folder = try Folder()
    let files = AuthorityFiles(folder: folder.path)
    let made = try NewAuthority(name: "Test", now: now)
    try files.write(made)
    return (folder, files, made)
  }

  @Test("A rotation signs with the new certificate and keeps the one before, without its key")
  func rotate() throws {
    let (folder, files, made) = try files()
    let before = try folder.read("issuing.key")
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    let rotation = try files.rotate(to: pair, now: now)
    #expect(rotation.authority.name == "Test devices 2026-11-21")
    #expect(rotation.kept.name == "Test devices")
    let loaded = try files.load()
    #expect(loaded.issuingDER == rotation.authority.issuingDER)
    #expect(loaded.former.map(\.der) == [made.authority.issuingDER])
    #expect(loaded.rootDigest == made.authority.rootDigest)
    #expect(try folder.read("issuing.key") != before)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    #expect(names.count == 6 && !names.contains { $0.hasSuffix(".next") || $0.hasSuffix(".new") }, "\(names)")
    let mode = try FileManager.default.attributesOfItem(atPath: files.issuingKey)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    // Again on the same day, and the list grows.
    _ = try files.rotate(to: try loaded.makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now), now: now)
    #expect(try files.load().former.count == 2)
    #expect(try files.load().name == "Test devices 2026-11-21")
  }

  @Test("Wherever a rotation is cut off, one whole pair is found, and the next one ends it")
  func cutOff() throws {
    let (folder, files, made) = try files()
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    let next = try CertificateAuthority(
      rootPEM: made.authority.rootPEM, issuingPEM: pair.certificatePEM, issuingKeyPEM: pair.keyPEM)
    // The key alone is written: the old pair counts.
    try folder.write("issuing.key.next", pair.keyPEM)
    #expect(try files.load().issuingDER == made.authority.issuingDER)
    // Both are: the new pair counts.
    try folder.write("issuing.pem.next", pair.certificatePEM)
    #expect(try files.load().issuingDER == next.issuingDER)
    // The key is moved already.
    try folder.write("issuing.key", pair.keyPEM)
    try FileManager.default.removeItem(atPath: folder.file("issuing.key.next"))
    #expect(try files.load().issuingDER == next.issuingDER)
    let rotation = try files.rotate(to: try next.makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now), now: now)
    #expect(rotation.kept.der == next.issuingDER)
    #expect(try files.load().issuingDER == rotation.authority.issuingDER)
  }

  @Test("Another root's key makes no successor, and what no root of ours signed is no former issuer")
  func foreign() throws {
    let (folder, files, _) = try files()
    let other = try NewAuthority(name: "Other", now: now)
    #expect(throws: EnrollmentError(.authority, "")) {
      try files.load().makeSuccessor(rootKeyPEM: other.rootKeyPEM, now: now)
    }
    #expect(throws: EnrollmentError(.authority, "")) {
      try files.rotate(
        to: IssuingPair(certificatePEM: other.authority.issuingPEM, keyPEM: other.issuingKeyPEM), now: now)
    }
    try FileManager.default.createDirectory(atPath: folder.file("former"), withIntermediateDirectories: true)
    try folder.write("former/other.pem", other.authority.issuingPEM)
    #expect(throws: EnrollmentError(.authority, "")) { try files.load() }
    try folder.write("former/other.pem", "not PEM")
    #expect(throws: EnrollmentError(.authority, "")) { try files.load() }
  }

  @Test("A pair that does not hold yet, or ends before a device's certificate would, changes nothing")
  func dates() throws {
    let (folder, files, made) = try files()
    let before = try folder.read("issuing.key")
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    for moment in [-3, 10 * 365 - 60] {
      #expect(throws: EnrollmentError(.authority, "")) {
        try files.rotate(to: pair, now: now.advanced(by: .seconds(moment * 86_400)))
      }
    }
    #expect(try folder.read("issuing.key") == before)
    #expect(try files.load().former.isEmpty)
  }

  @Test("A link in the place of the former issuers' folder is not followed")
  func link() throws {
    let (folder, files, made) = try files()
    let elsewhere = try Folder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("former"), withDestinationPath: elsewhere.path)
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    #expect(throws: EnrollmentError(.file, "")) { try files.rotate(to: pair, now: now) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
  }

  @Test("The authority in use is replaced below the same root only")
  func inUse() throws {
    let (folder, files, made) = try files()
    defer { withExtendedLifetime(folder) {} }
    let inUse = AuthorityInUse(made.authority)
    #expect(throws: EnrollmentError(.authority, "")) {
      try inUse.replace(by: try NewAuthority(name: "Other", now: now).authority)
    }
    _ = try files.rotate(to: try made.authority.makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now), now: now)
    try inUse.replace(by: files.load())
    #expect(inUse.current.former.map(\.name) == ["Test devices"])
  }

  @Test("openssl verifies a device's certificate of the successor up to the root, which it does not outlive")
  func chain() throws {
    let (folder, files, made) = try files()
    defer { withExtendedLifetime(folder) {} }
    let late = now.advanced(by: .seconds(15 * 31_557_600))
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: late)
    let authority = try files.rotate(to: pair, now: late).authority
    #expect(authority.notAfter == Instant(made.authority.root.notValidAfter))
    let issued = try authority.issue(
      to: try #require(DeviceID(rawValue: "dev_0123456789abcdef")), of: World.cedar, serial: nil,
      key: Certificate.PublicKey(TestKey().key.publicKey), now: late)
    let openssl = try OpenSSL()
    try openssl.folder.write("root.pem", authority.rootPEM)
    try openssl.folder.write("issuing.pem", authority.issuingPEM)
    try openssl.folder.write("leaf.pem", issued.pem)
    let said = try openssl(
      "verify", "-x509_strict", "-attime", "\(late.milliseconds / 1000)", "-purpose", "sslclient", "-CAfile",
      "root.pem", "-untrusted", "issuing.pem", "leaf.pem")
    #expect(said.contains("leaf.pem: OK"))
  }
}
