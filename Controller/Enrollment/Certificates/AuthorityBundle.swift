/// An authority as one value, for a controller on another machine: everything but the root's key.
package struct AuthorityBundle: Codable, Sendable, Equatable {
  package let rootPEM: String
  package let issuingPEM: String
  package let issuingKeyPEM: String
  /// Files of former issuers by name.
  package let formerPEM: [String: String]
}

extension AuthorityFiles {
  /// What the files hold.
  ///
  /// - Throws: `enroll.file`; `enroll.authority` where they do not belong together.
  package func bundle() throws(EnrollmentError) -> AuthorityBundle {
    try DurableFile.locked(folder, exclusively: true) { () throws(EnrollmentError) in
      try finishMoves()
      // Refused where it could not be used.
      _ = try read()
      var former: [String: String] = [:]
      for name in try DurableFile.names(in: formerFolder) where name.hasSuffix(".pem") {
        former[name] = try DurableFile.text(of: "\(formerFolder)/\(name)")
      }
      return AuthorityBundle(
        rootPEM: try DurableFile.text(of: rootCertificate), issuingPEM: try DurableFile.text(of: issuingCertificate),
        issuingKeyPEM: try DurableFile.text(of: issuingKey), formerPEM: former)
    }
  }

  /// Puts a bundle in the place of what is there, whole at every moment as in ``rotate(to:now:)``.
  ///
  /// - Throws: `enroll.authority` where it cannot be used, or is below another root than the files; `enroll.file`.
  package func take(_ bundle: AuthorityBundle) throws(EnrollmentError) {
    let next = try CertificateAuthority(
      rootPEM: bundle.rootPEM, issuingPEM: bundle.issuingPEM, issuingKeyPEM: bundle.issuingKeyPEM)
    guard bundle.formerPEM.keys.allSatisfy({ $0.hasSuffix(".pem") && !$0.contains("/") }) else {
      throw EnrollmentError(.authority, "A former issuer of the shared authority has a name that no file can have.")
    }
    if try DurableFile.names(in: folder).isEmpty {
      try write(
        rootPEM: bundle.rootPEM, rootKeyPEM: nil,
        issuing: IssuingPair(certificatePEM: bundle.issuingPEM, keyPEM: bundle.issuingKeyPEM))
    }
    try DurableFile.locked(folder, exclusively: true) { () throws(EnrollmentError) in
      try finishMoves()
      let old = try read()
      guard old.rootDigest == next.rootDigest else {
        throw EnrollmentError(
          .authority,
          "The database's controllers have another root certificate than '\(rootCertificate)': this folder is of another controller. Name another --state, or another database."
        )
      }
      try DurableFile.makeFolder(formerFolder, ownedAs: issuingKey)
      for (name, text) in bundle.formerPEM {
        try DurableFile.write(text, to: "\(formerFolder)/\(name)", mode: 0o644, ownedAs: issuingKey)
      }
      try DurableFile.write(bundle.issuingKeyPEM, to: nextKey, mode: 0o600, ownedAs: issuingKey)
      try DurableFile.write(bundle.issuingPEM, to: nextCertificate, mode: 0o644, ownedAs: issuingKey)
      try finishMoves()
      for name in try DurableFile.names(in: formerFolder) where name.hasSuffix(".pem") && bundle.formerPEM[name] == nil
      {
        try DurableFile.remove("\(formerFolder)/\(name)")
      }
    }
  }
}
