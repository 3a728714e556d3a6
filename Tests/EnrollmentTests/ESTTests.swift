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
    for name in [":serialNumber", ":id-ecPublicKey", ":prime256v1", ":ecdsa-with-SHA256"] { #expect(parsed.contains(name)) }
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
    #expect(try await world.counts() == ["listed": 1, "expected": 0, "enrolled": 1, "unexpected": 0, "quarantined": 0, "pending": 0])
    #expect(try await world.actions() == ["batch.create", "token.create", "device.enroll"])
  }

  @Test("The token also comes as a bearer token, and its label may be the batch or the district, and no other")
  func credentials() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    let token = try await world.token()
    let path = "/.well-known/est/cedar-falls/simpleenroll"
    let bearer = try await world.device(
      .post, path, body: try TestKey().request(serial: "PF3ABCDE"), headers: [.authorization: "Bearer \(token.printed)"])
    #expect(bearer.status == .ok)
    #expect(try await world.enroll(try TestKey().request(serial: "PF3ABCDF"), token.printed, label: "fall-2026").status == .ok)
    await refused(.label) { try await world.enroll(try TestKey().request(serial: "PF3ABCDF"), token.printed, label: "river-bend") }
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

  @Test("An unknown serial waits where the district says so; approved, it gets its certificate at the next request")
  func waits() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":1}")
    let key = TestKey()
    let body = try key.request(serial: "STRANGER1")
    for _ in 0..<3 {
      let reply = try await world.enroll(body, token.printed)
      #expect(reply.status == .accepted)
      #expect(reply.headers[.retryAfter] == "60")
    }
    #expect(try await world.counts()["pending"] == 1)
    let waiting = try await world.people(.get, "/api/v1/pending").items
    #expect(waiting.count == 1)
    #expect(waiting[0]["serial"] as? String == "STRANGER1")
    #expect(waiting[0]["reason"] as? String == "unknown-serial")
    let id = try #require(waiting[0]["id"] as? String)
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve")
    let late = World.start.advanced(by: .seconds(7200))
    #expect(try await world.enroll(body, token.printed, at: late).status == .ok)
    let counts = try await world.counts()
    #expect(counts["pending"] == 0)
    #expect(counts["unexpected"] == 1)
    #expect(world.registry.keys.key(key.digest)?.state == .active)
    await #expect(throws: EnrollmentError(.notPending, "")) {
      _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/reject")
    }
  }

  @Test("A rejected device is refused, until a person approves it after all")
  func rejected() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":3}")
    let body = try TestKey().request(serial: "STRANGER1")
    _ = try await world.enroll(body, token.printed)
    let id = try #require(try await world.people(.get, "/api/v1/pending").items.first?["id"] as? String)
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/reject")
    await refused(.rejected) { try await world.enroll(body, token.printed) }
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve", "{}")
    #expect(try await world.enroll(body, token.printed).status == .ok)
  }

  @Test("An unknown serial is refused where the district says so, also one of another district")
  func refusesUnknown() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    try await world.batch(["ELSEWHERE1"], in: World.river)
    let token = try await world.token()
    await refused(.unknownSerial) { try await world.enroll(try TestKey().request(serial: "STRANGER1"), token.printed) }
    await refused(.unknownSerial) { try await world.enroll(try TestKey().request(serial: "ELSEWHERE1"), token.printed) }
  }

  @Test("A serial that holds a key in another district waits, and that district's key stays as it is")
  func elsewhere() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    try await world.batch(["PF3ABCDE"], in: World.river)
    let theirs = TestKey()
    let rivers = try await world.token(in: World.river)
    #expect(try await world.enroll(try theirs.request(serial: "PF3ABCDE"), rivers.printed).status == .ok)
    let ours = try await world.token()
    #expect(try await world.enroll(try TestKey().request(serial: "PF3ABCDE"), ours.printed).status == .accepted)
    #expect(world.registry.keys.key(theirs.digest)?.state == .active)
  }

  @Test("A machine without identity waits; with a token that allows it, it is known by its key")
  func unidentified() async throws {
    let world = try await World()
    try await world.batch([])
    let plain = try await world.token()
    #expect(try await world.enroll(try TestKey().request(serial: "Default string"), plain.printed).status == .accepted)
    let open = try await world.token("{\"expiresInHours\":1,\"uses\":5,\"allowUnidentified\":true}")
    let key = TestKey()
    #expect(try await world.enroll(try key.request(name: "some-host"), open.printed).status == .ok)
    let device = try #require(world.registry.keys.key(key.digest)?.device)
    // Another token and the same key: the same device.
    let again = try await world.token("{\"expiresInHours\":1,\"uses\":5,\"allowUnidentified\":true}")
    #expect(try await world.enroll(try key.request(), again.printed).status == .ok)
    #expect(world.registry.keys.key(key.digest)?.device == device)
    #expect(try await world.counts()["unexpected"] == 1)
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

@Suite("Renewal over EST")
struct RenewalTests {
  /// An enrolled machine and what the listener knows of it.
  private func enrolled(_ world: World) async throws -> (key: TestKey, peer: PeerCertificate) {
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    let key = TestKey()
    let reply = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed)
    return (key, try PeerCertificate(try reply.certificate))
  }

  private func renew(_ world: World, _ body: [UInt8], _ peer: PeerCertificate?, at now: Instant = World.start) async throws -> Reply {
    try await world.device(.post, "/.well-known/est/simplereenroll", body: body, peer: peer, at: now)
  }

  @Test("gives a new certificate for the same key, also up to 400 days after its end")
  func sameKey() async throws {
    let world = try await World()
    let (key, peer) = try await enrolled(world)
    let late = peer.notAfter.advanced(by: .seconds(399 * 86_400))
    let reply = try await renew(world, try key.request(serial: "PF3ABCDE"), peer, at: late)
    #expect(Instant(try reply.certificate.notValidAfter) == late.advanced(by: .seconds(90 * 86_400)))
    #expect(world.registry.keys.key(key.digest)?.state == .active)
    await #expect(throws: ServingError(.certificateExpired, "")) {
      _ = try await renew(world, try key.request(serial: "PF3ABCDE"), peer, at: late.advanced(by: .seconds(2 * 86_400)))
    }
    #expect(try await world.actions().last == "device.renew")
  }

  @Test("gives a certificate for a new key; the old one holds until the new one is seen")
  func newKey() async throws {
    let world = try await World()
    let (old, peer) = try await enrolled(world)
    let new = TestKey()
    let device = try #require(world.registry.keys.key(old.digest)?.device)
    let reply = try await renew(world, try new.request(serial: "PF3ABCDE", name: device.rawValue), peer)
    #expect(reply.status == .ok)
    #expect(world.registry.keys.key(new.digest)?.device == device)
    #expect(world.registry.keys.key(new.digest)?.state == .active)
    #expect(world.registry.keys.key(old.digest)?.state == .active)
  }

  @Test("is refused without a certificate, for another serial, another device's name, and another device's key")
  func refusals() async throws {
    let world = try await World()
    let (key, peer) = try await enrolled(world)
    await #expect(throws: ServingError(.certificateRequired, "")) {
      _ = try await renew(world, try key.request(serial: "PF3ABCDE"), nil)
    }
    for body in [try key.request(serial: "PF3ABCDF"), try key.request()] {
      await #expect(throws: EnrollmentError(.identityMismatch, "")) { _ = try await renew(world, body, peer) }
    }
    await #expect(throws: EnrollmentError(.anotherDevice, "")) {
      _ = try await renew(world, try key.request(serial: "PF3ABCDE", name: "dev_0000000000000000"), peer)
    }
    try await world.batch(["OTHER1"], BatchID(rawValue: "other")!)
    let other = TestKey()
    let token = try await world.token(of: BatchID(rawValue: "other")!)
    _ = try await world.enroll(try other.request(serial: "OTHER1"), token.printed)
    await #expect(throws: EnrollmentError(.keyTaken, "")) {
      _ = try await renew(world, try other.request(serial: "PF3ABCDE"), peer)
    }
  }

  @Test("is refused to a revoked or quarantined key")
  func deadKeys() async throws {
    let world = try await World()
    let (key, peer) = try await enrolled(world)
    let digest = key.digest
    for (state, kind) in [(KeyState.quarantined, ServingError.Kind.keyState), (.revoked, .keyRevoked)] {
      let changes = try await world.database.write(in: .state) { transaction in
        try world.registry.setKeyState(digest, of: World.cedar, to: state, in: transaction)
      }
      world.registry.apply(changes)
      await #expect(throws: ServingError(kind, "")) {
        _ = try await renew(world, try key.request(serial: "PF3ABCDE"), peer)
      }
    }
  }
}
