import Foundation
import Testing
import Vocabulary
import X509

@testable import Enrollment

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

  @Test("With as many former issuers as are kept, a rotation is refused and changes nothing")
  func full() throws {
    let (folder, files, made) = try files()
    for number in 0..<FormerIssuer.limit {
      // Names of their own: the same certificate under another is another file.
      let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
      if number == 0 {
        try FileManager.default.createDirectory(atPath: folder.file("former"), withIntermediateDirectories: true)
      }
      try folder.write("former/\(number).pem", pair.certificatePEM)
    }
    let before = try files.load().issuingDER
    let key = try folder.read("issuing.key")
    let pair = try files.load().makeSuccessor(rootKeyPEM: made.rootKeyPEM, now: now)
    #expect(throws: EnrollmentError(.authority, "")) { try files.rotate(to: pair, now: now) }
    #expect(try files.load().issuingDER == before && files.load().former.count == FormerIssuer.limit)
    #expect(try folder.read("issuing.key") == key)
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
