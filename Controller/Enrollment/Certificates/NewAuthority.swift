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

  /// A P-256 root that may sign one level of authorities, and an intermediate that signs only devices and listeners.
  ///
  /// - Parameter name: whose authority it is, such as the state's; part of both subjects.
  /// - Throws: `enroll.authority`.
  package init(name: String, now: Instant) throws(EnrollmentError) {
    // The curve of all the rest: every client verifies the root's signature in each handshake, and one by P-384 costs it
    // more than all others together.
    let rootKey = P256.Signing.PrivateKey()
    let issuingKey = P256.Signing.PrivateKey()
    let rootName = try Self.subject("\(name) root")
    do {
      let root = try Certificate.authority(
        Certificate.PublicKey(rootKey.publicKey), subject: rootName, issuer: rootName, pathLength: 1,
        validity: Validity(from: now, for: Self.rootLife), signer: Certificate.PrivateKey(rootKey))
      let issuing = try Certificate.authority(
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
}

extension CertificateAuthority {
  /// A new issuing certificate and key, signed by the root's key, as the first one was. It holds 10 years, and not longer
  /// than the root; its name is that of the one before with the day.
  ///
  /// - Throws: `enroll.authority` where the key is not the root's.
  package func makeSuccessor(rootKeyPEM: String, now: Instant) throws(EnrollmentError) -> IssuingPair {
    let rootKey: Certificate.PrivateKey
    do {
      rootKey = try Certificate.PrivateKey(pemEncoded: rootKeyPEM)
    } catch {
      // The parser's words might quote the key.
      throw EnrollmentError(.authority, "The root key is not an unencrypted PEM key that can be read.")
    }
    guard rootKey.publicKey == root.publicKey else {
      throw EnrollmentError(.authority, "The root key is not the one of the root certificate. Give the matching one.")
    }
    let day = now.rfc3339.prefix(10)
    let base = String(
      name.split(separator: " ").filter { $0.count != 10 || !$0.hasPrefix("20") }.joined(separator: " "))
    let key = P256.Signing.PrivateKey()
    do {
      let certificate = try Certificate.authority(
        Certificate.PublicKey(key.publicKey), subject: root.subject.renamed("\(base.prefix(53)) \(day)"),
        issuer: root.subject, pathLength: 0,
        validity: Validity(from: now, for: NewAuthority.issuingLife).ending(by: Instant(root.notValidAfter)),
        signer: rootKey, identifier: root.extensions.subjectKeyIdentifier)
      return IssuingPair(
        certificatePEM: PEMDocument(type: "CERTIFICATE", derBytes: try Self.der(certificate)).pemString + "\n",
        keyPEM: key.pemRepresentation + "\n")
    } catch {
      throw EnrollmentError(.authority, "The issuing certificate could not be made: \(error).")
    }
  }
}

extension DistinguishedName {
  /// This name with another common name.
  fileprivate func renamed(_ name: String) throws -> DistinguishedName {
    let others = filter { part in !part.contains { $0.type == .RDNAttributeType.commonName } }
    return DistinguishedName(
      others + [RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: name))])
  }
}

extension Certificate {
  /// A certificate that may sign others.
  ///
  /// - Parameter identifier: the signer's, where its certificate tells one.
  fileprivate static func authority(
    _ key: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName, pathLength: Int,
    validity: Validity, signer: Certificate.PrivateKey, identifier: SubjectKeyIdentifier? = nil
  ) throws -> Certificate {
    var extensions = Certificate.Extensions()
    try extensions.append(
      Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength), critical: true))
    try extensions.append(Certificate.Extension(KeyUsage(keyCertSign: true, cRLSign: true), critical: true))
    try extensions.append(SubjectKeyIdentifier(hash: key).makeCertificateExtension())
    try extensions.append(
      AuthorityKeyIdentifier(keyIdentifier: (identifier ?? SubjectKeyIdentifier(hash: signer.publicKey)).keyIdentifier)
        .makeCertificateExtension())
    return try Certificate(
      version: .v3, serialNumber: .random127(), publicKey: key, notValidBefore: Date(validity.notBefore),
      notValidAfter: Date(validity.notAfter), issuer: issuer, subject: subject, extensions: extensions,
      issuerPrivateKey: signer)
  }
}
