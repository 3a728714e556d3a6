import HTTPTypes
import Logging
import NIOCore
import Synchronization
import Testing
import Vocabulary

@testable import Serving

@Suite("Refused requests")
struct RefusalTests {
  private final class Lines: LogHandler, Sendable {
    let kept = Mutex<[String]>([])
    var logLevel: Logger.Level {
      get { .info }
      set {}
    }
    var metadata: Logger.Metadata {
      get { [:] }
      set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { nil }
      set {}
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      kept.withLock { $0.append(([event.level.rawValue, "\(event.message)"] + pairs).joined(separator: " ")) }
    }
  }

  private struct One: Authenticator {
    func caller(bearer: String, now: Instant) async throws -> Caller? {
      guard bearer == "good" else { return nil }
      return Caller(principal: .random(), name: "test", grants: [Grant(.stateAdmin, at: .state)])
    }
  }

  private struct NoKeys: KeyDirectory {
    func key(_ digest: Digest) -> KnownKey? { nil }
  }

  private let lines = Lines()
  private var logger: Logger { Logger(label: "test") { [lines] _ in lines } }

  private func send(_ path: String, bearer: String, query: [(name: String, value: String)] = []) async -> Reply {
    let service = PeopleService(
      routes: [
        PeopleRoute(.get, "/things", .signedIn, Operation("listThings", "", query: PageRequest.parameters)) { _, _ in
          .text("things")
        },
        PeopleRoute(.get, "/alive", .open, Operation("isAlive", "")) { _, _ in .text("alive") },
        PeopleRoute(.get, "/form", .open, Operation("showForm", ""), isPage: true) { call, _ in
          var reply = Reply(call.query.isEmpty ? .conflict : .ok, body: Array("s3cret".utf8))
          reply.refusal = call.query.isEmpty ? "access.account-exists" : nil
          return reply
        },
        PeopleRoute(.get, "/wordless", .open, Operation("wordless", "")) { _, _ in Reply(.tooManyRequests) },
      ], authenticator: One(), logger: logger, clock: { Instant(seconds: 0) })
    return await service.respond(
      to: Call(
        .get, path, query: query, headers: [.authorization: "Bearer \(bearer)"], now: Instant(seconds: 0),
        requestID: "r1"))
  }

  @Test("A refusal is one line with its request id, route, status and code, and nothing of what was sent")
  func logged() async {
    _ = await send("/things", bearer: "s3cret")
    _ = await send("/nowhere/s3cret", bearer: "good")
    _ = await send("/things", bearer: "good", query: [("s3cret", "s3cret")])
    _ = await send("/things", bearer: "good")
    #expect(
      lines.kept.withLock { $0 } == [
        "info request refused code=access.unauthenticated operation=listThings request=r1 status=401",
        "info request refused code=request.not-found operation=none request=r1 status=404",
        "info request refused code=request.query operation=listThings request=r1 status=400",
      ])
  }

  @Test("A page that shows its form again with a refusal is logged like every other, once")
  func formAgain() async {
    _ = await send("/form", bearer: "s3cret")
    _ = await send("/form", bearer: "s3cret", query: [("good", "yes")])
    _ = await send("/wordless", bearer: "s3cret")
    #expect(
      lines.kept.withLock { $0 } == [
        "info request refused code=access.account-exists operation=showForm request=r1 status=409",
        "info request refused code=none operation=wordless request=r1 status=429",
      ])
  }

  @Test("A refused device is logged in the same way")
  func device() async {
    let service = DeviceService(
      routes: [
        DeviceRoute(.post, "/check-in", .key([.active]), bodyLimit: 100) { _, _ in Reply(.ok) }
      ], directory: NoKeys(), logger: logger, clock: { Instant(seconds: 0) })
    let reply = await service.respond(
      to: Call(.post, "/check-in", now: Instant(seconds: 0), requestID: "r2"), peer: nil)
    #expect(reply.status == .unauthorized)
    #expect(
      lines.kept.withLock { $0 } == [
        "info request refused code=device.certificate-required operation=POST /check-in request=r2 status=401"
      ])
  }

  @Test("A query parameter that the route does not declare is refused, and the one that was meant is named")
  func unknownQuery() async {
    let reply = await send("/things", bearer: "good", query: [("limt", "5")])
    #expect(reply.status == .badRequest)
    #expect(String(decoding: reply.body, as: UTF8.self).contains("Did you mean 'limit'?"))
    #expect(await send("/things", bearer: "good", query: [("limit", "5")]).status == .ok)
    #expect(await send("/alive", bearer: "good", query: [("any", "5")]).status == .ok)
  }

  @Test(
    "A form that is too large is read to its end, for a browser hears nothing before, and is told where a larger one goes"
  )
  func tooLarge() async throws {
    final class Count: Sendable { let parts = Mutex(0) }
    let taken = Count()
    func sent(of parts: Int, length: Int? = nil, larger: String?) async throws -> [UInt8] {
      taken.parts.withLock { $0 = 0 }
      let (stream, input) = AsyncStream<ByteBuffer>.makeStream()
      for _ in 0..<parts { input.yield(ByteBuffer(bytes: [1, 2, 3, 4])) }
      input.finish()
      let counted = stream.map { part in
        taken.parts.withLock { $0 += 1 }
        return part
      }
      return try await Exchange.body(
        of: counted, length.map { AnnouncedBody.length($0) } ?? .unknown, limit: 8, larger: larger)
    }
    func words(_ parts: Int, length: Int? = nil, larger: String?) async throws -> String {
      do {
        return "read: \(try await sent(of: parts, length: length, larger: larger))"
      } catch let error as ServingError { return error.message }
    }
    #expect(try await sent(of: 2, length: 8, larger: "x") == [1, 2, 3, 4, 1, 2, 3, 4])
    let told = "This is over 8 B. It goes another way."
    for length in [nil, 24] as [Int?] {
      #expect(try await words(6, length: length, larger: "It goes another way.") == told)
      #expect(taken.parts.withLock { $0 } == 6, "all of it")
    }
    #expect(try await words(20, larger: "It goes another way.") == told)
    #expect(taken.parts.withLock { $0 } == 9, "four times as much, and no more")
    #expect(try await words(20, length: 80, larger: "It goes another way.") == told)
    #expect(try await words(6, length: 24, larger: nil) == "The body is over 8 bytes. Send less at a time.")
    #expect(taken.parts.withLock { $0 } == 0, "nothing is read for the API")
  }

  @Test("A body that is not UTF-8 is refused, not repaired")
  func notUTF8() {
    #expect(throws: ServingError.self) {
      _ = try JSONText.decode([String: String].self, from: Array("{\"a\":\"".utf8) + [0xff] + Array("\"}".utf8))
    }
  }
}
