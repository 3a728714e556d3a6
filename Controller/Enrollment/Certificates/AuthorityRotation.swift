internal import Serving
package import Vocabulary
internal import X509

#if canImport(Glibc)
  internal import Glibc
#endif

/// An issuing certificate and its key, on their way into use.
package struct IssuingPair: Sendable {
  package let certificatePEM: String
  package let keyPEM: String

  package init(certificatePEM: String, keyPEM: String) {
    self.certificatePEM = certificatePEM
    self.keyPEM = keyPEM
  }
}

/// What a rotation left behind.
package struct AuthorityRotation: Sendable {
  package let authority: CertificateAuthority
  /// Where the certificate before lies now.
  package let kept: FormerIssuer
}

extension AuthorityFiles {
  /// Takes a new issuing certificate into use; the one before stays trusted, in ``formerFolder``, and its key is gone.
  ///
  /// ```
  /// former/….pem ─▶ issuing.key.next ─▶ issuing.pem.next ─▶ issuing.key ─▶ issuing.pem
  ///                                     from here on the new pair counts
  /// ```
  ///
  /// Whoever reads meanwhile, or after a power cut between two steps, finds one whole pair; the next rotation ends the
  /// moves. A running controller takes it up on SIGHUP.
  /// - Throws: `enroll.authority` where the pair does not stand below the root, is in use already, or does not hold for
  ///   as long as a device's certificate from `now` on; `enroll.file`.
  package func rotate(to new: IssuingPair, now: Instant) throws(EnrollmentError) -> AuthorityRotation {
    try DurableFile.locked(folder, exclusively: true) { () throws(EnrollmentError) in
      try finishMoves()
      let old = try read()
      let next = try CertificateAuthority(
        rootPEM: old.rootPEM, issuingPEM: new.certificatePEM, issuingKeyPEM: new.keyPEM)
      guard next.issuing.publicKey != old.issuing.publicKey else {
        throw EnrollmentError(.authority, "This issuing key is in use already. Make a new key for the new certificate.")
      }
      guard Instant(next.issuing.notValidBefore) <= now,
        now.advanced(by: CertificateAuthority.deviceLife) <= next.notAfter
      else {
        throw EnrollmentError(
          .authority,
          "The new issuing certificate holds from \(Instant(next.issuing.notValidBefore)) to \(next.notAfter); it has to hold now and for the 90 days of a device's certificate. Nothing was changed."
        )
      }
      guard old.former.count < FormerIssuer.limit else {
        throw EnrollmentError(
          .authority,
          "There are \(old.former.count) former issuers, which is the most. Take away those in '\(formerFolder)' that no device needs. Nothing was changed."
        )
      }
      let name = String(Digest.sha256(old.issuingDER).description.prefix(16))
      let path = "\(formerFolder)/\(name).pem"
      try DurableFile.makeFolder(formerFolder, ownedAs: issuingKey)
      try DurableFile.write(old.issuingPEM, to: path, mode: 0o644, ownedAs: issuingKey)
      try DurableFile.write(new.keyPEM, to: nextKey, mode: 0o600, ownedAs: issuingKey)
      try DurableFile.write(next.issuingPEM, to: nextCertificate, mode: 0o644, ownedAs: issuingKey)
      try finishMoves()
      return AuthorityRotation(
        authority: try read(), kept: try FormerIssuer(old.issuing, below: old.root, path: path))
    }
  }

  /// Ends what a rotation began: the key first, for the certificate's presence says that there is something to do.
  func finishMoves() throws(EnrollmentError) {
    guard access(nextCertificate, F_OK) == 0 else { return }
    if access(nextKey, F_OK) == 0 { try DurableFile.move(nextKey, to: issuingKey) }
    try DurableFile.move(nextCertificate, to: issuingCertificate)
  }
}
