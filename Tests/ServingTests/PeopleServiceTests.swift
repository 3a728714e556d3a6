import Foundation
import HTTPTypes
import Logging
import Storage
import Testing
import Vocabulary

@testable import Serving

@Suite struct PeopleServiceTests {
  private struct One: Authenticator {
    func caller(bearer: String, now: Instant) async throws -> Caller? {
      guard bearer == "good" else { return nil }
      return Caller(
        principal: PrincipalID(random: [UInt8](1...10)), name: "test", grants: [Grant(.stateAdmin, at: .state)])
    }
  }

  private func respond(
    _ method: HTTPRequest.Method, _ path: String, bearer: String? = "good", failure: (any Error)? = nil
  ) async throws -> (status: Int, headers: HTTPFields, body: [String: Any]) {
    let routes = [
      PeopleRoute(.get, "/fixed", .open, Operation("fixed", "Fixed")) { _, _ in .text("fixed") },
      PeopleRoute(.get, "/things/{thing}/parts/{part}", .signedIn, Operation("part", "Part")) { call, _ in
        if let failure { throw failure }
        return try .json(call.parameters)
      },
      PeopleRoute(.post, "/things/{thing}/parts/{part}", .signedIn, Operation("change", "Change")) { _, _ in
        Reply(.created)
      },
    ]
    let service = PeopleService(
      routes: routes, authenticator: One(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { Instant(seconds: 0) })
    let headers: HTTPFields = bearer.map { [.authorization: "Bearer \($0)"] } ?? [:]
    let reply = await service.respond(
      to: Call(method, path, headers: headers, now: Instant(seconds: 0), requestID: "r1"))
    let body = try? JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
    return (reply.status.code, reply.headers, body ?? [:])
  }

  @Test("Parameters of the path are found and percent-decoded")
  func parameters() async throws {
    let reply = try await respond(.get, "/things/a%20b/parts/7")
    #expect(reply.status == 200)
    #expect(reply.body["thing"] as? String == "a b" && reply.body["part"] as? String == "7")
  }

  @Test(
    "An escape that is cut off is no address",
    arguments: ["/things/%2/parts/7", "/things/%ff/parts/7", "/things/a/parts", "/"])
  func noAddress(path: String) async throws {
    let reply = try await respond(.get, path)
    #expect(reply.status == 404 && reply.body["code"] as? String == "request.not-found")
  }

  @Test("Another method is 405 and tells those that there are")
  func otherMethod() async throws {
    let reply = try await respond(.delete, "/things/a/parts/7")
    #expect(reply.status == 405 && reply.headers[.allow] == "GET, POST")
  }

  @Test(
    "Without a token, or with a bad one, 401 names the scheme",
    arguments: [nil, "bad", String(repeating: "x", count: 300)])
  func unauthenticated(bearer: String?) async throws {
    let reply = try await respond(.get, "/things/a/parts/7", bearer: bearer)
    #expect(reply.status == 401 && reply.headers[.wwwAuthenticate] == "Bearer realm=\"rollcall\"")
  }

  @Test("A full disk is 503 with Retry-After, and an unknown fault tells nothing")
  func failures() async throws {
    let full = try await respond(.get, "/things/a/parts/7", failure: StorageError(.full, "secret path"))
    #expect(full.status == 503 && full.headers[.retryAfter] == "60")
    let unknown = try await respond(.get, "/things/a/parts/7", failure: CocoaError(.fileNoSuchFile))
    #expect(unknown.status == 500 && unknown.body["code"] as? String == "internal")
    for reply in [full, unknown] {
      #expect(reply.headers[.contentType] == "application/problem+json")
      #expect(reply.body["requestID"] as? String == "r1")
      #expect((reply.body["detail"] as? String)?.contains("secret") == false)
    }
  }

  @Test("A metric's samples stand under one name, labels escaped")
  func metrics() {
    let metrics = Metrics()
    metrics.counter("hits_total", "Hits.", labels: [("path", "a\"b\\c\nd")]).increment(by: 3)
    metrics.gauge("size_bytes", "Size.") { 1.5 }
    #expect(metrics.text.contains(#"hits_total{path="a\"b\\c\nd"} 3"#))
    #expect(metrics.text.contains("# TYPE size_bytes gauge\nsize_bytes 1.5\n"))
  }
}
