internal import FoundationEssentials
internal import Serving
internal import SwiftASN1
package import Vocabulary
internal import X509

/// The issuing intermediate with its key, and the root that devices pin. The root's key is not here: it stays offline.
package struct CertificateAuthority: Sendable {
  let root: Certificate
  let issuing: Certificate
  let key: Certificate.PrivateKey
  package let rootDER: [UInt8]
  package let issuingDER: [UInt8]
  /// SHA-256 over the root's DER: what a token's printed form pins.
  package let rootDigest: Digest
  /// Issuing certificates of the past: they verify devices' certificates and sign nothing, for their keys are gone.
  package let former: [FormerIssuer]

  /// - Throws: `enroll.authority` unless `issuing` is a CA certificate, signed by `root`, of this `key`.
  init(
    root: Certificate, issuing: Certificate, key: Certificate.PrivateKey, former: [FormerIssuer] = []
  ) throws(EnrollmentError) {
    guard former.count <= FormerIssuer.limit else {
      throw EnrollmentError(
        .authority,
        "There are \(former.count) former issuers; at most \(FormerIssuer.limit) are kept. Take away those that no device needs."
      )
    }
    guard issuing.publicKey == key.publicKey else {
      throw EnrollmentError(
        .authority, "The issuing key is not the one of the issuing certificate. Give the matching pair.")
    }
    guard root.publicKey.isValidSignature(issuing.signature, for: issuing), issuing.issuer == root.subject else {
      throw EnrollmentError(
        .authority, "The issuing certificate is not signed by the root. Give the root that signed it.")
    }
    guard Self.maySign(root), Self.maySign(issuing) else {
      throw EnrollmentError(
        .authority, "Root and issuing certificate must say CA:TRUE, and keyCertSign in their key usage.")
    }
    self.root = root
    self.issuing = issuing
    self.key = key
    rootDER = try Self.der(root)
    issuingDER = try Self.der(issuing)
    rootDigest = Digest.sha256(rootDER)
    self.former = former.filter { $0.certificate != issuing }
  }

  /// The issuing certificate's end: nothing it signs lives longer.
  package var notAfter: Instant { Instant(issuing.notValidAfter) }

  /// The issuing certificate's common name.
  package var name: String { issuing.subject.commonName ?? issuing.subject.description }

  /// Whether the issuing certificate itself, and not a former one, signed the certificate.
  package func signed(der: [UInt8]) -> Bool { Self.isSigned(der, by: [issuing]) }

  /// Whether devices' certificates of this issuer, or of a former one, are taken.
  func trusts(der: [UInt8]) -> Bool { Self.isSigned(der, by: [issuing] + former.map(\.certificate)) }

  private static func isSigned(_ der: [UInt8], by issuers: [Certificate]) -> Bool {
    guard let certificate = try? Certificate(derEncoded: der) else { return false }
    return issuers.contains { issuer in
      certificate.issuer == issuer.subject
        && issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
    }
  }

  /// Both certificates as PEM, the root first.
  package var rootPEM: String { PEMDocument(type: "CERTIFICATE", derBytes: rootDER).pemString + "\n" }
  package var issuingPEM: String { PEMDocument(type: "CERTIFICATE", derBytes: issuingDER).pemString + "\n" }

  /// Signs for `subject` and `publicKey`; the dates are cut to whole seconds and to the issuer's own end.
  ///
  /// - Throws: `enroll.authority-expired`, `enroll.authority`.
  func sign(
    _ publicKey: Certificate.PublicKey, subject: DistinguishedName, validity: Validity,
    extensions: (inout Certificate.Extensions) throws -> Void
  ) throws(EnrollmentError) -> IssuedCertificate {
    guard validity.issuedAt < notAfter else {
      throw EnrollmentError(
        .authorityExpired,
        "The issuing certificate ended at \(notAfter). Make a new one with the root's key, or set the controller's clock."
      )
    }
    let end = min(validity.notAfter, notAfter)
    do {
      var all = Certificate.Extensions()
      try all.append(SubjectKeyIdentifier(hash: publicKey).makeCertificateExtension())
      let issuer = try issuing.extensions.subjectKeyIdentifier ?? SubjectKeyIdentifier(hash: issuing.publicKey)
      try all.append(AuthorityKeyIdentifier(keyIdentifier: issuer.keyIdentifier).makeCertificateExtension())
      try extensions(&all)
      let certificate = try Certificate(
        version: .v3, serialNumber: .random127(), publicKey: publicKey, notValidBefore: Date(validity.notBefore),
        notValidAfter: Date(end), issuer: issuing.subject, subject: subject, extensions: all, issuerPrivateKey: key)
      return IssuedCertificate(
        der: try Self.der(certificate), serial: Hex.encode(certificate.serialNumber.bytes),
        key: try publicKey.digest, notBefore: validity.notBefore, notAfter: end)
    } catch let error as EnrollmentError {
      throw error
    } catch {
      throw EnrollmentError(.authority, "The certificate could not be signed: \(error).")
    }
  }

  static func der(_ certificate: Certificate) throws(EnrollmentError) -> [UInt8] {
    do {
      var serializer = DER.Serializer()
      try serializer.serialize(certificate)
      return serializer.serializedBytes
    } catch {
      throw EnrollmentError(.authority, "A certificate could not be written: \(error).")
    }
  }

  static func maySign(_ certificate: Certificate) -> Bool {
    guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else { return false }
    guard let usage = try? certificate.extensions.keyUsage else { return true }
    return usage.keyCertSign
  }
}

/// A certificate just signed.
package struct IssuedCertificate: Hashable, Sendable {
  package let der: [UInt8]
  /// The certificate's own number, in hexadecimal.
  package let serial: String
  /// SHA-256 over the DER SubjectPublicKeyInfo: the key's name everywhere.
  package let key: Digest
  package let notBefore: Instant
  package let notAfter: Instant

  package var pem: String { PEMDocument(type: "CERTIFICATE", derBytes: der).pemString + "\n" }
}

/// From when and how long a certificate holds, in whole seconds.
struct Validity: Hashable, Sendable {
  /// Clocks of fresh machines are late: a certificate holds from a day before it was made.
  static let backdating = Duration.seconds(86_400)

  let issuedAt: Instant
  let notBefore: Instant
  let notAfter: Instant

  init(from now: Instant, for life: Duration) {
    let now = Instant(milliseconds: now.milliseconds - now.milliseconds % 1000)
    issuedAt = now
    notBefore = now.advanced(by: .zero - Self.backdating)
    notAfter = now.advanced(by: life)
  }

  private init(issuedAt: Instant, notBefore: Instant, notAfter: Instant) {
    self.issuedAt = issuedAt
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  /// The same, ending at `limit` at the latest.
  func ending(by limit: Instant) -> Validity {
    Validity(issuedAt: issuedAt, notBefore: notBefore, notAfter: min(notAfter, limit))
  }
}

extension Certificate.SerialNumber {
  /// 127 random bits: positive, and no two alike. RFC 5280, section 4.1.2.2.
  static func random127() -> Certificate.SerialNumber {
    var bytes = RandomBytes.make(16)
    bytes[0] &= 0x7f
    return Certificate.SerialNumber(bytes: bytes)
  }
}

enum RandomBytes {
  /// From the system's random source.
  static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}

extension Date {
  init(_ instant: Instant) { self.init(timeIntervalSince1970: Double(instant.milliseconds) / 1000) }
}

extension Instant {
  init(_ date: Date) { self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())) }
}

extension Certificate.PublicKey {
  /// SHA-256 over the DER SubjectPublicKeyInfo: the key's name everywhere. The library's `subjectPublicKeyInfoBytes` is
  /// the key alone, without its algorithm.
  ///
  /// - Throws: `enroll.authority` where the library cannot write it.
  var digest: Digest {
    get throws(EnrollmentError) {
      do {
        var serializer = DER.Serializer()
        try serializer.serialize(self)
        return Digest.sha256(serializer.serializedBytes)
      } catch {
        throw EnrollmentError(.authority, "A public key could not be written: \(error).")
      }
    }
  }
}
