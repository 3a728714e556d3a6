internal import SwiftASN1
internal import X509

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where an authority's certificates and keys lie.
package struct AuthorityFiles: Sendable, Hashable {
  package let rootCertificate: String
  /// Needed only to make a new issuing certificate; to be moved offline.
  package let rootKey: String
  package let issuingCertificate: String
  package let issuingKey: String

  package init(rootCertificate: String, rootKey: String, issuingCertificate: String, issuingKey: String) {
    self.rootCertificate = rootCertificate
    self.rootKey = rootKey
    self.issuingCertificate = issuingCertificate
    self.issuingKey = issuingKey
  }

  /// `root.pem`, `root.key`, `issuing.pem`, `issuing.key` in `folder`.
  package init(folder: String) {
    self.init(
      rootCertificate: folder + "/root.pem", rootKey: folder + "/root.key", issuingCertificate: folder + "/issuing.pem",
      issuingKey: folder + "/issuing.key")
  }

  /// Writes what was made; the keys are for their owner alone (0600).
  ///
  /// - Throws: `enroll.authority-exists` where a file is there already: a key is never overwritten; `enroll.file`.
  package func write(_ new: NewAuthority) throws(EnrollmentError) {
    for path in [rootCertificate, rootKey, issuingCertificate, issuingKey] where access(path, F_OK) == 0 {
      throw EnrollmentError(
        .authorityExists, "'\(path)' exists already. Move it away if a new authority is really meant.")
    }
    try DurableFile.write(new.rootKeyPEM, to: rootKey, mode: 0o600)
    try DurableFile.write(new.authority.rootPEM, to: rootCertificate, mode: 0o644)
    try DurableFile.write(new.issuingKeyPEM, to: issuingKey, mode: 0o600)
    try DurableFile.write(new.authority.issuingPEM, to: issuingCertificate, mode: 0o644)
  }

  /// Reads root, issuing certificate and issuing key: ours, or the operator's own. The root's key is not touched.
  ///
  /// - Throws: `enroll.file`, `enroll.authority`.
  package func load() throws(EnrollmentError) -> CertificateAuthority {
    try CertificateAuthority(
      rootPEM: DurableFile.text(of: rootCertificate), issuingPEM: DurableFile.text(of: issuingCertificate),
      issuingKeyPEM: DurableFile.text(of: issuingKey))
  }
}

extension CertificateAuthority {
  /// The authority from PEM texts; the key as PKCS#8, SEC 1 or PKCS#1.
  ///
  /// - Throws: `enroll.authority` where one cannot be read, or they do not belong together.
  package init(rootPEM: String, issuingPEM: String, issuingKeyPEM: String) throws(EnrollmentError) {
    let root: Certificate
    let issuing: Certificate
    let key: Certificate.PrivateKey
    do {
      root = try Certificate(pemEncoded: rootPEM)
      issuing = try Certificate(pemEncoded: issuingPEM)
    } catch {
      throw EnrollmentError(.authority, "A certificate of the authority is not PEM of one X.509 certificate: \(error).")
    }
    do {
      key = try Certificate.PrivateKey(pemEncoded: issuingKeyPEM)
    } catch {
      // The parser's words might quote the key.
      throw EnrollmentError(.authority, "The issuing key is not an unencrypted PEM key that can be read.")
    }
    try self.init(root: root, issuing: issuing, key: key)
  }
}
