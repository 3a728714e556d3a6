import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Keys in memory")
struct KeyRegistryTests {
  private func key(_ digest: Digest, _ device: DeviceID, _ state: KeyState, revision: Int64 = 1) -> DeviceKey {
    let issued = IssuedKey(
      digest: digest, certificateSerial: "01", notBefore: RegistryBench.now, notAfter: RegistryBench.now)
    var key = DeviceKey(issued, of: device, in: RegistryBench.cedar, state: state, now: RegistryBench.now)
    key.revision = revision
    return key
  }

  private func digest(_ generator: inout SeededGenerator) -> Digest {
    Digest(bytes: (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } })!
  }

  @Test("Twenty thousand random keys are each found with their device and state, and no other is")
  func many() {
    var generator = SeededGenerator(seed: 11)
    let registry = KeyRegistry()
    var known: [Digest: (DeviceID, KeyState)] = [:]
    for _ in 0..<20_000 {
      let device = DeviceID(random: (0..<10).map { _ in UInt8.random(in: 0...255, using: &generator) })
      let made = key(digest(&generator), device, KeyState.allCases.randomElement(using: &generator)!)
      known[made.digest] = (device, made.state)
      registry.apply(KeyChanges([made]))
    }
    #expect(registry.count == 20_000)
    for (digest, (device, state)) in known {
      #expect(
        registry.key(digest) == KnownKey(key: digest, district: RegistryBench.cedar, device: device, state: state))
    }
    for _ in 0..<1000 { #expect(registry.key(digest(&generator)) == nil) }
  }

  @Test("Changes that arrive out of order leave the newest")
  func order() {
    let registry = KeyRegistry()
    let device = DeviceID(rawValue: "dev_0000000000000001")!
    registry.apply(KeyChanges([key(.numbered(1), device, .revoked, revision: 3)]))
    registry.apply(KeyChanges([key(.numbered(1), device, .active, revision: 2)]))
    #expect(registry.key(.numbered(1))?.state == .revoked)
  }

  @Test("A registry started anew knows every stored key as the former did")
  func load() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    let other = try await bench.expect("PF3ABC01", in: RegistryBench.oak)
    try await bench.enroll(device, key: 1)
    try await bench.enroll(other, key: 2, in: RegistryBench.oak)
    try await bench.change { [registry = bench.registry] in
      try registry.setKeyState(.numbered(2), of: RegistryBench.oak, to: .revoked, reason: "lost", in: $0)
    }
    let again = DeviceRegistry(database: bench.database)
    try await again.load()
    #expect(again.keys.count == 2)
    for number in [UInt8(1), 2] {
      #expect(again.keys.key(.numbered(number)) == bench.registry.keys.key(.numbered(number)))
    }
    #expect(again.keys.key(.numbered(2))?.state == .revoked)
    #expect(again.keys.key(.numbered(2))?.district == RegistryBench.oak)
    #expect(again.keys.key(.numbered(2))?.device == other)
  }

  @Test("A key takes at most 64 bytes and a slot in memory")
  func compact() {
    #expect(MemoryLayout<KeyTable.Entry>.stride <= 64)
  }
}
