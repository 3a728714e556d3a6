import Foundation
import Storage
import StorageSQLite
import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("A state of a former version")
struct FormerStateTests {
  @Test("Contacts, MAC addresses and the ledger come through the step that made them shorter")
  func shorter() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "former-\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) } }
    let former = try SQLiteDatabase(path: file, migrations: DeviceRegistry.migrations.filter { $0.number < 6 })
    let id = DeviceID(rawValue: "dev_0123456789abcdef")!
    try await former.write(in: .state) { transaction in
      for statement in Self.rows(of: id) { try transaction.run(statement) }
    }
    try former.close()
    let database = try SQLiteDatabase(path: file, migrations: DeviceRegistry.migrations)
    let device = try #require(
      try await database.read(in: .state) { try DeviceList.device(id, in: RegistryBench.cedar, $0) })
    #expect(device.contact?.health.items == [.init(item: "disk", verdict: .failing, reason: "Replace it.")])
    #expect(device.contact?.health.verdict == .failing)
    let counts = try await database.read(in: .state) { transaction in
      try ["registry_device_mac", "registry_ledger_event"].map {
        try transaction.row(SQL(stringLiteral: "SELECT COUNT(*) AS n FROM \($0)"))!.get("n", as: Int.self)
      }
    }
    #expect(counts == [1, 1])
    await #expect(throws: StorageError.self) {
      try await database.write(in: .state) { try $0.run("DELETE FROM registry_ledger_event") }
    }
    await #expect(throws: StorageError.self) {
      try await database.write(in: .state) { try $0.run("UPDATE registry_ledger_event SET reason = 'another'") }
    }
    try database.close()
  }

  private static func rows(of id: DeviceID) -> [SQL] {
    let district = RegistryBench.cedar
    return [
      """
      INSERT INTO registry_district (district_id, name, unknown_serials, created_at) VALUES (\(district), 'C', 'refuse', 1)
      """,
      """
      INSERT INTO registry_device (district_id, device_id, serial, serial_folded, management, identity, created_at)
      VALUES (\(district), \(id), 'PF1', 'PF1', 'agent', 'strong', 1)
      """,
      """
      INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset,
        health, health_items)
      VALUES (\(district), \(id), 1, 2, '0.1.0', 0, 'failing',
        '[{"item":"disk","reason":"Replace it.","verdict":"failing"}]')
      """,
      "INSERT INTO registry_device_mac (district_id, mac, device_id) VALUES (\(district), '00:00:5e:00:53:01', \(id))",
      """
      INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind)
      VALUES (\(district), \(id), 1, 1, 'controller', 'expected')
      """,
    ]
  }
}
