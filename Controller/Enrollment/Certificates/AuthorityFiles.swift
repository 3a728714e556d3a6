internal import SwiftASN1
internal import X509

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where an authority's certificates and keys lie: `root.pem`, `root.key`, `issuing.pem`, `issuing.key` and `former/` in
/// one folder.
package struct AuthorityFiles: Sendable, Hashable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  package var rootCertificate: String { folder + "/root.pem" }
  /// Needed only to make a new issuing certificate; to be moved offline.
  package var rootKey: String { folder + "/root.key" }
  package var issuingCertificate: String { folder + "/issuing.pem" }
  package var issuingKey: String { folder + "/issuing.key" }
  /// Certificates of issuers before this one: every `.pem` in it is read.
  package var formerFolder: String { folder + "/former" }
  /// A pair on its way into use; it counts from when the certificate is whole, see ``rotate(to:now:)``.
  var nextCertificate: String { issuingCertificate + ".next" }
  var nextKey: String { issuingKey + ".next" }

  /// Writes what was made; the keys are for their owner alone (0600).
  ///
  /// - Throws: as ``write(rootPEM:rootKeyPEM:issuing:)``.
  package func write(_ new: NewAuthority) throws(EnrollmentError) {
    try write(
      rootPEM: new.authority.rootPEM, rootKeyPEM: new.rootKeyPEM,
      issuing: IssuingPair(certificatePEM: new.authority.issuingPEM, keyPEM: new.issuingKeyPEM))
  }

  /// Writes an authority whole or not at all: into a folder beside, which then takes this one's name.
  ///
  /// - Throws: `enroll.authority-exists` where something is in the folder already: a key is never overwritten;
  ///   `enroll.file`.
  package func write(rootPEM: String, rootKeyPEM: String?, issuing: IssuingPair) throws(EnrollmentError) {
    if try !DurableFile.names(in: folder).isEmpty {
      throw EnrollmentError(
        .authorityExists, "There are files in '\(folder)' already. Move them away if a new authority is really meant.")
    }
    let new = AuthorityFiles(folder: folder + ".new")
    try DurableFile.makeFolder(new.folder)
    if let rootKeyPEM { try DurableFile.write(rootKeyPEM, to: new.rootKey, mode: 0o600) }
    try DurableFile.write(rootPEM, to: new.rootCertificate, mode: 0o644)
    try DurableFile.write(issuing.keyPEM, to: new.issuingKey, mode: 0o600)
    try DurableFile.write(issuing.certificatePEM, to: new.issuingCertificate, mode: 0o644)
    try DurableFile.move(new.folder, to: folder)
  }

  /// Reads root, issuing certificate, issuing key and former issuers: ours, or the operator's own. The root's key is not
  /// touched.
  ///
  /// - Throws: `enroll.file`, `enroll.authority`.
  package func load() throws(EnrollmentError) -> CertificateAuthority {
    try DurableFile.locked(folder, exclusively: false) { () throws(EnrollmentError) in try read() }
  }

  /// Runs `body` while no rotation moves the files.
  ///
  /// - Throws: `enroll.file`; what `body` throws.
  package func unchanged<T>(_ body: () throws -> T) throws -> T {
    let outcome = try DurableFile.locked(folder, exclusively: false) { Result { try body() } }
    return try outcome.get()
  }

  /// As ``load()``, for who holds the lock.
  func read() throws(EnrollmentError) -> CertificateAuthority {
    let hasNext = access(nextCertificate, F_OK) == 0
    let certificate = hasNext ? nextCertificate : issuingCertificate
    let key = hasNext && access(nextKey, F_OK) == 0 ? nextKey : issuingKey
    return try CertificateAuthority(
      rootPEM: DurableFile.text(of: rootCertificate), issuingPEM: DurableFile.text(of: certificate),
      issuingKeyPEM: DurableFile.text(of: key)
    ) { root throws(EnrollmentError) in
      var former: [FormerIssuer] = []
      for name in try DurableFile.names(in: formerFolder) where name.hasSuffix(".pem") {
        former += try FormerIssuer.read("\(formerFolder)/\(name)", below: root)
      }
      return former
    }
  }
}

extension CertificateAuthority {
  /// The authority from PEM texts; the key as PKCS#8, SEC 1 or PKCS#1.
  ///
  /// - Throws: `enroll.authority` where one cannot be read, or they do not belong together.
  package init(rootPEM: String, issuingPEM: String, issuingKeyPEM: String) throws(EnrollmentError) {
    try self.init(rootPEM: rootPEM, issuingPEM: issuingPEM, issuingKeyPEM: issuingKeyPEM) { _ in [] }
  }

  /// - Parameter former: the issuers before this one, below the root that was read.
  init(
    rootPEM: String, issuingPEM: String, issuingKeyPEM: String,
    former: (Certificate) throws(EnrollmentError) -> [FormerIssuer]
  ) throws(EnrollmentError) {
    let root = try Self.certificate(rootPEM, "root")
    let issuing = try Self.certificate(issuingPEM, "issuing")
    let key: Certificate.PrivateKey
    do {
      key = try Certificate.PrivateKey(pemEncoded: issuingKeyPEM)
    } catch {
      // The parser's words might quote the key.
      throw EnrollmentError(.authority, "The issuing key is not an unencrypted PEM key that can be read.")
    }
    try self.init(root: root, issuing: issuing, key: key, former: former(root))
  }

  private static func certificate(_ pem: String, _ name: String) throws(EnrollmentError) -> Certificate {
    guard let found = try? Certificate(pemEncoded: pem) else {
      throw EnrollmentError(.authority, "The \(name) certificate's file is damaged, or is not PEM of one certificate.")
    }
    return found
  }
}
