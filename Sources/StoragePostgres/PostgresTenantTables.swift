internal import Storage

extension PostgresDatabase {
  /// What breaks the rule of tenancy, a sentence each: every table's `district_id` is NOT NULL, leads its primary key and
  /// has its row level security forced, or the table stands in the closed list of those that all districts share.
  package func tenancyViolations(shared: Set<String>) async throws -> [String] {
    try await read(in: .state) { transaction in
      let rows = try transaction.rows(
        """
        SELECT c.relname::text AS name, a.attnum IS NOT NULL AS has_district, COALESCE(a.attnotnull, FALSE) AS required,
          c.relrowsecurity AND c.relforcerowsecurity
            AND EXISTS (SELECT 1 FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = \(RowSecurity.policy)) AS held,
          pg_get_userbyid(c.relowner)::text = current_user::text AS owned,
          COALESCE((SELECT i.indkey[0] = a.attnum FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary), FALSE) AS leads
        FROM pg_class AS c
        LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'district_id' AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname
        """)
      var found: [String] = []
      for row in rows {
        let table: String = try row.get("name")
        if try row.get("owned", as: Bool.self) { found.append("\(table) is owned by the role of transactions.") }
        if shared.contains(table) { continue }
        guard try row.get("has_district", as: Bool.self) else {
          found.append("\(table) has no district_id, and is not in the list of shared tables.")
          continue
        }
        if try !row.get("required", as: Bool.self) { found.append("\(table).district_id may be NULL.") }
        if try !row.get("leads", as: Bool.self) { found.append("\(table).district_id does not lead the primary key.") }
        if try !row.get("held", as: Bool.self) { found.append("\(table) does not force its row level security.") }
      }
      let names = Set(try rows.map { try $0.get("name", as: String.self) })
      let missing = shared.subtracting(names).sorted()
      return found + missing.map { "\($0) stands in the list of shared tables, and there is no such table." }
    }
  }
}
