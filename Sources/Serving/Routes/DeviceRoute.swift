package import HTTPTypes
package import Vocabulary

/// Which peers may use a route of the devices listener. Every route has one; there is no default.
package enum DeviceRule: Sendable, Hashable {
  /// Without a client certificate: CA certificates, the clock, enrolment by token.
  case open
  /// With a certificate in date whose key is in one of the states.
  case key(Set<KeyState>)
  /// Also expired by up to 400 days: re-enrolment alone. Laptops sleep all summer.
  case expiredKey(Set<KeyState>)
  /// A certificate of ours in date, its key known or not: a check-in after a restore waits as pending.
  case certificate
}

/// One operation on the devices listener.
package struct DeviceRoute: Sendable {
  package typealias Handler = @Sendable (Call, DeviceContext) async throws -> Reply

  package let method: HTTPRequest.Method
  package let path: String
  package let rule: DeviceRule
  /// The largest body that is read, in bytes, as it travels: none by GET, and little of whom nobody knows.
  package let bodyLimit: Int
  package let handle: Handler

  package init(
    _ method: HTTPRequest.Method, _ path: String, _ rule: DeviceRule, bodyLimit: Int = 64 << 10,
    handle: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.rule = rule
    self.bodyLimit = BodyBudget.limit(bodyLimit, method, isOpen: rule == .open)
    self.handle = handle
  }
}

/// What a handler of the devices listener knows of its peer; exists only where the route's rule is met.
package struct DeviceContext: Sendable {
  /// How long after its end a certificate may still ask for a new one.
  package static let reenrolmentGrace = Duration.seconds(400 * 86_400)

  package let peer: PeerCertificate?
  /// nil on open routes, and under ``DeviceRule/certificate`` for a key nobody knows.
  package let known: KnownKey?

  /// - Throws: `device.certificate-required`, `device.certificate-expired`, `device.key-unknown`,
  ///   `device.key-revoked`, `device.key-state`.
  package init(
    peer: PeerCertificate?, rule: DeviceRule, directory: some KeyDirectory, now: Instant
  ) throws(ServingError) {
    let known = peer.flatMap { directory.key($0.key) }
    self.peer = peer
    self.known = known
    let allowed: Set<KeyState>?
    var grace = Duration.zero
    switch rule {
    case .open: return
    case .certificate: allowed = nil
    case .key(let states): allowed = states
    case .expiredKey(let states): (allowed, grace) = (states, Self.reenrolmentGrace)
    }
    guard let peer else {
      throw ServingError(.certificateRequired, "This needs the device's client certificate. Enrol the device first.")
    }
    guard now >= peer.notBefore, now <= peer.notAfter.advanced(by: grace) else {
      throw ServingError(
        .certificateExpired,
        "The device's certificate holds from \(peer.notBefore) to \(peer.notAfter); it is \(now). Re-enrol, or set the clock."
      )
    }
    if known?.state == .revoked {
      throw ServingError(.keyRevoked, "This device's key was revoked. Enrol it anew with a token.")
    }
    guard let allowed else { return }
    guard let known else {
      throw ServingError(.keyUnknown, "The controller does not know this device's key. Enrol it anew with a token.")
    }
    guard allowed.contains(known.state) else {
      throw ServingError(.keyState, "This device's key is \(known.state.rawValue); it may not do this.")
    }
  }
}
