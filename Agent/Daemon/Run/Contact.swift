import AgentTransport
import CurlClient
import Vocabulary
import Wire

/// A whole contact with the controller: the right key, the check-in, and the next certificate when it is time.
///
/// A new certificate is used once beside the old; only its success makes it the current one.
struct Contact {
  let store: IdentityStore
  let file: StateFile
  let address: String
  let make: ExchangeMaker
  let collect: (Int64?) -> Facts
  let log: Log
  var reading: () -> ClockReading = { .now }

  /// - Throws: `agent.not-enrolled`, and whatever a check-in or renewal throws.
  func run(_ state: inout AgentState) throws -> CheckInReply {
    guard let current = try store.identity(.current) else {
      throw AgentError(.notEnrolled, "This device is not enrolled. Run 'rollcall-agent enroll' with a token.")
    }
    let next = try store.identity(.next)
    if let next, let reply = try first(with: next, &state) { return reply }
    var identity = current
    if now(state) > current.notAfter { try askTime(&state) }
    if now(state) > current.notAfter {
      log.notice("certificate expired", ["notAfter": current.notAfter.rfc3339])
      try renew(current, state)
      identity = try promoted() ?? current
    }
    let reply = try checkIn(as: identity, &state)
    // Only now: while neither was accepted, either may be the one that the controller knows.
    if next != nil { try store.dropNext() }
    if reply.standing != .pending, reply.renew || now(state) >= identity.renewalDue { tryRenewal(identity, state) }
    return reply
  }

  // MARK: - Steps

  private func checkIn(as identity: DeviceIdentity, _ state: inout AgentState) throws -> CheckInReply {
    state = state.counting(for: identity.keyDigest)
    let session = CheckInSession(
      file: file, link: try link(identity, state), collect: collect, log: log, reading: reading)
    return try session.run(&state)
  }

  /// The first contact with the next certificate; nil where the controller does not take it.
  private func first(with next: DeviceIdentity, _ state: inout AgentState) throws -> CheckInReply? {
    do {
      let reply = try checkIn(as: next, &state)
      try store.promote()
      log.notice("certificate renewed", ["notAfter": next.notAfter.rfc3339])
      return reply
    } catch let refusal as Refusal where refusal.status == 401 || refusal.status == 403 {
      log.warning("new certificate refused", ["code": refusal.code.text])
    } catch let error as TransferError where [.tlsAlert, .tlsFailed, .interrupted].contains(error.kind) {
      // A server that refuses a certificate under TLS 1.3 may close before its alert is read.
      log.warning("new certificate refused", ["code": error.code.text])
    }
    return nil
  }

  private func renew(_ identity: DeviceIdentity, _ state: AgentState) throws {
    let facts = collect(state.clockOffsetMilliseconds)
    let claim = IdentityClaim(facts.identity ?? IdentityFacts(), hostname: facts.system?.hostname)
    let outcome = try Enroller(store: store, make: make).renew(claim: claim, over: try link(identity, state))
    if case .pending(let wait) = outcome {
      throw Refusal(
        status: 503, code: "http.202", message: "The renewal waits for a person at the controller.", retryAfter: wait)
    }
  }

  /// The current certificate still holds: a renewal that fails is tried again at the next contact.
  private func tryRenewal(_ identity: DeviceIdentity, _ state: AgentState) {
    do {
      try renew(identity, state)
      log.notice("next certificate received", [:])
    } catch {
      log.warning("renewal failed", ["error": Failure(error).text])
    }
  }

  private func promoted() throws -> DeviceIdentity? {
    try store.promote()
    return try store.identity(.current)
  }

  private func now(_ state: AgentState) -> Instant {
    let reading = reading()
    return state.clock(at: reading).now(at: reading)
  }

  /// Before a certificate is given up as expired: the machine's clock may be ahead, and the controller knows.
  private func askTime(_ state: inout AgentState) throws {
    let link = try link(nil, state)
    _ = try link.time()
    state.keep(link.clock, at: reading())
  }

  private func link(_ identity: DeviceIdentity?, _ state: AgentState) throws -> ControllerLink {
    guard let root = try store.root() else {
      throw AgentError(.notEnrolled, "This device has no pinned root. Run 'rollcall-agent enroll' with a token.")
    }
    return try ControllerLink(
      address: address, root: root, identity: identity, clock: state.clock(at: reading()), make: make, reading: reading)
  }
}

/// Any error for a log or a person.
struct Failure {
  let code: String
  let message: String

  init(_ error: any Error) {
    switch error {
    case let error as any CodedError: (code, message) = (error.code.text, error.message)
    case let error as UsageError: (code, message) = ("agent.usage", error.message)
    case let error as ConfigurationError: (code, message) = ("agent.configuration", error.message)
    default: (code, message) = ("agent.failed", "\(error)")
    }
  }

  var text: String { "\(code): \(message)" }
}
