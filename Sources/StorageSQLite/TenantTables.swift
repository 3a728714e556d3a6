internal import Storage

/// Holds every table to the rule of tenancy: `district_id` is NOT NULL and leads the primary key, or the table stands in
/// the closed list of those that all districts share.
package enum TenantTables {
  /// What breaks the rule, a sentence each, for all tables of the migrations that `database` was opened with.
  package static func violations(in database: SQLiteDatabase, shared: Set<String>) async throws -> [String] {
    try await database.read(in: .state) { transaction in
      let tables = try transaction.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
      ).map { try $0.get("name", as: String.self) }
      var found: [String] = []
      for table in tables where !shared.contains(table) {
        let query: SQL =
          #"SELECT "notnull" AS required, pk FROM pragma_table_info(\#(table)) WHERE name = 'district_id'"#
        guard let column = try transaction.row(query) else {
          found.append("\(table) has no district_id, and is not in the list of shared tables.")
          continue
        }
        if try !column.get("required", as: Bool.self) { found.append("\(table).district_id may be NULL.") }
        if try column.get("pk", as: Int.self) != 1 {
          found.append("\(table).district_id does not lead the primary key.")
        }
      }
      let missing = shared.subtracting(tables).sorted()
      return found + missing.map { "\($0) stands in the list of shared tables, and there is no such table." }
    }
  }
}
