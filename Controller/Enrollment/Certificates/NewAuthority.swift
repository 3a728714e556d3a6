internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
package import Vocabulary
internal import X509

/// A root and an issuing intermediate just made, with both keys: the root's is to be taken offline.
package struct NewAuthority: Sendable {
  /// How long the root holds: 20 years of 365.25 days.
  package static let rootLife = Duration.seconds(20 * 31_557_600)
  /// How long the issuing certificate holds: 10 years.
  package static let issuingLife = Duration.seconds(10 * 31_557_600)

  package let authority: CertificateAuthority
  package let rootKeyPEM: String
  package let issuingKeyPEM: String

  /// A P-384 root that may sign one level of authorities, and a P-256 intermediate that signs only devices and listeners.
  ///
  /// - Parameter name: whose authority it is, such as the state's; part of both subjects.
  /// - Throws: `enroll.authority`.
  package init(name: String, now: Instant) throws(EnrollmentError) {
    let rootKey = P384.Signing.PrivateKey()
    let issuingKey = P256.Signing.PrivateKey()
    let rootName = try Self.subject("\(name) root")
    do {
      let root = try Self.certificate(
        Certificate.PublicKey(rootKey.publicKey), subject: rootName, issuer: rootName, pathLength: 1,
        validity: Validity(from: now, for: Self.rootLife), signer: Certificate.PrivateKey(rootKey))
      let issuing = try Self.certificate(
        Certificate.PublicKey(issuingKey.publicKey), subject: Self.subject("\(name) devices"), issuer: rootName,
        pathLength: 0, validity: Validity(from: now, for: Self.issuingLife), signer: Certificate.PrivateKey(rootKey))
      authority = try CertificateAuthority(root: root, issuing: issuing, key: Certificate.PrivateKey(issuingKey))
    } catch let error as EnrollmentError {
      throw error
    } catch {
      throw EnrollmentError(.authority, "The certificate authority could not be made: \(error).")
    }
    rootKeyPEM = rootKey.pemRepresentation + "\n"
    issuingKeyPEM = issuingKey.pemRepresentation + "\n"
  }

  private static func subject(_ name: String) throws(EnrollmentError) -> DistinguishedName {
    guard (1...64).contains(name.unicodeScalars.count) else {
      throw EnrollmentError(.authority, "The authority's name is empty or over 50 characters.")
    }
    return DistinguishedName([
      RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationName, utf8String: "Rollcall")),
      RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: name)),
    ])
  }

  private static func certificate(
    _ key: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName, pathLength: Int,
    validity: Validity, signer: Certificate.PrivateKey
  ) throws -> Certificate {
    var extensions = Certificate.Extensions()
    try extensions.append(
      Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength), critical: true))
    try extensions.append(Certificate.Extension(KeyUsage(keyCertSign: true, cRLSign: true), critical: true))
    try extensions.append(SubjectKeyIdentifier(hash: key).makeCertificateExtension())
    try extensions.append(
      AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier)
        .makeCertificateExtension())
    return try Certificate(
      version: .v3, serialNumber: .random127(), publicKey: key, notValidBefore: Date(validity.notBefore),
      notValidAfter: Date(validity.notAfter), issuer: issuer, subject: subject, extensions: extensions,
      issuerPrivateKey: signer)
  }
}
