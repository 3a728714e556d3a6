import Testing
import Vocabulary

@testable import Registry

@Suite("Which device is this")
struct IdentityTests {
  private let a = DeviceID(rawValue: "dev_000000000000000a")!
  private let b = DeviceID(rawValue: "dev_000000000000000b")!
  private let uuid = "4c4c4544-0042-3510-8052-b4c04f4e4d32"
  private let otherUUID = "4c4c4544-0042-3510-8052-b4c04f4e4d99"
  private let mac = "a4:bb:6d:01:02:03"

  private func claim(
    _ serial: String? = nil, uuid: String? = nil, board: String? = nil, mac: String? = nil
  ) -> ClaimedIdentity {
    ClaimedIdentity(serial: serial, uuid: uuid, boardSerial: board, builtInMACs: mac.map { [$0] } ?? [])
  }

  private func decide(_ claim: ClaimedIdentity, _ candidates: IdentityCandidate...) -> IdentityDecision {
    IdentityDecision.decide(claim, among: candidates)
  }

  @Test("A serial names its device, without regard to case")
  func serial() {
    #expect(decide(claim("pf3abc01"), IdentityCandidate(device: a, serial: "PF3ABC01")) == .known(a))
    #expect(decide(claim("PF3ABC02"), IdentityCandidate(device: a, serial: "PF3ABC01")) == .unknown)
  }

  @Test("Without a serial, two of three marks must agree")
  func quorum() {
    let known = IdentityCandidate(device: a, uuid: uuid, boardSerial: "L1HF12345", macs: [mac])
    #expect(decide(claim("Default string", uuid: uuid, board: "L1HF12345"), known) == .known(a))
    #expect(decide(claim(uuid: uuid, mac: mac), known) == .known(a))
    #expect(decide(claim(board: "l1hf12345", mac: mac), known) == .known(a))
    #expect(decide(claim(uuid: otherUUID, board: "L1HF12345", mac: mac), known) == .known(a))
    #expect(decide(claim(uuid: uuid), known) == .unknown)
  }

  @Test("A MAC alone is never identity, even where nothing else is known")
  func macAlone() {
    #expect(decide(claim(mac: mac), IdentityCandidate(device: a, macs: [mac])) == .unknown)
    #expect(
      decide(claim(uuid: otherUUID, mac: mac), IdentityCandidate(device: a, uuid: uuid, macs: [mac])) == .unknown)
    #expect(ClaimedIdentity(builtInMACs: [MACAddress("02:00:00:00:00:01")!]).builtInMACs.isEmpty)
  }

  @Test("Marks that contradict each other, or point at two devices, wait for a person")
  func ambiguous() {
    let known = IdentityCandidate(device: a, uuid: uuid, boardSerial: "L1HF12345", macs: [mac])
    #expect(decide(claim(uuid: uuid, board: "OTHER777"), known) == .ambiguous([a]))
    let twin = IdentityCandidate(device: b, uuid: uuid, boardSerial: "L1HF12345")
    #expect(decide(claim(uuid: uuid, board: "L1HF12345"), known, twin) == .ambiguous([a, b]))
    let listed = IdentityCandidate(device: b, serial: "PF3ABC01")
    #expect(decide(claim("PF3ABC01", uuid: uuid, board: "L1HF12345"), listed, known) == .ambiguous([a, b]))
  }

  @Test("A serial that moved onto a known machine's marks waits; one that was blank is filled in")
  func moved() {
    let serialled = IdentityCandidate(device: a, serial: "PF3ABC01", uuid: uuid, boardSerial: "L1HF12345")
    #expect(decide(claim("PF3ABC09", uuid: uuid, board: "L1HF12345"), serialled) == .ambiguous([a]))
    let blank = IdentityCandidate(device: a, uuid: uuid, boardSerial: "L1HF12345")
    #expect(decide(claim("PF3ABC09", uuid: uuid, board: "L1HF12345"), blank) == .known(a))
  }

  @Test("A UUID that a maker wrote into every board does not hold up a device with a serial of its own")
  func sharedUUID() {
    let first = IdentityCandidate(device: a, serial: "PF3ABC01", uuid: uuid)
    #expect(decide(claim("PF3ABC02", uuid: uuid), first) == .unknown)
  }

  @Test("Usable: a serial, or two marks")
  func usable() {
    #expect(claim("PF3ABC01").isUsable)
    #expect(claim(uuid: uuid, mac: mac).isUsable)
    #expect(!claim("To be filled by O.E.M.", uuid: uuid).isUsable)
    #expect(claim(mac: mac).strength == .weak)
  }

  @Test("The store finds the device within the district alone; the search across tenants finds the twin")
  func stored() async throws {
    let bench = try await RegistryBench.withDistricts()
    let here = try await bench.expect("PF3ABC01")
    let there = try await bench.expect("pf3abc01", in: RegistryBench.oak)
    let marks = ClaimedIdentity(serial: nil, uuid: uuid, boardSerial: "L1HF12345", builtInMACs: [mac])
    try await bench.enroll(here, key: 1, identity: marks)
    let registry = bench.registry
    let claims = (claim("PF3ABC01"), claim(board: "L1HF12345", mac: mac))
    let found = try await bench.write { transaction in
      [
        try registry.resolve(identity: claims.0, district: RegistryBench.cedar, in: transaction),
        try registry.resolve(identity: claims.1, district: RegistryBench.cedar, in: transaction),
        try registry.resolve(identity: claims.1, district: RegistryBench.oak, in: transaction),
      ]
    }
    let keys = try await bench.keys(here)
    #expect(found == [.known(here, keys: keys), .known(here, keys: keys), .unknown])
    let elsewhere = try await bench.write {
      try registry.serialElsewhere(Serial("PF3ABC01")!, except: RegistryBench.cedar, in: $0).map(\.device)
    }
    #expect(elsewhere == [there])
  }

  @Test("What a device says of itself is kept, but never another device's serial")
  func observed() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.write { [registry = bench.registry] in
      try registry.addDevice(ClaimedIdentity(), to: RegistryBench.cedar, now: RegistryBench.now, in: $0)
    }
    _ = try await bench.expect("PF3ABC01")
    func observe(_ claim: ClaimedIdentity, _ vendor: String, _ hostname: String) async throws -> Bool {
      let observed = try await bench.write { [registry = bench.registry] in
        try registry.observe(
          device, of: RegistryBench.cedar, by: .numbered(1), identity: claim, takesSerial: true, vendor: vendor,
          model: vendor + " 20YRS0", hostname: hostname, now: RegistryBench.now, in: $0)
      }
      guard case .kept(let moved) = observed else { throw CancellationError() }
      return moved
    }
    // Another device, of which no key is known.
    #expect(try await !observe(claim("PF3ABC01", uuid: otherUUID), "OTHER", "Lab-6"))
    var stored = try await bench.device(device)
    #expect(stored.serial == nil && stored.uuid == nil && stored.vendor == nil && stored.model == nil)
    #expect(try await !observe(claim("PF3ABC02", uuid: uuid), "LENOVO", "Lab-7"))
    #expect(try await observe(claim("PF3ABC01", uuid: otherUUID), "OTHER", "Lab-8"))
    stored = try await bench.device(device)
    #expect(stored.serial == "PF3ABC02")
    #expect(stored.uuid == uuid)
    #expect(stored.vendor == "LENOVO")
    #expect(stored.model == "LENOVO 20YRS0")
    #expect(stored.hostname == "Lab-8")
  }
}
