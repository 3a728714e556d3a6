import Registry
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Machines that nobody announced")
struct WaitingTests {
  private func refused(_ kind: EnrollmentError.Kind, _ body: () async throws -> Reply) async {
    await #expect(throws: EnrollmentError(kind, "")) { _ = try await body() }
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

  /// Both districts list a serial that holds a key in the other one; ours waits. Its request, their key and device.
  private func twins(_ world: World) async throws -> (id: String, body: [UInt8], token: String, theirs: TestKey) {
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    try await world.batch(["PF3ABCDE"], in: World.river)
    let theirs = TestKey()
    let rivers = try await world.token(in: World.river)
    _ = try await world.enroll(try theirs.request(serial: "PF3ABCDE"), rivers.printed)
    let ours = try await world.token()
    let body = try TestKey().request(serial: "PF3ABCDE")
    #expect(try await world.enroll(body, ours.printed).status == .accepted)
    let waiting = try await world.people(.get, "/api/v1/pending", query: [("district", "cedar-falls")]).items
    return (try required(waiting.first?["id"] as? String), body, ours.printed, theirs)
  }

  private func revoke(_ key: TestKey, in district: DistrictID, _ world: World) async throws {
    let changes = try await world.database.write(in: .state) {
      try world.registry.setKeyState(key.digest, of: district, to: .revoked, in: $0)
    }
    world.registry.apply(changes)
  }

  @Test("Nobody approves a serial that holds a key in another district, until that key is revoked")
  func approvedElsewhere() async throws {
    let world = try await World()
    let (id, body, token, theirs) = try await twins(world)
    let path = "/api/v1/districts/cedar-falls/pending/\(id)/approve"
    let listed = try await world.database.read(in: .state) {
      try world.registry.device(serial: Serial("PF3ABCDE")!, of: World.cedar, in: $0)?.id
    }
    let device = try required(listed)
    for grants in [Set([Grant(.districtIT, at: .district(World.cedar))]), [Grant(.stateAdmin, at: .state)]] {
      for form in ["{}", "{\"device\":\"\(device)\"}"] {
        let refusal = await #expect(throws: RegistryError(.liveElsewhere, "")) {
          _ = try await world.people(.post, path, form, grants: grants)
        }
        #expect(refusal?.message.contains("PF3ABCDE") == true)
        #expect(refusal?.message.contains("river") == false)
      }
    }
    #expect(try await world.enroll(body, token).status == .accepted)
    #expect(world.registry.keys.key(theirs.digest)?.state == .active)
    try await revoke(theirs, in: World.river, world)
    _ = try await world.people(.post, path, "{}")
    #expect(try await world.enroll(body, token).status == .ok)
  }

  @Test("A machine without a serial is not approved as a device whose serial holds a key in another district")
  func approvedAsElsewhere() async throws {
    let world = try await World()
    _ = try await twins(world)
    let token = try await world.token()
    _ = try await world.enroll(try TestKey().request(serial: "Default string"), token.printed)
    let waiting = try await world.people(.get, "/api/v1/pending", query: [("district", "cedar-falls")]).items
    let id = try required(waiting.first { $0["serial"] == nil }?["id"] as? String)
    let listed = try await world.database.read(in: .state) { transaction in
      try ["PF3ABCDE", "PF3ABCDF"].map {
        try required(world.registry.device(serial: Serial($0)!, of: World.cedar, in: transaction)).id
      }
    }
    let path = "/api/v1/districts/cedar-falls/pending/\(id)/approve"
    await #expect(throws: RegistryError(.liveElsewhere, "")) {
      _ = try await world.people(.post, path, "{\"device\":\"\(listed[0])\"}")
    }
    _ = try await world.people(.post, path, "{\"device\":\"\(listed[1])\"}")
  }

  @Test("A serial that got a key in another district after it was approved here waits again")
  func elsewhereSince() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDF"])
    try await world.batch(["PF3ABCDE"], in: World.river)
    let ours = try await world.token()
    let body = try TestKey().request(serial: "PF3ABCDE")
    _ = try await world.enroll(body, ours.printed)
    let id = try required(try await world.people(.get, "/api/v1/pending").items.first?["id"] as? String)
    _ = try await world.people(.post, "/api/v1/districts/cedar-falls/pending/\(id)/approve")
    let theirs = TestKey()
    let rivers = try await world.token(in: World.river)
    #expect(try await world.enroll(try theirs.request(serial: "PF3ABCDE"), rivers.printed).status == .ok)
    #expect(try await world.enroll(body, ours.printed).status == .accepted)
    let waiting = try await world.people(.get, "/api/v1/pending").items
    #expect(waiting.map { $0["reason"] as? String } == ["contested"])
    // It waits on whatever became of its token, and is not refused.
    try await world.database.write(in: .state) { _ = try $0.run("UPDATE enrollment_token SET expires_at = 1") }
    for _ in 0..<2 { #expect(try await world.enroll(body, ours.printed).status == .accepted) }
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

  @Test("A key whose certificate ended waits anew; the journal tells it once")
  func waitsAgain() async throws {
    let world = try await World(unknownSerials: .pending)
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token("{\"expiresInHours\":1,\"uses\":5}")
    let body = try TestKey().request(serial: "STRANGER1")
    _ = try await world.enroll(body, token.printed)
    try await world.database.write(in: .state) { _ = try $0.run("UPDATE enrollment_pending SET state = 'issued'") }
    for _ in 0..<2 { #expect(try await world.enroll(body, token.printed).status == .accepted) }
    #expect(try await world.actions().filter { $0.hasPrefix("pending.") } == ["pending.create", "pending.return"])
    #expect(try await world.counts()["pending"] == 1)
  }
}
