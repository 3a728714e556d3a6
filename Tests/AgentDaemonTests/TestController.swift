import Compression
import CurlClient
import Synchronization
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

/// A controller without sockets: it keeps the rules of the wire and remembers what it was told.
final class TestController: @unchecked Sendable {
  // Tests use one thread each; the mark is for the closures that carry it.
  let authority: TestAuthority
  var token: EnrollmentToken
  var now = Instant(rfc3339: "2026-11-21T12:00:00Z")!
  /// Certificates by the public key they were issued for: the same key gets the same again.
  var issued: [Digest: Certificate] = [:]
  var approves = true
  /// What comes along with each issued certificate.
  var alongside: [Certificate] = []
  var renewNow = false
  var standing = CheckInReply.Standing.active
  /// Held hashes and the last message of each key.
  var held: [FactSection: Digest] = [:]
  var last: [Digest: (sequence: Int64, body: Digest, reply: [UInt8])] = [:]
  var received: [CheckInRequest] = []
  var revoked: Set<Digest> = []
  /// Called before the answer leaves; throwing loses it.
  var beforeAnswer: (Request) throws(TransferError) -> Void = { _ in }
  /// Called before the request is looked at; throwing means it never came.
  var beforeRequest: (Request) throws(TransferError) -> Void = { _ in }
  var refusal: Response?
  /// Answers as the people listener does.
  var isPeoplePort = false
  /// When the server's certificate holds.
  var validFrom = TestAuthority.begin
  var validTo = Instant(milliseconds: .max)
  /// The key that a renewal brought; its first check-in revokes the others.
  private var newest: Digest?

  init() throws {
    authority = try TestAuthority()
    token = try EnrollmentToken(printed: Self.printed(root: try authority.root.fingerprint))
  }

  static func printed(root: Digest) -> String {
    func text(_ bytes: [UInt8]) -> String {
      String(decoding: Base64.encodeLines(bytes), as: UTF8.self).filter { $0 != "=" && $0 != "\n" }
        .map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.map(String.init).joined()
    }
    return "rct1.\(text([UInt8](repeating: 7, count: 32))).\(text(root.bytes))"
  }

  var make: ExchangeMaker {
    { (trust, identity) throws(TransferError) in Line(controller: self, trust: trust, identity: identity) }
  }

  struct Line: Exchange {
    let controller: TestController
    let trust: Trust
    let identity: ClientIdentity?

    func send(_ request: Request, verifyingAt time: VerificationTime) throws(TransferError) -> Response {
      if case .at(let instant) = time, instant < controller.validFrom {
        throw TransferError(.serverNotYetValid, "not yet valid")
      }
      if case .at(let instant) = time, instant > controller.validTo {
        throw TransferError(.serverExpired, "expired")
      }
      try controller.beforeRequest(request)
      let response = controller.answer(request, key: identity.flatMap { try? SHA256.digest($0.key.publicKey) })
      try controller.beforeAnswer(request)
      return Response(
        status: response.status, headers: response.headers, body: response.body,
        serverHolds: controller.validFrom...controller.validTo)
    }
  }

  private func answer(_ request: Request, key: Digest?) -> Response {
    let path = String(request.url.dropFirst("https://controller".count))
    if isPeoplePort { return problem(404, "request.not-found") }
    if let refusal, path == AgentPath.checkIn { return refusal }
    switch (request.method, path) {
    case (.get, "/.well-known/est/cacerts"):
      return Response(status: 200, body: TestAuthority.message([authority.root, authority.issuing]))
    case (.post, "/.well-known/est/simpleenroll"):
      guard request.headers.contains(Request.Header("Authorization", "Bearer \(token.printed)")) else {
        return problem(401, "enroll.token")
      }
      return issue(request)
    case (.post, "/.well-known/est/simplereenroll"):
      guard let key, issued[key] != nil, !revoked.contains(key) else { return problem(403, "device.key-revoked") }
      let response = issue(request)
      if let certificate = (try? CertificateMessage.certificates(in: response.body))?.first {
        newest = try? SHA256.digest(certificate.publicKey)
      }
      return response
    case (.get, AgentPath.time): return json(200, ControllerTime(time: now))
    case (.get, AgentPath.standing):
      guard let key, issued[key] != nil else { return problem(401, "device.certificate-required") }
      return revoked.contains(key)
        ? problem(403, "device.key-revoked") : json(200, ControllerStanding(standing: standing))
    case (.post, AgentPath.checkIn): return checkIn(request, key: key)
    default: return problem(404, "request.not-found")
    }
  }

  private func issue(_ request: Request) -> Response {
    guard approves else { return Response(status: 202, headers: [Request.Header("retry-after", "60")]) }
    guard let der = Base64.decode(request.body ?? []), let certificate = authority.certificate(for: der, from: now)
    else { return problem(400, "enroll.malformed-request") }
    guard let key = try? SHA256.digest(certificate.publicKey) else { return problem(500, "test.digest") }
    guard !revoked.contains(key) else { return problem(403, "enroll.key-revoked") }
    let known = issued[key] ?? certificate
    issued[key] = known
    return Response(status: 200, body: TestAuthority.message([known] + alongside))
  }

  private func checkIn(_ request: Request, key: Digest?) -> Response {
    guard let key, issued[key] != nil else { return problem(401, "device.certificate-required") }
    guard !revoked.contains(key) else { return problem(403, "device.key-revoked") }
    let body = request.body ?? []
    let isCompressed = request.headers.contains(Request.Header("Content-Encoding", "gzip"))
    guard let plain = isCompressed ? try? Gzip.decompress(body, limit: Limits.messageBytes) : body,
      let message = try? WireCodec.checkIn(from: plain)
    else { return problem(400, "wire.malformed") }
    guard let digest = try? SHA256.digest(body) else { return problem(500, "test.digest") }
    if let last = last[key] {
      if last.sequence == message.sequence, last.body == digest { return Response(status: 200, body: last.reply) }
      guard message.sequence == last.sequence + 1 else {
        return json(
          409, Problem(status: 409, code: "checkin.stale-sequence", detail: "", expectedSequence: last.sequence + 1))
      }
    }
    received.append(message)
    if key == newest { revoked.formUnion(issued.keys.filter { $0 != key }) }
    var want: [FactSection] = []
    for (section, hash) in message.hashes where held[section] != hash {
      if message.facts.canonical(section) == nil { want.append(section) } else { held[section] = hash }
    }
    let reply = json(
      200,
      CheckInReply(
        sequence: message.sequence, time: now, nextCheckInSeconds: 3600, standing: standing, want: want.sorted(),
        renew: renewNow))
    last[key] = (message.sequence, digest, reply.body)
    return reply
  }

  private func json(_ status: Int, _ value: some Encodable) -> Response {
    Response(status: status, body: (try? WireCodec.encode(value)) ?? [])
  }

  private func problem(_ status: Int, _ code: String) -> Response {
    json(status, Problem(status: status, code: code, detail: "refused by the test"))
  }
}
