import Audit
import Dispatch
import Logging
import Serving
import Storage
import StoragePostgres
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Keys that another controller changes")
struct KeyFollowerTests {
  /// Two controllers' registries on one database.
  private struct Pair {
    let databases: [PostgresDatabase]
    let schema: String
    let first: DeviceRegistry
    let second: DeviceRegistry

    init() async throws {
      let server = try PostgresServer.shared.get()
      schema = server.freshSchema()
      let migrations = Idempotency.migrations + Journal.migrations + DeviceRegistry.migrations
      databases = [
        try await server.open(schema: schema, migrations: migrations),
        try await server.open(schema: schema, migrations: migrations),
      ]
      (first, second) = (DeviceRegistry(database: databases[0]), DeviceRegistry(database: databases[1]))
      try await databases[0].write(in: .state) { transaction in
        try DistrictStore.insert(
          District(id: RegistryBench.cedar, name: "Cedar", unknownSerials: .refuse, createdAt: RegistryBench.now),
          transaction)
      }
      try await first.load()
      try await second.load()
    }

    func close() async throws { for database in databases { try await database.close() } }
  }

  private func enrol(_ registry: DeviceRegistry, _ number: UInt8) async throws -> KeyChanges {
    try await registry.database.write(in: .state) { transaction in
      let device = try registry.addDevice(
        ClaimedIdentity(serial: Serial("SER-\(number)")), to: RegistryBench.cedar, now: RegistryBench.now,
        in: transaction)
      return try registry.enroll(
        device, of: RegistryBench.cedar, key: .numbered(number), identity: ClaimedIdentity(), actor: .controller,
        now: RegistryBench.now, in: transaction
      ).changes
    }
  }

  private func revoke(_ registry: DeviceRegistry, _ number: UInt8) async throws -> KeyChanges {
    try await registry.database.write(in: .state) {
      try registry.setKeyState(.numbered(number), of: RegistryBench.cedar, to: .revoked, reason: "sold", in: $0)
    }
  }

  @Test("A key that one controller enrols or revokes is so for the other at its next look")
  func followed() async throws {
    let pair = try await Pair()
    pair.first.apply(try await enrol(pair.first, 1))
    #expect(pair.second.keys.key(.numbered(1)) == nil)
    try await pair.second.follow()
    #expect(pair.second.keys.key(.numbered(1))?.state == .active)
    pair.first.apply(try await revoke(pair.first, 1))
    try await pair.second.follow()
    #expect(pair.second.keys.key(.numbered(1))?.state == .revoked)
    try await pair.close()
  }

  @Test("Where the follower's own sessions are gone, it looks by those of requests; where both are, it says so")
  func ownSessionsGone() async throws {
    let pair = try await Pair()
    let gone = pair.databases[1].companion(sessions: 1)
    try await gone.close()
    let follower = KeyFollower(pair.second, on: gone, logger: Logger(label: "test"))
    pair.first.apply(try await enrol(pair.first, 1))
    try await follower.look()
    #expect(pair.second.keys.key(.numbered(1))?.state == .active)
    pair.first.apply(try await revoke(pair.first, 1))
    try await follower.look()
    #expect(pair.second.keys.key(.numbered(1))?.state == .revoked)
    try await pair.close()
    await #expect(throws: (any Error).self) { try await follower.look() }
  }

  @Test("What one controller calls a network is so for the other at its next look, and after one that went back")
  func networks() async throws {
    let pair = try await Pair()
    let origin = Origin(octets: [10, 20, 1, 1])
    func words() -> String? {
      pair.second.networkWords(pair.second.network(of: origin, in: RegistryBench.cedar), in: RegistryBench.cedar)
    }
    func label(_ text: String) async throws {
      let patch = NetworkPatch(set: [.init(addresses: "10.20.0.0/16", label: text)])
      try await pair.first.database.write(in: .district(RegistryBench.cedar)) { transaction in
        let known = try NetworkStore.labels(of: RegistryBench.cedar, transaction)
        let change = try NetworkChange(patch, known: known, now: RegistryBench.now)
        try NetworkStore.write(change, of: RegistryBench.cedar, now: RegistryBench.now, transaction)
      }
    }
    try await label("school")
    #expect(words() == nil)
    try await pair.second.follow()
    #expect(words() == "school")
    try await label("North High")
    try await pair.second.follow()
    #expect(words() == "North High")
    try await pair.first.database.write(in: .state) { transaction in
      try transaction.run("UPDATE registry_network SET label = 'restored'")
      try transaction.run("UPDATE registry_network_revision SET revision = 1")
    }
    try await pair.second.follow()
    #expect(words() == "restored")
    try await pair.close()
  }

  @Test("Both of two devices that one controller saw claim one identity are quarantined for the other at its next look")
  func contested() async throws {
    let pair = try await Pair()
    for number in [UInt8(1), 2] { pair.first.apply(try await enrol(pair.first, number)) }
    let liar = try #require(pair.first.keys.key(.numbered(2)))
    // In the scope of a check-in: the district alone.
    let observed = try await pair.first.database.write(in: .districts([RegistryBench.cedar])) {
      try pair.first.observe(
        liar.device, of: RegistryBench.cedar, by: liar.key, identity: ClaimedIdentity(serial: Serial("SER-1")),
        now: RegistryBench.now, in: $0)
    }
    guard case .contested = observed else { throw CancellationError() }
    try await pair.second.follow()
    for number in [UInt8(1), 2] { #expect(pair.second.keys.key(.numbered(number))?.state == .quarantined) }
    try await pair.close()
  }

  @Test("On another server, or one that went back, numbers of transactions mean nothing: every key is read anew")
  func anotherServer() async throws {
    let pair = try await Pair()
    pair.first.apply(try await enrol(pair.first, 1))
    try await pair.second.follow()
    let now = try #require(pair.second.horizon.withLock { $0 })
    for elsewhere in [
      // A standby that was promoted, behind what was seen: its numbers are lower, and its timeline another.
      KeyHorizon(snapshot: "900000000:900000000:", next: 900_000_000, server: now.server),
      KeyHorizon(snapshot: now.snapshot, next: now.next, server: now.server + "0"),
    ] {
      let other = KeyState.active == pair.second.keys.key(.numbered(1))?.state ? UInt8(1) : 2
      if other == 2 { pair.first.apply(try await enrol(pair.first, 2)) }
      pair.second.horizon.withLock { $0 = elsewhere }
      _ = try await revoke(pair.first, other)
      try await pair.second.follow()
      #expect(pair.second.keys.key(.numbered(other))?.state == .revoked)
      #expect(pair.second.horizon.withLock { $0 }?.server == now.server)
    }
    // A lost change must not hide a later one behind its higher revision.
    try await pair.first.database.write(in: .state) {
      _ = try $0.run("UPDATE registry_key SET state = 'active', revision = 0 WHERE digest = \(Digest.numbered(1))")
    }
    pair.second.horizon.withLock { $0 = KeyHorizon(snapshot: now.snapshot, next: now.next, server: "lost") }
    try await pair.second.follow()
    #expect(pair.second.keys.key(.numbered(1))?.state == .active)
    try await pair.close()
  }

  @Test("Numbers of a dump from another server, which lie in the future here, are not read at every look")
  func dumped() async throws {
    let pair = try await Pair()
    _ = try await enrol(pair.first, 1)
    try await pair.second.follow()
    try PostgresServer.shared.get().run(
      sql: """
        ALTER TABLE \(pair.schema).registry_key DISABLE TRIGGER registry_key_changed;
        UPDATE \(pair.schema).registry_key SET changed_in = '900000000'
        """)
    let seen = try await pair.first.database.read(in: .state) { transaction in
      let now = try #require(try KeyStore.horizon(transaction))
      return try KeyStore.changed(since: now, transaction).count
    }
    #expect(seen == 0)
    try await pair.close()
  }

  @Test("A transaction that commits after a later one is not missed")
  func outOfOrder() async throws {
    let pair = try await Pair()
    _ = try await enrol(pair.first, 1)
    _ = try await enrol(pair.first, 2)
    try await pair.second.follow()
    let (began, beganNow) = AsyncStream.makeStream(of: Void.self)
    let gate = Gate()
    async let slow: KeyChanges = pair.first.database.write(in: .state) { transaction in
      let changes = try pair.first.setKeyState(
        .numbered(1), of: RegistryBench.cedar, to: .revoked, reason: "lost", in: transaction)
      beganNow.finish()
      gate.wait()
      return changes
    }
    for await _ in began {}
    _ = try await revoke(pair.first, 2)
    try await pair.second.follow()
    #expect(pair.second.keys.key(.numbered(2))?.state == .revoked)
    #expect(pair.second.keys.key(.numbered(1))?.state == .active)
    gate.open()
    _ = try await slow
    try await pair.second.follow()
    #expect(pair.second.keys.key(.numbered(1))?.state == .revoked)
    try await pair.close()
  }
}

/// Holds a transaction's thread until it is opened, and once only: the engine may run the transaction again.
private final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func wait() {
    semaphore.wait()
    semaphore.signal()
  }
  func open() { semaphore.signal() }
}
