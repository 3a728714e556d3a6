package import CurlClient
package import Vocabulary
import Wire

/// Verified requests to one controller: its certificate leads to the pinned root, holds for its name, and is in date
/// by the agent's own estimate of the time.
///
/// ```
/// agent                                     controller
///   │ request, dates checked at the estimate ──▶│
///   │ ◀── certificate "not valid yet"           │   the machine's clock is behind
///   │ GET /agent/v1/time, dates not checked ───▶│   signatures and name still are
///   │ ◀── time; the estimate moves forward      │
///   │ request again, dates checked ────────────▶│
/// ```
package final class ControllerLink {
  /// Without a slash at the end.
  package let address: String
  package private(set) var clock: ClockEstimate
  private let exchange: any Exchange
  private let reading: () -> ClockReading

  /// - Throws: `transfer.` codes where the exchange cannot be made.
  package init(
    address: String, root: Certificate, identity: DeviceIdentity?, clock: ClockEstimate, make: ExchangeMaker,
    reading: @escaping () -> ClockReading = { .now }
  ) throws(TransferError) {
    self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
    self.clock = clock
    self.reading = reading
    exchange = try make(.pem(root.pem), identity?.forTLS)
  }

  package func learn(_ time: Instant) { clock.learn(time, at: reading()) }

  /// Sends, and if the machine's clock is behind the controller's certificate, learns the time and sends again.
  ///
  /// - Throws: `transfer.` codes; ``Refusal`` for a status of 400 and above.
  package func send(
    _ method: Request.Method, _ path: String, headers: [Request.Header] = [], body: [UInt8]? = nil
  ) throws -> Response {
    let request = Request(method, address + path, headers: headers, body: body)
    let response: Response
    do {
      response = try exchange.send(request, verifyingAt: .at(clock.now(at: reading())))
    } catch let error where error.kind == .serverNotYetValid {
      learn(try time(verifyingAt: .ignoringDates))
      response = try exchange.send(request, verifyingAt: .at(clock.now(at: reading())))
    }
    guard response.status < 400 else { throw Self.refusal(response) }
    return response
  }

  /// The controller's clock.
  ///
  /// - Throws: `transfer.` codes, ``Refusal``, `wire.malformed`.
  package func time() throws -> Instant {
    let response = try send(.get, AgentPath.time)
    return try WireCodec.decode(ControllerTime.self, from: response.body, as: "the controller's time").time
  }

  private func time(verifyingAt time: VerificationTime) throws -> Instant {
    let response = try exchange.send(Request(.get, address + AgentPath.time), verifyingAt: time)
    guard response.status == 200 else { throw Self.refusal(response) }
    return try WireCodec.decode(ControllerTime.self, from: response.body, as: "the controller's time").time
  }

  private static func refusal(_ response: Response) -> Refusal {
    let problem = try? WireCodec.decode(Problem.self, from: response.body, as: "a problem")
    return Refusal(
      status: response.status, code: ErrorCode(problem?.code ?? "http.\(response.status)"),
      message: problem?.detail ?? "The controller answered with status \(response.status) and no reason.",
      retryAfter: response.retryAfter, expectedSequence: problem?.expectedSequence)
  }
}
