import Foundation
import Testing
import Vocabulary

@testable import AgentTransport
@testable import CurlClient

@Suite struct TLSTests {
  let authority: TestAuthority
  let now = VerificationTime.at(Instant(rfc3339: "2026-11-21T12:00:00Z")!)

  init() throws { authority = try TestAuthority() }

  private func client(_ trust: Trust? = nil, identity: DeviceIdentity? = nil, limit: Int = 1024) throws -> Client {
    try Client(
      trust: trust ?? .pem(authority.root.pem), identity: identity?.forTLS,
      limits: TransferLimits(connect: .seconds(60), total: .seconds(60), responseBytes: limit))
  }

  /// Expects that kind of failure, or an answer where it is nil.
  private func expect(
    _ expected: TransferError.Kind?, _ client: Client, _ address: String, at time: VerificationTime? = nil,
    place: SourceLocation = #_sourceLocation
  ) {
    var kind: TransferError.Kind?
    var words = "answered"
    do throws(TransferError) {
      _ = try client.send(Request(.get, address), verifyingAt: time ?? now)
    } catch { (kind, words) = (error.kind, error.message) }
    #expect(kind == expected, Comment(rawValue: words), sourceLocation: place)
  }

  @Test("A server that leads to the pinned root answers, headers and all")
  func answers() throws {
    let server = TestServer(identity: try authority.server("localhost")) { _ in
      TestServer.ok("hello", headers: "Retry-After: 17\r\n")
    }
    defer { server.stop() }
    let response = try client().send(Request(.get, server.address), verifyingAt: now)
    #expect(response.status == 200)
    #expect(response.body == Array("hello".utf8))
    #expect(response.retryAfter(at: ClockEstimate.release) == .seconds(17))
  }

  @Test("A server of another authority is refused")
  func wrongAuthority() throws {
    let server = TestServer(identity: try TestAuthority().server("localhost"))
    defer { server.stop() }
    try expect(.serverUnknownCA, client(), server.address)
  }

  @Test("The system's authorities do not count beside the pinned one")
  func pinnedOnly() throws {
    // A folder of trusted certificates as OpenSSL reads it, where only the environment names the server's root.
    let server = TestServer(identity: try authority.server("localhost"))
    defer { server.stop() }
    let other = try TestAuthority()
    try expect(.serverUnknownCA, client(.pem(other.root.pem)), server.address)
    try expect(.serverUnknownCA, client(.system), server.address)
  }

  @Test("A certificate is judged at the given time, not by the machine's clock")
  func dates() throws {
    let begin = Instant(rfc3339: "2026-11-10T00:00:00Z")!
    let server = TestServer(identity: try authority.server("localhost", from: begin, for: .seconds(86_400)))
    defer { server.stop() }
    let client = try client()
    expect(nil, client, server.address, at: .at(begin.advanced(by: .seconds(60))))
    expect(.serverExpired, client, server.address, at: .at(begin.advanced(by: .seconds(2 * 86_400))))
    expect(.serverNotYetValid, client, server.address, at: .at(begin.advanced(by: .seconds(-60))))
    expect(nil, client, server.address, at: .ignoringDates)
  }

  @Test("An expired certificate is refused by the machine's clock")
  func expired() throws {
    let server = TestServer(identity: try authority.server("localhost", for: .seconds(1)))
    defer { server.stop() }
    try expect(.serverExpired, client(), server.address, at: .system)
  }

  @Test("A server of another name is refused, whatever its dates")
  func wrongName() throws {
    let server = TestServer(identity: try authority.server("elsewhere.example.org"))
    defer { server.stop() }
    try expect(.serverWrongName, client(), server.address)
    try expect(.serverWrongName, client(), server.address, at: .ignoringDates)
  }

  @Test("A client certificate opens a server that requires one; none and a stranger's get an alert")
  func clientCertificate() throws {
    let server = TestServer(identity: try authority.server("localhost"), clients: authority)
    defer { server.stop() }
    try expect(nil, client(identity: try authority.client()), server.address)
    try expect(.tlsAlert, client(), server.address)
    try expect(.tlsAlert, client(identity: try TestAuthority().client()), server.address)
  }

  @Test("A key that OpenSSL's store loads by URI signs the handshake")
  func keyByURI() throws {
    let server = TestServer(identity: try authority.server("localhost"), clients: authority)
    defer { server.stop() }
    let made = try authority.client()
    let path = NSTemporaryDirectory() + "rollcall-key-\(UUID().uuidString).pem"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AtomicFiles().write(try made.key.pem(), to: path)
    let loaded = try #require(
      try DeviceIdentity(certificates: made.certificates, key: try PrivateKey(uri: "file:\(path)")))
    try expect(nil, client(identity: loaded), server.address)
    #expect(throws: TransferError(.keyUnusable, "")) { try PrivateKey(uri: "pkcs11:object=none") }
  }

  @Test("A port without TLS is told apart")
  func withoutTLS() throws {
    let server = TestServer(identity: nil)
    defer { server.stop() }
    try expect(.notTLS, client(), server.address)
  }

  @Test("A closed port, an unknown name and a bad address are told apart")
  func unreachable() throws {
    let server = TestServer(identity: nil)
    server.stop()
    try expect(.refused, client(), "https://localhost:1")
    try expect(.nameNotFound, client(), "https://nowhere.invalid")
    try expect(.invalidRequest, client(), "http://localhost")
    try expect(.invalidRequest, client(), "https://local host")
  }

  @Test("An answer over the limit ends the exchange")
  func tooLarge() throws {
    let server = TestServer(identity: try authority.server("localhost")) { _ in
      TestServer.ok(String(repeating: "x", count: 5000))
    }
    defer { server.stop() }
    try expect(.tooLarge, client(), server.address)
  }

  @Test("An unverified server gets neither a credential nor a body")
  func unverified() throws {
    let server = TestServer(identity: try authority.server("localhost"))
    defer { server.stop() }
    let client = try client(.anybodyForPublicData)
    #expect(try client.send(Request(.get, server.address)).status == 200)
    let secret = Request(.get, server.address, headers: [.init("Authorization", "Bearer x")])
    #expect(throws: TransferError(.invalidRequest, "")) { try client.send(secret) }
    #expect(throws: TransferError(.invalidRequest, "")) { try client.send(Request(.post, server.address, body: [1])) }
  }

  @Test("A header that would begin another is refused")
  func injectedHeader() throws {
    let request = Request(.get, "https://localhost:1", headers: [.init("X-Name", "a\r\nX-Other: b")])
    #expect(throws: TransferError(.invalidRequest, "")) { try client().send(request) }
  }

  @Test("A lost answer says that the request may have arrived; a refused connection that it has not")
  func arrival() throws {
    let server = TestServer(identity: try authority.server("localhost")) { _ in "" }
    defer { server.stop() }
    do {
      _ = try client().send(Request(.post, server.address, body: [1]), verifyingAt: now)
      Issue.record("an answer came")
    } catch let error as TransferError { #expect(error.mayHaveArrived && error.kind == .interrupted) }
    do {
      _ = try client().send(Request(.post, "https://localhost:1", body: [1]), verifyingAt: now)
      Issue.record("an answer came")
    } catch let error as TransferError { #expect(!error.mayHaveArrived) }
  }

  @Test("Redirects are not followed")
  func redirect() throws {
    let server = TestServer(identity: try authority.server("localhost")) { _ in
      "HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    }
    defer { server.stop() }
    #expect(try client().send(Request(.get, server.address), verifyingAt: now).status == 302)
  }

  @Test("An answer says how long the server's certificate holds, also after its dates did not matter")
  func serverHolds() throws {
    let begin = Instant(rfc3339: "2026-11-10T00:00:00Z")!
    let server = TestServer(identity: try authority.server("localhost", from: begin, for: .seconds(86_400)))
    defer { server.stop() }
    let client = try client()
    for time in [VerificationTime.at(begin.advanced(by: .seconds(60))), .ignoringDates] {
      let response = try client.send(Request(.get, server.address), verifyingAt: time)
      #expect(response.serverHolds == begin...begin.advanced(by: .seconds(86_400)))
    }
  }

  @Test("A wait is understood in seconds and as a date in each of the three forms, by the server's own clock")
  func retryAfter() {
    let now = Instant(rfc3339: "2026-11-22T10:00:00Z")!
    func wait(_ text: String, date: String? = "Sun, 22 Nov 2026 08:00:00 GMT") -> Duration? {
      let headers = [("Retry-After", text)] + (date.map { [("date", $0)] } ?? [])
      return Response(status: 503, headers: headers.map { Request.Header($0.0, $0.1) }).retryAfter(at: now)
    }
    #expect(wait("120") == .seconds(120))
    #expect(wait("Sun, 22 Nov 2026 08:02:03 GMT") == .seconds(123))
    #expect(wait("Sunday, 22-Nov-26 08:02:03 GMT") == .seconds(123))
    #expect(wait("Sun Nov 22 08:02:03 2026") == .seconds(123))
    #expect(wait("Sun, 22 Nov 2026 10:00:30 GMT", date: nil) == .seconds(30))
    #expect(wait("Sun, 22 Nov 2026 10:00:30 GMT", date: "yesterday") == .seconds(30))
    #expect(wait("Sun, 22 Nov 2026 07:00:00 GMT") == .zero)
    #expect(wait("Sun Nov  8 08:02:03 2026") == .zero)
    #expect(wait("Fri, 22 Nov 2199 08:00:00 GMT") == Response.longestWait)
    #expect(wait("9999999") == Response.longestWait)
    #expect(wait("99999999999999999999999") == Response.longestWait)
  }

  @Test(
    "What is neither seconds nor a date is no wait",
    arguments: [
      "", "-1", "1.5", "soon", "Sun, 31 Feb 2026 08:00:00 GMT", "Sun, 22 Nov 2026 24:00:00 GMT",
      "Sun, 22 Nov 2026 08:00:00 CET", "Sun, 22 Nov 2026 08:00 GMT", "Sun, 22 Nov 26 08:00:00 GMT",
      "Sun, 2२ Nov 2026 08:00:00 GMT", "Sunday, 22-November-26 08:00:00 GMT",
    ])
  func noWait(text: String) {
    let response = Response(status: 503, headers: [Request.Header("Retry-After", text)])
    #expect(response.retryAfter(at: Instant(rfc3339: "2026-11-22T10:00:00Z")!) == nil)
  }

  @Test("An OpenSSL without SHA-256 is an error, not the end")
  func withoutDigest() {
    #expect(throws: TransferError(.digestUnavailable, "")) { try SHA256.digest([1, 2, 3], with: nil) }
  }

  @Test("A trusted issuing authority stands for its root, within its dates, and for no other")
  func issuingTrusted() throws {
    let server = TestServer(identity: try authority.server("localhost"))
    defer { server.stop() }
    let both = Trust.pem(authority.root.pem + authority.issuing.pem)
    try expect(nil, client(both), server.address)
    try expect(.serverExpired, client(both), server.address, at: .at(Instant(rfc3339: "2040-01-01T00:00:00Z")!))
    let stranger = TestServer(identity: try TestAuthority().server("localhost"))
    defer { stranger.stop() }
    try expect(.serverUnknownCA, client(both), stranger.address)
  }
}
