internal import Compression
internal import HTTPTypes
internal import Serving
internal import Vocabulary
internal import Wire

/// The agent's endpoints: decode, ask, encode.
struct CheckInRoutes: Sendable {
  let desk: CheckIns

  var all: [DeviceRoute] {
    [
      DeviceRoute(.post, AgentPath.checkIn, .certificate, bodyLimit: Limits.messageBytes) { call, context in
        try await checkIn(call, context)
      },
      DeviceRoute(.get, AgentPath.time, .open, bodyLimit: 0) { call, _ in
        Reply(.ok, headers: Self.json, body: Array("{\"time\":\(call.now.milliseconds)}".utf8))
      },
      DeviceRoute(.get, AgentPath.standing, .certificate, bodyLimit: 0) { _, context in
        let answer = ControllerStanding(standing: CheckInReply.Standing(of: context.known))
        return Reply(.ok, headers: Self.json, body: try WireCodec.encode(answer))
      },
    ]
  }

  private static let json: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]

  private func checkIn(_ call: Call, _ context: DeviceContext) async throws -> Reply {
    guard let peer = context.peer else {
      throw ServingError(.certificateRequired, "A check-in needs the device's certificate.")
    }
    do {
      return Reply(.ok, headers: Self.json, body: try await desk.answer(call, peer: peer, known: context.known))
    } catch let error as CheckInError where error.kind == .staleSequence {
      // The one refusal that carries a number for the agent to go on with.
      let problem = Problem(
        status: error.status.code, code: error.code.text, detail: error.message,
        expectedSequence: error.expectedSequence)
      return Reply(
        error.status, headers: [.contentType: "application/problem+json"], body: try WireCodec.encode(problem))
    } catch let error as WireError {
      throw RefusedMessage(error)
    } catch let error as CompressionError {
      throw RefusedMessage(error)
    }
  }

  /// The message without its transfer's compression.
  ///
  /// - Throws: `checkin.encoding`, `compression.…`, `wire.too-large`.
  static func body(of call: Call) throws -> [UInt8] {
    switch call.headers[.contentEncoding]?.lowercased() {
    case nil, "identity": return call.body
    case "gzip", "x-gzip":
      guard call.body.count <= Limits.compressedBytes else {
        throw WireError(.tooLarge, "The compressed check-in is over \(Limits.compressedBytes) bytes.")
      }
      return try Gzip.decompress(call.body, limit: Limits.messageBytes)
    default: throw CheckInError(.encoding, "A check-in's Content-Encoding is gzip or identity.")
    }
  }
}

extension CheckInReply.Standing {
  /// A key that nobody knows waits for a person; a revoked one never comes as far as this.
  init(of key: KnownKey?) {
    self =
      switch key?.state {
      case .active: .active
      case .restricted: .restricted
      case .quarantined, .revoked: .quarantined
      case .pending, nil: .pending
      }
  }
}
