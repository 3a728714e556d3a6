import Testing
import Vocabulary

@testable import Registry

@Suite("Enrolled keys")
struct EnrolmentTests {
  @Test("The first key makes a device enrolled, managed by the agent, and known at once")
  func first() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    let claim = ClaimedIdentity(
      serial: "PF3ABC01", uuid: "4c4c4544-0042-3510-8052-b4c04f4e4d32", boardSerial: "L1HF12345",
      builtInMACs: ["a4:bb:6d:01:02:03", "02:00:00:00:00:01"])
    let enrolment = try await bench.enroll(device, key: 1, identity: claim)
    #expect(enrolment.state == .active)
    #expect(!enrolment.again)
    let stored = try await bench.device(device)
    #expect(stored.management == .agent)
    #expect(stored.identity == .strong)
    #expect(stored.stage == .enrolled)
    #expect(stored.custody == .warehouse)
    #expect(stored.uuid == "4c4c4544-0042-3510-8052-b4c04f4e4d32")
    #expect(bench.registry.keys.key(.numbered(1))?.device == device)
    let macs = try await bench.write { try IdentityStore.macs(of: device, in: RegistryBench.cedar, $0) }
    #expect(macs == ["a4:bb:6d:01:02:03"])
  }

  @Test("The same key again gets its new certificate and no second event")
  func again() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let enrolment = try await bench.enroll(device, key: 1)
    #expect(enrolment.again)
    #expect(enrolment.state == .active)
    #expect(try await bench.keys(device).count == 1)
    #expect(try await bench.count("registry_ledger_event") == 2)
  }

  @Test("Another key for the same device quarantines both, and approval keeps one")
  func collision() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let enrolment = try await bench.enroll(device, key: 2)
    #expect(enrolment.state == .quarantined)
    #expect(try await bench.keys(device).map(\.state) == [.quarantined, .quarantined])
    for number in [UInt8(1), 2] { #expect(bench.registry.keys.key(.numbered(number))?.state == .quarantined) }

    let path = "/api/v1/districts/cedar-falls/devices/\(device)/approve"
    #expect(try await bench.refusal(.post, path) == "registry.key-choice")
    let answer = try await bench.send(.post, path, body: #"{"key":"\#(Digest.numbered(2))"}"#)
    #expect(answer.status == 200)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .revoked)
    #expect(bench.registry.keys.key(.numbered(2))?.state == .active)
    #expect(try await bench.refusal(.post, path) == "registry.nothing-to-approve")
    let kinds = try await bench.write {
      try LedgerStore.entries(of: device, in: RegistryBench.cedar, $0).map(\.kind)
    }
    #expect(kinds == [.expected, .enrolled, .enrolled])
  }

  @Test("A key that waited as pending is trusted when a token vouches for it, unless another key is live")
  func waited() async throws {
    let bench = try await RegistryBench.withDistricts()
    let alone = try await bench.expect("PF3ABC01")
    let claimed = try await bench.expect("PF3ABC02")
    try await bench.enroll(claimed, key: 3)
    try await bench.change { transaction in
      var changes = KeyChanges()
      for (device, number) in [(alone, UInt8(1)), (claimed, 2)] {
        let key = DeviceKey(
          .numbered(number), of: device, in: RegistryBench.cedar, state: .pending, now: RegistryBench.now)
        changes.add(KeyChanges([try KeyStore.insert(key, transaction)]))
      }
      return changes
    }
    #expect(try await bench.enroll(alone, key: 1).state == .active)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .active)
    #expect(try await bench.device(alone).management == .agent)
    #expect(try await bench.device(alone).stage == .enrolled)
    #expect(try await bench.enroll(claimed, key: 2).state == .quarantined)
    #expect(try await bench.keys(claimed).map(\.state) == [.quarantined, .quarantined])
  }

  @Test("A key that another device has is refused, in another district too")
  func elsewhere() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    let other = try await bench.expect("PF3ABC02", in: RegistryBench.oak)
    try await bench.enroll(device, key: 1)
    await #expect(throws: RegistryError(.keyElsewhere, "")) {
      try await bench.enroll(other, key: 1, in: RegistryBench.oak)
    }
    #expect(try await bench.device(other, in: RegistryBench.oak).management == .none)
  }

  @Test("A revoked key cannot enrol again")
  func revoked() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let path = "/api/v1/districts/cedar-falls/devices/\(device)/revoke"
    #expect(try await bench.send(.post, path, body: #"{"reason":"stolen from a car"}"#).status == 200)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .revoked)
    #expect(try await bench.keys(device)[0].reason == "stolen from a car")
    await #expect(throws: RegistryError(.keyRevoked, "")) { try await bench.enroll(device, key: 1) }
    #expect(try await bench.enroll(device, key: 2).state == .active)
  }

  @Test("After renewal both keys work until the new one is seen")
  func renewal() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    try await bench.contact(device, key: 1)
    try await bench.change { [registry = bench.registry] in
      try registry.renew(
        .numbered(1), of: device, of: RegistryBench.cedar, by: .numbered(2), now: RegistryBench.now, in: $0)
    }
    let later = RegistryBench.now.advanced(by: .seconds(60))
    try await bench.contact(device, key: 1, at: later)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .active)
    #expect(bench.registry.keys.key(.numbered(2))?.state == .active)
    try await bench.contact(device, key: 2, at: later)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .revoked)
    #expect(bench.registry.keys.key(.numbered(2))?.state == .active)
  }

  @Test("Renewing with the same key only changes its certificate")
  func recertified() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    try await bench.change { [registry = bench.registry] in
      try registry.renew(
        .numbered(1), of: device, of: RegistryBench.cedar, by: .numbered(1, certificate: "02"), now: RegistryBench.now,
        in: $0)
    }
    let keys = try await bench.keys(device)
    #expect(keys.map(\.certificateSerial) == ["02"])
    #expect(keys.map(\.state) == [.active])
  }

  @Test("A contact is one row a device; what did not change stays, and a key's row is written once a day")
  func contacts() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let failing = Health(
      verdict: .failing, items: [.init(item: "disk", verdict: .failing, reason: "97 % of its life is used")])
    try await bench.contact(device, key: 1, health: failing)
    let revision = try await bench.keys(device)[0].revision
    try await bench.contact(device, key: 1, at: RegistryBench.now.advanced(by: .seconds(60)))
    #expect(try await bench.keys(device)[0].revision == revision)
    let found = try await bench.write { try DeviceList.device(device, in: RegistryBench.cedar, $0) }
    let listed = try #require(found)
    #expect(listed.contact?.health == failing)
    #expect(listed.contact?.last == RegistryBench.now.advanced(by: .seconds(60)))
    #expect(listed.contact?.clockOffset == -1500)
    #expect(try await bench.count("registry_contact") == 1)
    try await bench.contact(device, key: 1, at: RegistryBench.now.advanced(by: .seconds(86_400)))
    #expect(try await bench.keys(device)[0].revision == revision + 1)
  }

  @Test("A collision does not loosen the restricted key of a lost device; the new one is quarantined")
  func restrictedCollision() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    try await bench.change { [registry = bench.registry] in
      try registry.setKeyState(.numbered(1), of: RegistryBench.cedar, to: .restricted, reason: "stolen", in: $0)
    }
    #expect(try await bench.enroll(device, key: 2).state == .quarantined)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .restricted)
    #expect(bench.registry.keys.key(.numbered(2))?.state == .quarantined)
    #expect(try await bench.keys(device).first { $0.digest == .numbered(1) }?.reason == "stolen")
  }

  @Test("A device with a great many keys can be revoked, and shows its last ten")
  func manyKeys() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.write { transaction in
      try transaction.run(
        """
        INSERT INTO registry_key (district_id, digest, device_id, state, certificate_serial, not_before, not_after,
          issued_at, revision) VALUES ($1, $2, $3, 'quarantined', '01', 0, 1, 0, 1)
        """,
        rows: (0..<2000).lazy.map { number in
          var bytes = [UInt8](repeating: 0, count: 32)
          (bytes[0], bytes[1]) = (UInt8(number >> 8), UInt8(number & 0xff))
          return [RegistryBench.cedar.sqlValue, Digest(bytes: bytes)!.sqlValue, device.sqlValue]
        })
    }
    let answer = try await bench.send(
      .post, "/api/v1/districts/cedar-falls/devices/\(device)/revoke", body: #"{"reason":"flood"}"#)
    #expect(answer.status == 200)
    #expect((answer.json["keys"] as? [Any])?.count == 10)
    #expect(try await bench.keys(device).allSatisfy { !$0.isLive })
  }
}
