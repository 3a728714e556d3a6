import Audit
import Dispatch
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
    let first: DeviceRegistry
    let second: DeviceRegistry

    init() async throws {
      let server = try PostgresServer.shared.get()
      let schema = server.freshSchema()
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
