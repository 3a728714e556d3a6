package import Storage
package import Vocabulary

/// The end of a copy, as the tables' owner.
extension PostgresDatabase {
  /// When the copy was verified, and what was found; nil where that is still to come.
  package func completedCopy() async throws -> (at: Instant, tables: [CopiedTable])? {
    try await read(in: .state) { transaction in
      let completed: SQL = "SELECT completed_at FROM storage_copy WHERE completed_at IS NOT NULL"
      guard let row = try transaction.row(completed) else { return nil }
      let tables = try transaction.rows("SELECT name, row_count, digest FROM storage_copy_table ORDER BY name")
      return (
        try row.get("completed_at"),
        try tables.map {
          CopiedTable(name: try $0.get("name"), rows: try $0.get("row_count"), digest: try $0.get("digest"))
        }
      )
    }
  }

  /// Tells the planner how many rows there are now: a table that was just filled is planned for as if it were small.
  package func analyze(_ tables: [String]) async throws {
    try await asOwner { session in
      for table in tables { try session.command("ANALYZE \(SQL.name(table).rendered(for: .postgres).text)") }
    }
  }

  /// Rows come as they are until the copy is whole: what triggers would write beside them is copied too.
  package func silenceTriggers(of tables: [String]) async throws {
    try await asOwner { session in
      for table in tables {
        try session.command("ALTER TABLE \(SQL.name(table).rendered(for: .postgres).text) DISABLE TRIGGER USER")
      }
    }
  }

  /// Lets the sequences go on behind what was copied and triggers do their work, and marks the copy as whole, in one transaction.
  package func completeCopy(_ tables: [CopiedTable], numbered: [NumberedColumn], now: Instant) async throws {
    try await asOwner { session in
      try session.command("BEGIN; \(RowSecurity.scope(.state))")
      for number in numbered {
        let names = [number.sequence, number.column, number.table].map { SQL.name($0).rendered(for: .postgres).text }
        _ = try session.run(
          """
          SELECT setval($1::text::regclass, last) FROM (SELECT MAX(\(names[1])) AS last FROM \(names[2])) AS found
          WHERE last >= 1
          """, [.text(names[0])])
      }
      for table in tables {
        let name = SQL.name(table.name).rendered(for: .postgres).text
        try session.command("ALTER TABLE \(name) ENABLE TRIGGER USER")
        _ = try session.run(
          "INSERT INTO storage_copy_table (name, row_count, digest) VALUES ($1, $2, $3)",
          [.text(table.name), .integer(Int64(table.rows)), table.digest.sqlValue])
      }
      _ = try session.run("UPDATE storage_copy SET completed_at = $1", [now.sqlValue])
      try session.command("COMMIT")
    }
  }
}
