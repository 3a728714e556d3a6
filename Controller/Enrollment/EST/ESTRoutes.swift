internal import HTTPTypes
internal import Serving
internal import Vocabulary
internal import Wire

/// Enrolment over Secure Transport, with and without a label.
///
///     device                                           controller
///       GET  /.well-known/est[/label]/cacerts        ─▶  the root and the issuing certificate
///       GET  /.well-known/est[/label]/csrattrs       ─▶  what a request should hold
///       POST /.well-known/est[/label]/simpleenroll   ─▶  200 a certificate, 202 come again, 401, 403
///       POST /.well-known/est[/label]/simplereenroll ─▶  the same for a key that is known, over mutual TLS
///
/// Source: RFC 7030, section 4; RFC 8951.
struct ESTRoutes: Sendable {
  let desk: EnrollmentDesk

  /// When a device that waits for a person is to ask again.
  static let retrySeconds = 60

  var all: [DeviceRoute] {
    ["/.well-known/est", "/.well-known/est/{label}"].flatMap { base in
      [
        DeviceRoute(.get, base + "/cacerts", .open, handle: caCertificates),
        DeviceRoute(.get, base + "/csrattrs", .open, handle: requestAttributes),
        DeviceRoute(.post, base + "/simpleenroll", .open, bodyLimit: Limits.certificateRequestBytes, handle: enroll),
        DeviceRoute(
          .post, base + "/simplereenroll", .expiredKey([.active, .restricted]),
          bodyLimit: Limits.certificateRequestBytes,
          handle: renew),
      ]
    }
  }

  private func caCertificates(_ call: Call, _ context: DeviceContext) throws -> Reply {
    try Self.certificates([desk.authority.rootDER, desk.authority.issuingDER])
  }

  private func requestAttributes(_ call: Call, _ context: DeviceContext) throws -> Reply {
    Reply(.ok, headers: [.contentType: "application/csrattrs"], body: try RequestAttributes.body())
  }

  private func enroll(_ call: Call, _ context: DeviceContext) async throws -> Reply {
    do {
      return try await enroll(call)
    } catch let error as EnrollmentError where error.isOfToken && call.headers[.authorization] != nil {
      // Without credentials it is a client that waits for the challenge, as RFC 7617 lets it.
      throw desk.counted(error, of: call)
    }
  }

  private func enroll(_ call: Call) async throws -> Reply {
    let secret = try ESTCredential.secret(of: call)
    let label = call.parameters["label"]
    try await desk.requireToken(secret, label: label)
    let request = try CertificateRequest(body: call.body)
    if let origin = call.origin, desk.throttle.isSpent(origin, now: call.now) {
      try await desk.foresee(request, secret: secret, label: label, now: call.now)
    }
    switch try await desk.enroll(request, secret: secret, label: label, now: call.now) {
    case .certificate(let der): return try Self.certificates([der])
    case .wait:
      return Reply(
        .accepted, headers: [.retryAfter: String(Self.retrySeconds), .contentType: "text/plain; charset=utf-8"],
        body: Array("This device waits for a person of its district to approve it.\n".utf8))
    }
  }

  private func renew(_ call: Call, _ context: DeviceContext) async throws -> Reply {
    // Both stand wherever the route's rule is met.
    guard let peer = context.peer, let known = context.known else {
      throw ServingError(.certificateRequired, "This needs the device's client certificate.")
    }
    let request = try CertificateRequest(body: call.body, own: known.device)
    return try Self.certificates([try await desk.renew(request, peer: peer, known: known, now: call.now)])
  }

  private static func certificates(_ list: [[UInt8]]) throws(EnrollmentError) -> Reply {
    Reply(.ok, headers: [.contentType: CertificatesOnly.contentType], body: try CertificatesOnly.body(list))
  }
}
