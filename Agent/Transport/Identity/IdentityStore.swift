package import CurlClient
package import Vocabulary

/// The keys and certificates in the state folder, and the one way a new pair takes the place of the old.
///
/// ```
/// make next.key → controller issues → next.pem → used once with success → next.key → device.key, next.pem → device.pem
/// ```
/// Killed between the last two renames, the next look finishes them: `next.pem` then belongs to `device.key`.
package struct IdentityStore {
  /// Which pair of files.
  package enum Slot: Sendable {
    case current, next
  }

  package let folder: StateFolder
  package let files: AtomicFiles
  /// An OpenSSL URI for a key in hardware; nil for a key in a file. Such a key stays through renewals.
  package let keyURI: String?

  package init(folder: StateFolder, files: AtomicFiles = AtomicFiles(), keyURI: String? = nil) {
    self.folder = folder
    self.files = files
    self.keyURI = keyURI
  }

  // MARK: - Root

  /// - Throws: `agent.file-unreadable`, `agent.identity-damaged`.
  package func root() throws(AgentError) -> Certificate? {
    guard let pem = try files.read(folder.root) else { return nil }
    guard let root = Certificate.all(inPEM: pem).first else {
      throw AgentError(
        .identityDamaged, "\(folder.root) holds no certificate. Remove it and enrol again with a token.")
    }
    return root
  }

  package func saveRoot(_ root: Certificate) throws { try files.write(root.pem, to: folder.root, mode: 0o644) }

  // MARK: - Pairs

  /// The key and its certificate, or nil where one of them is missing.
  ///
  /// - Throws: `agent.file-unreadable`, `agent.identity-damaged`, `transfer.key-unusable`.
  package func identity(_ slot: Slot) throws -> DeviceIdentity? {
    if slot == .current { try finishPromotion() }
    guard let pem = try files.read(certificatePath(slot)), let key = try key(slot) else { return nil }
    if let identity = try DeviceIdentity(certificates: Certificate.all(inPEM: pem), key: key) { return identity }
    if slot == .next { return nil }
    throw AgentError(
      .identityDamaged,
      "\(folder.certificate) does not belong to the key. Remove both and enrol again with a token.")
  }

  /// - Throws: `agent.file-unreadable`, `transfer.key-unusable`.
  package func key(_ slot: Slot) throws -> PrivateKey? {
    if let keyURI { return try PrivateKey(uri: keyURI) }
    return try files.read(keyPath(slot)).map { pem throws(TransferError) in try PrivateKey(pem: pem) }
  }

  /// The key as the controller's people see it: SHA-256 of its SubjectPublicKeyInfo; nil where there is no key.
  ///
  /// - Throws: `agent.file-unreadable`, `transfer.key-unusable`, `transfer.digest-unavailable`.
  package func keyDigest(_ slot: Slot) throws -> Digest? { try key(slot).map { try SHA256.digest($0.publicKey) } }

  /// The key of that place; a new one is durable before it is returned.
  package func keyOrNew(_ slot: Slot) throws -> PrivateKey {
    if let key = try key(slot) { return key }
    let key = try PrivateKey.makeP256()
    try files.write(try key.pem(), to: keyPath(slot))
    return key
  }

  package func save(_ identity: DeviceIdentity, in slot: Slot) throws {
    try files.write(identity.certificates.flatMap(\.pem), to: certificatePath(slot), mode: 0o644)
  }

  // MARK: - Renewal

  /// The next pair becomes the current one.
  package func promote() throws {
    if keyURI == nil { try files.rename(folder.nextKey, to: folder.key) }
    try files.rename(folder.nextCertificate, to: folder.certificate)
  }

  /// Gives the next pair up, for the controller did not take it.
  package func dropNext() throws { try drop(.next) }

  /// Gives a pair up whose key can never be used; a key in hardware stays where it is.
  package func drop(_ slot: Slot) throws {
    try files.remove(certificatePath(slot))
    if keyURI == nil { try files.remove(keyPath(slot)) }
  }

  private func finishPromotion() throws {
    guard keyURI == nil, try files.read(folder.nextKey) == nil, let pem = try files.read(folder.nextCertificate),
      let key = try key(.current)
    else { return }
    if Certificate.all(inPEM: pem).first?.belongs(to: key) == true {
      try files.rename(folder.nextCertificate, to: folder.certificate)
    } else {
      try files.remove(folder.nextCertificate)
    }
  }

  private func keyPath(_ slot: Slot) -> String { slot == .current ? folder.key : folder.nextKey }
  private func certificatePath(_ slot: Slot) -> String {
    slot == .current ? folder.certificate : folder.nextCertificate
  }
}
