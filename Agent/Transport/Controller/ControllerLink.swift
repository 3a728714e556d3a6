package import CurlClient
package import Vocabulary
package import Wire

/// Verified requests to one controller: its certificate leads to the pinned root, holds for its name, and is in date
/// by the agent's own estimate of the time.
///
/// ```
/// agent                                     controller
///   │ request, dates checked at the estimate ──▶│
///   │ ◀── certificate "not valid yet" or        │   the machine's clock is behind, or far ahead
///   │     "expired"                             │
///   │ GET /agent/v1/time, dates not checked ───▶│   signatures and name still are
///   │ ◀── time; believed if the certificate     │
///   │     holds then and it is not before the   │
///   │     floor (``ClockEstimate``)             │
///   │ request again, dates checked ────────────▶│
/// ```
package final class ControllerLink {
  /// Without a slash at the end.
  package let address: String
  package private(set) var clock: ClockEstimate
  private let exchange: any Exchange
  private let reading: () -> ClockReading
  /// The life of the certificate that the controller showed last.
  private var serverHolds: ClosedRange<Instant>?

  /// - Throws: `transfer.` codes where the exchange cannot be made.
  package init(
    address: String, root: Certificate, identity: DeviceIdentity?, clock: ClockEstimate, make: ExchangeMaker,
    reading: @escaping () -> ClockReading = { .now }
  ) throws(TransferError) {
    self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
    self.clock = clock
    self.reading = reading
    // The authorities of the own chain were verified up to the root when the certificate came: with them trusted, the
    // root's signature, the dearest of a handshake, is not checked anew each time.
    let authorities = identity?.certificates.dropFirst().flatMap(\.pem) ?? []
    exchange = try make(.pem(root.pem + authorities), identity?.forTLS)
  }

  /// How long an answer of this controller asks to wait.
  package func wait(in response: Response) -> Duration? { response.retryAfter(at: clock.now(at: reading())) }

  /// Takes the time of an answer that was just verified; false where it is not believed.
  @discardableResult
  package func learn(_ time: Instant) -> Bool { clock.learn(time, serverHolds: serverHolds, at: reading()) }

  /// Sends, and if the controller's certificate does not hold at the estimate, learns the time and sends again.
  ///
  /// - Throws: `transfer.` codes; ``Refusal`` for a status of 400 and above.
  package func send(
    _ method: Request.Method, _ path: String, headers: [Request.Header] = [], body: [UInt8]? = nil
  ) throws -> Response {
    let request = Request(method, address + path, headers: headers, body: body)
    let response: Response
    do {
      response = try exchange.send(request, verifyingAt: .at(clock.now(at: reading())))
    } catch let error where [.serverNotYetValid, .serverExpired].contains(error.kind) {
      guard try correctClock() else { throw error }
      response = try exchange.send(request, verifyingAt: .at(clock.now(at: reading())))
    }
    serverHolds = response.serverHolds
    guard response.status < 400 else { throw refusal(response) }
    return response
  }

  /// The controller's clock, which the estimate follows.
  ///
  /// - Throws: `transfer.` codes, ``Refusal``, `wire.malformed`.
  package func time() throws -> Instant {
    let time = try Self.time(in: try send(.get, AgentPath.time))
    learn(time)
    return time
  }

  /// What the controller makes of this device's key.
  ///
  /// - Throws: `transfer.` codes, ``Refusal`` such as `device.key-revoked`, `wire.malformed`.
  package func standing() throws -> CheckInReply.Standing {
    let response = try send(.get, AgentPath.standing)
    return try WireCodec.decode(ControllerStanding.self, from: response.body, as: "the key's standing").standing
  }

  /// Asks for the time although the certificate's dates do not fit; false where the answer is not believed.
  private func correctClock() throws -> Bool {
    let response = try exchange.send(Request(.get, address + AgentPath.time), verifyingAt: .ignoringDates)
    guard response.status == 200 else { throw refusal(response) }
    return clock.correct(to: try Self.time(in: response), serverHolds: response.serverHolds, at: reading())
  }

  private static func time(in response: Response) throws(WireError) -> Instant {
    try WireCodec.decode(ControllerTime.self, from: response.body, as: "the controller's time").time
  }

  private func refusal(_ response: Response) -> Refusal {
    let problem = try? WireCodec.decode(Problem.self, from: response.body, as: "a problem")
    return Refusal(
      status: response.status, code: ErrorCode(problem?.code ?? "http.\(response.status)"),
      message: problem?.detail ?? "The controller answered with status \(response.status) and no reason.",
      retryAfter: wait(in: response), expectedSequence: problem?.expectedSequence)
  }
}
