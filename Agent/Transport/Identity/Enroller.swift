package import CurlClient
import Vocabulary
import Wire

/// Brings a device from a token to a certificate, and from a certificate to the next.
///
/// Each step is durable before the next begins and is found done when it is repeated: a killed agent goes on with the
/// same key and the same request, and the controller gives the same key the same certificate.
/// ```
/// root.pem → controller, enrollment.token → device.key → request.der → (controller) → device.pem → token removed
/// ```
package struct Enroller {
  package enum Outcome {
    /// The certificate is stored, in the place that was asked for.
    case issued(DeviceIdentity)
    case pending(retryAfter: Duration)
  }

  package let store: IdentityStore
  package let make: ExchangeMaker

  package init(store: IdentityStore, make: @escaping ExchangeMaker) {
    self.store = store
    self.make = make
  }

  // MARK: - With a token

  /// The pinned root, fetched and stored at first.
  ///
  /// - Throws: `agent.other-controller` where the device is enrolled with another root.
  package func root(for token: EnrollmentToken, at address: String) throws -> Certificate {
    if let root = try store.root() {
      if try root.fingerprint == token.root { return root }
      guard try store.files.read(store.folder.certificate) == nil else {
        throw AgentError(
          .otherController,
          "This device is enrolled with another controller. Use another --state-dir, or remove \(store.folder.path) first."
        )
      }
    }
    let root = try EnrollmentService.root(pinned: token.root, at: address, make: make)
    try store.saveRoot(root)
    return root
  }

  /// One attempt; repeat it while it is pending.
  ///
  /// - Parameter slot: `.next` to take a new key where the current one is no longer accepted.
  package func enroll(
    with token: EnrollmentToken, claim: IdentityClaim, in slot: IdentityStore.Slot, over link: ControllerLink
  ) throws -> Outcome {
    let folder = store.folder
    // A device that has a certificate keeps its controller until the new one has answered with another.
    if slot == .current { try keepAddress(of: link) }
    try store.files.write(Array("\(token.printed)\n".utf8), to: folder.token)
    let key = try store.keyOrNew(slot)
    let request = try request(for: claim, key: key)
    let answer = try EnrollmentService.enroll(request: request, token: token, over: link)
    let outcome = try take(answer, for: key, in: slot, over: link)
    if case .issued = outcome {
      if slot == .next { try keepAddress(of: link) }
      try store.files.remove(folder.token)
    }
    return outcome
  }

  private func keepAddress(of link: ControllerLink) throws {
    try store.files.write(Array("\(link.address)\n".utf8), to: store.folder.controller, mode: 0o644)
  }

  // MARK: - With a certificate

  /// Asks for the next certificate, with a new key unless the key lives in hardware. The current pair stays.
  package func renew(claim: IdentityClaim, over link: ControllerLink) throws -> Outcome {
    let key = try store.keyOrNew(.next)
    let request = try request(for: claim, key: key)
    return try take(try EnrollmentService.reenroll(request: request, over: link), for: key, in: .next, over: link)
  }

  // MARK: - Steps

  /// The request that was stored before, if it is for this key; a new one is durable before it is used.
  private func request(for claim: IdentityClaim, key: PrivateKey) throws -> [UInt8] {
    let path = store.folder.request
    if let request = try store.files.read(path), CertificateRequest.isFor(key, request) { return request }
    let request = try CertificateRequest.make(for: claim, key: key)
    try store.files.write(request, to: path)
    return request
  }

  private func take(
    _ answer: EnrollmentAnswer, for key: PrivateKey, in slot: IdentityStore.Slot, over link: ControllerLink
  ) throws -> Outcome {
    guard case .issued(let certificates) = answer else {
      guard case .pending(let wait) = answer else { return .pending(retryAfter: .seconds(60)) }
      return .pending(retryAfter: wait)
    }
    let identity = try verified(certificates, for: key, over: link)
    try store.save(identity, in: slot)
    try store.files.remove(store.folder.request)
    return .issued(identity)
  }

  /// The certificate for our key with the chain up to the pinned root.
  ///
  /// - Throws: `agent.certificate-unusable`.
  private func verified(
    _ certificates: [Certificate], for key: PrivateKey, over link: ControllerLink
  ) throws -> DeviceIdentity {
    guard let root = try store.root(), let own = certificates.first(where: { $0.belongs(to: key) }) else {
      throw AgentError(.certificateUnusable, "The controller issued a certificate for another key.")
    }
    var above = certificates.filter { $0.publicKey != own.publicKey && !$0.isSelfSigned }
    if !own.leads(to: root, through: above) {
      above = try EnrollmentService.authorities(over: link).filter { !$0.isSelfSigned }
    }
    // What is stored is trusted from then on: nothing that came along and does not lead to the root.
    let chain = above.filter { $0.isAuthority && $0.leads(to: root, through: above) }
    guard own.leads(to: root, through: chain),
      let identity = try DeviceIdentity(certificates: [own] + chain, key: key)
    else {
      throw AgentError(
        .certificateUnusable, "The controller issued a certificate that does not lead to the pinned root.")
    }
    return identity
  }
}
