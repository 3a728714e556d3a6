import Registry
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Keys that the controller does not know, as after a restore")
struct UnknownKeyTests {
  private static let pending = "/api/v1/districts/cedar-falls/pending"

  /// The device of a listed serial comes with a key of which nothing is known; its key.
  @discardableResult
  private func come(
    _ world: World, serial: String, in district: DistrictID = World.cedar, as holder: TestKey = TestKey()
  ) async throws -> Digest {
    let key = holder.digest
    let peer = PeerCertificate(
      key: key, der: [], device: .random(), district: district, serial: serial,
      notBefore: World.start, notAfter: World.start.advanced(by: .seconds(86_400)))
    try await world.registry.registerPending(peer, now: World.start)
    return key
  }

  @Test("It waits among the devices that wait, and counts as pending in its batch until it is approved there")
  func approved() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE", "PF3ABCDF"])
    let key = try await come(world, serial: "PF3ABCDE")
    let waiting = try await world.people(.get, "/api/v1/pending", query: [("district", "cedar-falls")]).items
    #expect(waiting.map { $0["id"] as? String } == [key.description])
    #expect(waiting.first?["reason"] as? String == "unknown-key")
    #expect(waiting.first?["serial"] as? String == "PF3ABCDE")
    #expect(waiting.first?["token"] == nil)
    var counts = try await world.counts()
    #expect(counts["pending"] == 1 && counts["expected"] == 1 && counts["enrolled"] == 0)
    let serials = "/api/v1/districts/cedar-falls/batches/fall-2026/serials"
    let listed = try await world.people(.get, serials, query: [("state", "pending")]).items
    #expect(listed.map { $0["serial"] as? String } == ["PF3ABCDE"])

    let reply = try await world.people(.post, "\(Self.pending)/\(key)/approve", "{}")
    #expect(try reply.object["state"] as? String == "approved")
    #expect(world.registry.keys.key(key)?.state == .active)
    #expect(try await world.people(.get, "/api/v1/pending").items.isEmpty)
    counts = try await world.counts()
    #expect(counts["pending"] == 0 && counts["enrolled"] == 1)
    #expect(try await world.actions().suffix(2) == ["key.wait", "device.approve"])
    await #expect(throws: ServingError.notFound) {
      _ = try await world.people(.post, "\(Self.pending)/\(key)/approve", "{}")
    }
  }

  @Test("Rejected, it is revoked, and its machine is expected again")
  func rejected() async throws {
    let world = try await World()
    try await world.batch(["PF3ABCDE"])
    let key = try await come(world, serial: "PF3ABCDE")
    let reply = try await world.people(.post, "\(Self.pending)/\(key)/reject")
    #expect(try reply.object["state"] as? String == "rejected")
    #expect(world.registry.keys.key(key)?.state == .revoked)
    #expect(try await world.counts()["expected"] == 1)
    #expect(try await world.actions().last == "key.reject")
  }

  @Test("A key that waits in another district is not found")
  func elsewhere() async throws {
    let world = try await World()
    let key = try await come(world, serial: "RIVER0001", in: World.river)
    for decision in ["approve", "reject"] {
      await #expect(throws: ServingError.notFound) {
        _ = try await world.people(.post, "\(Self.pending)/\(key)/\(decision)", "{}")
      }
    }
    #expect(world.registry.keys.key(key)?.state == .pending)
    #expect(
      try await world.people(.get, "/api/v1/pending", query: [("district", "cedar-falls")]).items.isEmpty)
  }

  @Test("It is neither approved nor enrolled while its serial holds a key in another district")
  func liveElsewhere() async throws {
    let world = try await World()
    for district in [World.cedar, World.river] { try await world.batch(["PF3ABCDE"], in: district) }
    let theirs = TestKey()
    let token = try await world.token(in: World.river)
    _ = try await world.enroll(try theirs.request(serial: "PF3ABCDE"), token.printed)
    let ours = TestKey()
    try await come(world, serial: "PF3ABCDE", as: ours)
    await #expect(throws: RegistryError(.liveElsewhere, "")) {
      _ = try await world.people(.post, "\(Self.pending)/\(ours.digest)/approve", "{}")
    }
    let cedars = try await world.token()
    #expect(try await world.enroll(try ours.request(serial: "PF3ABCDE"), cedars.printed).status == .accepted)
    #expect(world.registry.keys.key(ours.digest)?.state == .pending)
  }

  @Test("Pages of any size show each key and each request once")
  func pages() async throws {
    let world = try await World(unknownSerials: .pending)
    for district in [World.cedar, World.river] {
      try await world.batch([], in: district)
      let token = try await world.token("{\"expiresInHours\":1,\"uses\":9}", in: district)
      for number in 1...3 {
        try await come(world, serial: "KEY-\(number)", in: district)
        _ = try await world.enroll(try TestKey().request(serial: "STRANGER-\(number)"), token.printed)
      }
    }
    let whole = try await world.people(.get, "/api/v1/pending").items.compactMap { $0["id"] as? String }
    #expect(Set(whole).count == 12)
    for limit in 1...5 {
      var seen: [String] = []
      var after: String?
      repeat {
        let query = [("limit", "\(limit)")] + (after.map { [("after", $0)] } ?? [])
        let page = try await world.people(.get, "/api/v1/pending", query: query)
        seen += try page.items.compactMap { $0["id"] as? String }
        after = try page.object["next"] as? String
      } while after != nil && seen.count < 50
      #expect(seen == whole, "pages of \(limit)")
    }
  }
}
