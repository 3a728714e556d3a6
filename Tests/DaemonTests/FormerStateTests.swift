import Foundation
import Storage
import StorageSQLite
import Testing
import Vocabulary

@testable import rollcalld

@Suite("A state of the version before")
struct FormerStateTests {
  private static let last = ["registry": 5, "checkin": 3, "enrollment": 1]
  private static let moved = [
    "registry_change", "registry_contact", "registry_device_mac", "registry_ledger_event", "checkin_state",
    "checkin_section",
    "checkin_software", "enrollment_expected", "enrollment_token_use",
  ]

  @Test("Each column of the tables that move into their keys' trees comes through")
  func columns() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "former-\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) } }
    let steps = Controller.migrations.filter { $0.number <= Self.last[$0.feature] ?? .max }
    let former = try SQLiteDatabase(path: file, migrations: steps)
    try await former.write(in: .state) { transaction in for row in Self.rows { try transaction.run(row) } }
    let columns = try await Self.columns(of: Self.moved, in: former)
    let before = try await Self.contents(of: former, columns)
    try former.close()
    let database = try SQLiteDatabase(path: file, migrations: Controller.migrations)
    #expect(try await Self.contents(of: database, columns) == before)
    #expect(before.count == Self.moved.count && before.values.allSatisfy { $0.count == 1 })
    let faults = try await database.read(in: .state) { try $0.rows("PRAGMA foreign_key_check").count }
    #expect(faults == 0)
    try database.close()
  }

  /// The columns of each table; later versions add others.
  private static func columns(of tables: [String], in database: SQLiteDatabase) async throws -> [String: [String]] {
    try await database.read(in: .state) { transaction in
      var found: [String: [String]] = [:]
      for table in tables {
        let query = SQL(stringLiteral: "SELECT name FROM pragma_table_info('\(table)') ORDER BY name")
        found[table] = try transaction.rows(query).map { try $0.get("name") }
      }
      return found
    }
  }

  /// Of each table its rows, each of the columns as SQLite quotes it, under its name; health items by their bytes.
  private static func contents(
    of database: SQLiteDatabase, _ columns: [String: [String]]
  ) async throws -> [String: [String]] {
    try await database.read(in: .state) { transaction in
      try columns.reduce(into: [:]) { found, table in
        let texts = table.value.map { $0 == "health_items" ? "'\($0)=' || hex(\($0))" : "'\($0)=' || quote(\($0))" }
        let query = "SELECT \(texts.joined(separator: " || ' ' || ")) AS line FROM \(table.key)"
        found[table.key] = try transaction.rows(SQL(stringLiteral: query)).map { try $0.get("line") }
      }
    }
  }

  private static let rows: [SQL] = [
    "INSERT INTO registry_district (district_id, name, unknown_serials, created_at) VALUES ('d', 'D', 'refuse', 1)",
    """
    INSERT INTO registry_device (district_id, device_id, serial, serial_folded, management, identity, created_at)
    VALUES ('d', 'dev', 'PF1', 'PF1', 'agent', 'strong', 1)
    """,
    """
    INSERT INTO registry_contact (district_id, device_id, last_contact, next_contact, agent_version, clock_offset, health,
      health_items) VALUES ('d', 'dev', 11, 12, '0.1.0', 13, 'failing', '[{"item":"disk"}]')
    """,
    """
    INSERT INTO registry_change (district_id, device_id, sequence, at, section, field, old, new)
    VALUES ('d', 'dev', 1, 15, 'hardware', 'memoryBytes', '1', '2')
    """,
    "INSERT INTO registry_device_mac (district_id, mac, device_id) VALUES ('d', '00:00:5e:00:53:01', 'dev')",
    """
    INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, stage, custody, reason, evidence)
    VALUES ('d', 'dev', 1, 21, 'actor', 'expected', 'stage', 'custody', 'reason', 'evidence')
    """,
    """
    INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
    VALUES ('d', x'01', 'dev', 0, 31, x'02', x'03', x'04', 32)
    """,
    """
    INSERT INTO checkin_section (district_id, device_id, section, hash, body, changed_at)
    VALUES ('d', 'dev', 'vitals', x'05', x'7b7d', 41)
    """,
    """
    INSERT INTO checkin_software_base (base_id, packed, packages, sketch, created_at) VALUES (x'06', x'07', 1, x'08', 51)
    """,
    """
    INSERT INTO checkin_software (district_id, device_id, base_id, difference, digest, packages, changed_at)
    VALUES ('d', 'dev', x'06', x'09', x'0a', 61, 62)
    """,
    "INSERT INTO enrollment_batch (district_id, id, name, created_at) VALUES ('d', 'b', 'B', 1)",
    """
    INSERT INTO enrollment_expected (district_id, batch_id, entry, serial, asset_tag, model, device_id, listed, state,
      changed_at) VALUES ('d', 'b', 'PF1', 'pf1', 'tag', 'model', 'dev', 1, 'enrolled', 71)
    """,
    """
    INSERT INTO enrollment_token (district_id, id, batch_id, secret, expires_at, uses, used, allow_unidentified, created_at,
      created_by) VALUES ('d', 't', 'b', x'0b', 81, 1, 1, 0, 82, 'p')
    """,
    """
    INSERT INTO enrollment_token_use (district_id, token_id, key, device_id, certificate, not_after, at)
    VALUES ('d', 't', x'0c', 'dev', x'0d', 91, 92)
    """,
  ]
}
