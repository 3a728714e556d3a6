package import CurlClient
package import Vocabulary

/// What the controller makes of a certificate request.
package enum EnrollmentAnswer {
  /// The certificates of the answer, in its order.
  case issued([Certificate])
  /// A person has to approve; ask again with the same request.
  case pending(retryAfter: Duration)
}

/// EST on the devices listener.
///
/// Source: RFC 7030, sections 4.1 and 4.2; RFC 8951
package enum EnrollmentService {
  private static let base = "/.well-known/est"

  /// The root whose fingerprint is `pin`, from a controller that nobody has verified yet.
  ///
  /// Only the fingerprint decides: whoever answers can give nothing but that certificate.
  /// - Throws: `agent.root-mismatch`, `agent.other-listener`, `agent.reply-unusable`, `transfer.` codes, ``Refusal``.
  package static func root(pinned pin: Digest, at address: String, make: ExchangeMaker) throws -> Certificate {
    let exchange = try make(.anybodyForPublicData, nil)
    let address = address.hasSuffix("/") ? String(address.dropLast()) : address
    let response = try exchange.send(Request(.get, "\(address)\(base)/cacerts"), verifyingAt: .system)
    guard response.status != 404 else { throw AgentError.notDevicesListener(at: address) }
    guard response.status == 200 else {
      throw Refusal(
        status: response.status, code: ErrorCode("http.\(response.status)"),
        message: "The controller at \(address) gives no CA certificates: status \(response.status).",
        retryAfter: response.retryAfter(at: ClockEstimate(at: .now).now(at: .now)))
    }
    let certificates = try CertificateMessage.certificates(in: response.body)
    let roots = try certificates.filter { try $0.isSelfSigned && $0.isAuthority && $0.fingerprint == pin }
    guard let root = roots.first else {
      throw AgentError(
        .rootMismatch,
        "The controller at \(address) has another root certificate than the token names. Either the token is for another controller, or somebody stands between; do not go on before you know which."
      )
    }
    return root
  }

  /// - Throws: `transfer.` codes, ``Refusal``, `agent.reply-unusable`.
  package static func authorities(over link: ControllerLink) throws -> [Certificate] {
    try CertificateMessage.certificates(in: try link.send(.get, "\(base)/cacerts").body)
  }

  /// - Throws: `transfer.` codes, ``Refusal``, `agent.other-listener`, `agent.reply-unusable`.
  package static func enroll(
    request: [UInt8], token: EnrollmentToken, over link: ControllerLink
  ) throws -> EnrollmentAnswer {
    let bearer = Request.Header("Authorization", "Bearer \(token.printed)")
    do {
      let body = Base64.encodeLines(request)
      return try answer(link.send(.post, "\(base)/simpleenroll", headers: [bearer] + kind, body: body), link)
    } catch let refusal as Refusal where refusal.isUnknownAddress {
      throw AgentError.notDevicesListener(at: link.address)
    }
  }

  /// The link speaks with the current certificate.
  ///
  /// - Throws: `transfer.` codes, ``Refusal``, `agent.reply-unusable`.
  package static func reenroll(request: [UInt8], over link: ControllerLink) throws -> EnrollmentAnswer {
    try answer(link.send(.post, "\(base)/simplereenroll", headers: kind, body: Base64.encodeLines(request)), link)
  }

  private static let kind = [Request.Header("Content-Type", "application/pkcs10")]

  private static func answer(_ response: Response, _ link: ControllerLink) throws(AgentError) -> EnrollmentAnswer {
    switch response.status {
    case 200: return .issued(try CertificateMessage.certificates(in: response.body))
    case 202: return .pending(retryAfter: link.wait(in: response) ?? .seconds(60))
    default:
      throw AgentError(
        .replyUnusable, "The controller answered with status \(response.status), which EST does not know.")
    }
  }
}
