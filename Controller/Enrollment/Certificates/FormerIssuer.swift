internal import SwiftASN1
package import Vocabulary
internal import X509

/// An issuing certificate that signs no more: devices that hold certificates of it stay ours until it is taken away.
package struct FormerIssuer: Sendable {
  /// The most that an authority keeps: each is compared with at a handshake, and a rotation is rare.
  static let limit = 32

  let certificate: Certificate
  package let der: [UInt8]
  /// The subject's common name, or the whole subject where it has none.
  package let name: String
  package let notAfter: Instant
  /// The file that it lies in.
  package let path: String

  /// - Throws: `enroll.authority` unless it is a CA certificate that `root` signed.
  init(_ certificate: Certificate, below root: Certificate, path: String) throws(EnrollmentError) {
    guard CertificateAuthority.maySign(certificate), certificate.issuer == root.subject,
      root.publicKey.isValidSignature(certificate.signature, for: certificate)
    else {
      throw EnrollmentError(
        .authority,
        "'\(path)' holds a certificate that is no authority signed by the root; it cannot be a former issuer. Take it away."
      )
    }
    self.certificate = certificate
    self.path = path
    der = try CertificateAuthority.der(certificate)
    name = certificate.subject.commonName ?? certificate.subject.description
    notAfter = Instant(certificate.notValidAfter)
  }

  /// Every certificate in a file of PEM.
  ///
  /// - Throws: `enroll.file`, `enroll.authority`.
  static func read(_ path: String, below root: Certificate) throws(EnrollmentError) -> [FormerIssuer] {
    let text = try DurableFile.text(of: path)
    guard let certificates = try? PEMDocument.parseMultiple(pemString: text).map({ try Certificate(pemDocument: $0) })
    else {
      throw EnrollmentError(
        .authority, "'\(path)' is damaged, or is not PEM of certificates alone. Take it away, or mend it.")
    }
    guard !certificates.isEmpty else {
      throw EnrollmentError(
        .authority, "'\(path)' holds no certificate. Take it away, or put the former issuer's into it.")
    }
    var found: [FormerIssuer] = []
    for certificate in certificates { found.append(try FormerIssuer(certificate, below: root, path: path)) }
    return found
  }
}

extension DistinguishedName {
  var commonName: String? {
    for name in self {
      for attribute in name where attribute.type == .RDNAttributeType.commonName { return String(attribute.value) }
    }
    return nil
  }
}
