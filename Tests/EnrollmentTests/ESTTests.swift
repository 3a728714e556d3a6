import Foundation
import HTTPTypes
import Registry
import Serving
import Testing
import Vocabulary
import X509

@testable import Enrollment

@Suite("Enrolment over EST")
struct ESTTests {
  private func refused(_ kind: EnrollmentError.Kind, _ body: () async throws -> Reply) async {
    await #expect(throws: EnrollmentError(kind, "")) { _ = try await body() }
  }

  @Test("cacerts gives the root and the issuing certificate, with and without a label")
  func caCertificates() async throws {
    let world = try await World()
    for path in ["/.well-known/est/cacerts", "/.well-known/est/fall-2026/cacerts"] {
      let reply = try await world.device(.get, path)
      #expect(reply.status == .ok)
      #expect(reply.headers[.contentType] == "application/pkcs7-mime; smime-type=certs-only")
      let openssl = try OpenSSL()
      try openssl.folder.write("answer.b64", reply.body)
      try openssl("base64", "-d", "-in", "answer.b64", "-out", "answer.p7")
      let printed = try openssl("pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs")
      #expect(printed.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
    }
  }

  @Test("csrattrs asks for a P-256 key, SHA-256 and the machine's serial")
  func requestAttributes() async throws {
    let world = try await World()
    let reply = try await world.device(.get, "/.well-known/est/csrattrs")
    #expect(reply.headers[.contentType] == "application/csrattrs")
    let openssl = try OpenSSL()
    try openssl.folder.write("attributes.b64", reply.body)
    try openssl("base64", "-d", "-in", "attributes.b64", "-out", "attributes.der")
    let parsed = try openssl("asn1parse", "-inform", "DER", "-in", "attributes.der")
    for name in [":serialNumber", ":id-ecPublicKey", ":prime256v1", ":ecdsa-with-SHA256"] {
      #expect(parsed.contains(name))
    }
  }

  @Test("Where as many wait for the database as may, one more is told to come again, and its token stays as it was")
  func overloaded() async throws {
    let world = try await World(queue: 0)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    let error = await #expect(throws: ServingError.self) {
      try await world.enroll(try TestKey().request(serial: "PF3ABCDE"), token.printed)
    }
    #expect(error?.kind == .overloaded && error?.headers[.retryAfter] == "30")
    #expect(try await world.counts()["enrolled"] == 0)
  }

  @Test("A listed machine with the batch's token gets its certificate, and the registry its key")
  func enrolls() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    let key = TestKey()
    let reply = try await world.enroll(try key.request(serial: "pf3abcde"), token.printed)
    #expect(reply.status == .ok)
    let certificate = try reply.certificate
    let known = try #require(world.registry.keys.key(key.digest))
    #expect(known.state == .active)
    #expect(certificate.subject.description.contains(known.device.rawValue))
    #expect(
      try await world.counts() == [
        "listed": 1, "expected": 0, "enrolled": 1, "unexpected": 0, "quarantined": 0, "pending": 0,
      ])
    #expect(try await world.actions() == ["batch.create", "token.create", "device.enroll"])
  }

  @Test("The same key gets the same certificate again; a day later it is not kept, once the device has come with it")
  func forgotten() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    let token = try await world.token("{\"expiresInHours\":24,\"uses\":2}")
    let (came, silent) = (TestKey(), TestKey())
    let first = try await world.enroll(try came.request(serial: "PF3ABCDE"), token.printed)
    let second = try await world.enroll(try silent.request(serial: "PF3ABCDF"), token.printed)
    #expect(try await world.enroll(try came.request(serial: "PF3ABCDE"), token.printed).body == first.body)
    func seen(_ key: TestKey, at moment: Instant) async throws {
      _ = try await world.database.write(in: .state) { transaction in
        try transaction.run("UPDATE registry_key SET last_seen = \(moment) WHERE digest = \(key.digest)")
      }
    }
    try await seen(came, at: World.start.advanced(by: .seconds(60)))
    // It came with an earlier certificate; the reply to this use may be lost.
    try await seen(silent, at: World.start.advanced(by: .seconds(-60)))
    func forget(after: Duration, limit: Int = 100) async throws -> Int {
      let (registry, moment) = (world.registry, World.start.advanced(by: after - EnrollmentDesk.certificatesKept))
      return try await world.database.write(in: .state) { transaction in
        var (forgotten, place) = (0, EnrollmentDesk.KeptPlace?.none)
        repeat {
          let step = try EnrollmentDesk.forgetCertificates(
            before: moment, of: World.cedar, after: place, limit: limit, registry: registry, in: transaction)
          forgotten += step.forgotten
          place = step.next
        } while place != nil
        return forgotten
      }
    }
    #expect(try await forget(after: .seconds(86_400)) == 0)
    #expect(try await forget(after: .seconds(86_401), limit: 1) == 1)
    #expect(try await forget(after: .seconds(900_000)) == 0)
    // Whose reply may still be lost gets it again; the other asks too much of this token.
    #expect(try await world.enroll(try silent.request(serial: "PF3ABCDF"), token.printed).body == second.body)
    await refused(.tokenUsedUp) {
      try await world.enroll(try came.request(serial: "PF3ABCDE"), token.printed)
    }
  }

  @Test("The token also comes as a bearer token, and its label may be the batch or the district, and no other")
  func credentials() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    let token = try await world.token()
    let path = "/.well-known/est/cedar-falls/simpleenroll"
    let bearer = try await world.device(
      .post, path, body: try TestKey().request(serial: "PF3ABCDE"), headers: [.authorization: "Bearer \(token.printed)"]
    )
    #expect(bearer.status == .ok)
    #expect(
      try await world.enroll(try TestKey().request(serial: "PF3ABCDF"), token.printed, label: "fall-2026").status == .ok
    )
    await refused(.label) {
      try await world.enroll(try TestKey().request(serial: "PF3ABCDF"), token.printed, label: "river-bend")
    }
  }

  @Test("Without a token, or with one that nobody made, the answer is 401 and asks for Basic")
  func unauthorised() async throws {
    let world = try await World()
    let body = try TestKey().request(serial: "PF3ABCDE")
    await refused(.token) { try await world.device(.post, "/.well-known/est/simpleenroll", body: body) }
    await refused(.token) { try await world.enroll(body, "nonsense") }
    await refused(.token) { try await world.enroll(body, TokenSecret.random().text) }
    for header in ["Basic", "Basic ???", "Digest x", "Bearer", String(repeating: "x", count: 5000)] {
      await refused(.token) {
        try await world.device(.post, "/.well-known/est/simpleenroll", body: body, headers: [.authorization: header])
      }
    }
    let error = EnrollmentError(.token, "")
    #expect(error.status == .unauthorized)
    #expect(error.headers[.wwwAuthenticate]?.hasPrefix("Basic realm=") == true)
  }

  @Test("A hundred uses at once of a single-use token issue one certificate")
  func hundredKeys() async throws {
    let world = try await World()
    let serials = (0..<100).map { "RACE\(1000 + $0)" }
    try await world.batch(serials)
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":1}")
    let outcomes = await withTaskGroup(of: String.self) { group in
      for serial in serials {
        group.addTask {
          do {
            return String(try await world.enroll(try TestKey().request(serial: serial), token.printed).status.code)
          } catch {
            return (error as? EnrollmentError)?.kind.rawValue ?? "\(error)"
          }
        }
      }
      return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    }
    #expect(outcomes == ["200": 1, "enroll.token-used-up": 99])
    #expect(try await world.counts()["enrolled"] == 1)
    #expect(world.registry.keys.count == 1)
  }

  @Test("A hundred sendings at once by one device get one and the same certificate")
  func hundredRepeats() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":1}")
    let body = try TestKey().request(serial: "PF3ABCDE")
    let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<100 { group.addTask { try await world.enroll(body, token.printed).body } }
      return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
    }
    #expect(answers.count == 1)
    let late = World.start.advanced(by: .seconds(30 * 86_400))
    #expect(try await world.enroll(body, token.printed, at: late).body == answers.first)
  }

  @Test("The same serial with another key quarantines both, and both are told nothing of it")
  func quarantine() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let (first, second) = (TestKey(), TestKey())
    #expect(try await world.enroll(try first.request(serial: "PF3ABCDE"), token.printed).status == .ok)
    #expect(try await world.enroll(try second.request(serial: "PF3ABCDE"), token.printed).status == .ok)
    #expect(world.registry.keys.key(first.digest)?.state == .quarantined)
    #expect(world.registry.keys.key(second.digest)?.state == .quarantined)
    #expect(try await world.counts()["quarantined"] == 1)
    #expect(try await world.actions().suffix(2) == ["device.enroll", "device.quarantine"])
  }

  @Test("A quarantine that a person has ended no longer counts")
  func settled() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let (first, second) = (TestKey(), TestKey())
    for key in [first, second] { _ = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed) }
    let (keep, drop) = (first.digest, second.digest)
    try await world.database.write(in: .state) { transaction in
      _ = try world.registry.setKeyState(keep, of: World.cedar, to: .active, in: transaction)
      _ = try world.registry.setKeyState(drop, of: World.cedar, to: .revoked, in: transaction)
    }
    let counts = try await world.counts()
    #expect(counts["quarantined"] == 0)
    #expect(counts["enrolled"] == 1)
  }

  @Test("A revoked token is dead at once, and restore kills every one")
  func revocation() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    let (first, second) = (try await world.token(), try await world.token())
    let body = try TestKey().request(serial: "PF3ABCDE")
    _ = try await world.people(.delete, "/api/v1/districts/cedar-falls/tokens/\(first.id)")
    await refused(.tokenRevoked) { try await world.enroll(body, first.printed) }
    let count = try await world.database.write(in: .state) { try EnrollmentTokens.revokeAll(at: World.start, in: $0) }
    #expect(count == 1)
    await refused(.tokenRevoked) { try await world.enroll(body, second.printed) }
  }

  @Test("A refused request leaves nothing behind")
  func refusalLeavesNothing() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    await refused(.unknownSerial) { try await world.enroll(try TestKey().request(serial: "STRANGER1"), token.printed) }
    await refused(.malformed) { try await world.enroll(Array("nonsense".utf8), token.printed) }
    #expect(try await world.actions() == ["batch.create", "token.create"])
    let tokens = try await world.people(.get, "/api/v1/districts/cedar-falls/batches/fall-2026/tokens").items
    #expect(tokens[0]["used"] as? Int == 0)
  }
}
