import Registry
import Serving
import Testing
import Vocabulary
import X509

@testable import Enrollment

@Suite("Renewal over EST")
struct RenewalTests {
  /// An enrolled machine and what the listener knows of it.
  private func enrolled(_ world: World) async throws -> (key: TestKey, peer: PeerCertificate) {
    try await world.batch(["PF3ABCDE"])
    let token = try await world.token()
    let key = TestKey()
    let reply = try await world.enroll(try key.request(serial: "PF3ABCDE"), token.printed)
    return (key, try #require(world.trust.peer(der: CertificateAuthority.der(reply.certificate))))
  }

  private func renew(_ world: World, _ body: [UInt8], _ peer: PeerCertificate?, at now: Instant = World.start)
    async throws -> Reply
  {
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

  @Test("gives one new key an hour; the same keys renew meanwhile")
  func tooSoon() async throws {
    let world = try await World()
    let (old, peer) = try await enrolled(world)
    let new = TestKey()
    let request = try new.request(serial: "PF3ABCDE")
    #expect(try await renew(world, request, peer).status == .ok)
    let soon = World.start.advanced(by: .seconds(600))
    do {
      _ = try await renew(world, try TestKey().request(serial: "PF3ABCDE"), peer, at: soon)
      Issue.record("a second new key was given")
    } catch let error as EnrollmentError {
      #expect(error.kind == .tooSoon)
      #expect(error.status == .tooManyRequests)
      #expect(error.headers[.retryAfter] == "3000")
    }
    #expect(try await renew(world, try old.request(serial: "PF3ABCDE"), peer, at: soon).status == .ok)
    #expect(try await renew(world, request, peer, at: soon).status == .ok)
    let later = soon.advanced(by: .seconds(3600))
    #expect(try await renew(world, try TestKey().request(serial: "PF3ABCDE"), peer, at: later).status == .ok)
    let rows = try await world.database.read(in: .state) {
      try $0.rows("SELECT digest FROM registry_key WHERE state <> 'revoked'").count
    }
    #expect(rows == 2)
  }

  @Test("takes the serial that the registry learned since, as after the firmware was filled in")
  func repairedSerial() async throws {
    let world = try await World()
    let (key, peer) = try await enrolled(world)
    try await world.database.write(in: .state) { transaction in
      _ = try transaction.run("UPDATE registry_device SET serial = 'NEWBOARD1', serial_folded = 'NEWBOARD1'")
    }
    #expect(try await renew(world, try key.request(serial: "NEWBOARD1"), peer).status == .ok)
    await #expect(throws: EnrollmentError(.identityMismatch, "")) {
      _ = try await renew(world, try key.request(serial: "THIRD1"), peer)
    }
  }

  @Test("goes on without a serial where neither certificate nor registry has one, whatever the machine says now")
  func withheldSerial() async throws {
    let world = try await World()
    let (key, peer) = try await enrolled(world)
    try await world.database.write(in: .state) { transaction in
      _ = try transaction.run("UPDATE registry_device SET serial = NULL, serial_folded = NULL")
    }
    let nameless = PeerCertificate(
      key: peer.key, der: peer.der, device: peer.device, notBefore: peer.notBefore, notAfter: peer.notAfter)
    let reply = try await renew(world, try key.request(serial: "ELSEWHERE1"), nameless)
    #expect(reply.status == .ok)
    let peerAfter = try #require(world.trust.peer(der: CertificateAuthority.der(reply.certificate)))
    #expect(peerAfter.serial == nil && peerAfter.device == peer.device)
  }
}
