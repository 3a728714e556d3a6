internal import Storage
package import Vocabulary

/// The state that is copied into a PostgreSQL schema, by what the schema remembers of it.
package struct CopySource: Sendable, Hashable {
  /// SHA-256 of the database file: a state that has changed since is another one.
  package let digest: Digest
  /// Where it lies, for people.
  package let place: String

  package init(digest: Digest, place: String) { (self.digest, self.place) = (digest, place) }
}

/// A table of a copy that is whole, as it was verified.
package struct CopiedTable: Sendable, Hashable {
  package let name: String
  package let rows: Int
  package let digest: Digest

  package init(name: String, rows: Int, digest: Digest) { (self.name, self.rows, self.digest) = (name, rows, digest) }
}

/// What a schema remembers of the copy that is made, or was made, into it: one row of `storage_copy`, written before the
/// first table, and a row of `storage_copy_table` for each table once all are verified.
struct CopyMark {
  let session: PostgresSession

  private struct Known {
    let digest: Digest
    let place: String
    let begun: Instant
    let completed: Instant?
  }

  /// - Throws: `storage.copy-unfinished` where a copy was begun and is not whole: nothing else may use the schema.
  func refuseUnfinished() throws {
    guard let known = try known(), known.completed == nil else { return }
    throw StorageError(
      .copyUnfinished,
      """
      The database is a copy of \(known.place) that is not whole: it was begun on \(known.begun) and did not come to its \
      end. Run 'rollcalld migrate-database' again with the same --state and --database; it goes on where it stopped.
      """)
  }

  /// Remembers that `source` is copied into this schema; nothing where that is known already.
  ///
  /// - Throws: `storage.occupied` where the schema holds anything else.
  func begin(_ source: CopySource, now: Instant) throws {
    guard let known = try known() else {
      try refuseOccupied()
      try session.command(
        """
        CREATE TABLE storage_copy (
          source BYTEA NOT NULL PRIMARY KEY, place TEXT NOT NULL, begun_at BIGINT NOT NULL, completed_at BIGINT);
        CREATE TABLE storage_copy_table (
          name TEXT COLLATE "C" NOT NULL PRIMARY KEY, row_count BIGINT NOT NULL, digest BYTEA NOT NULL)
        """)
      _ = try session.run(
        "INSERT INTO storage_copy (source, place, begun_at) VALUES ($1, $2, $3)",
        [source.digest.sqlValue, .text(source.place), now.sqlValue])
      return
    }
    guard known.digest != source.digest else { return }
    let what =
      known.completed.map { "a whole copy of \(known.place), made on \($0), which a controller may be using" }
      ?? "an unfinished copy, begun on \(known.begun), of \(known.place) as it was then: another state, or this one before it was changed"
    throw StorageError(.occupied, "The database holds \(what). Nothing was copied. \(try advice())")
  }

  /// What may use the schema's tables must not write what is remembered here.
  func protect(from role: String) throws {
    guard try known() != nil else { return }
    try session.command("REVOKE INSERT, UPDATE, DELETE ON storage_copy, storage_copy_table FROM \(role)")
  }

  private func refuseOccupied() throws {
    let found = try session.run(
      """
      SELECT relname::text AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY relname
      """, []
    ).rows()
    guard let first = try found.first?.get("name", as: String.self) else { return }
    throw StorageError(
      .occupied,
      """
      The database's schema is not empty: it holds '\(first)'\(found.count > 1 ? " and \(found.count - 1) more" : ""). \
      Nothing was copied. Name an empty database. \(try advice())
      """)
  }

  private func advice() throws -> String {
    let row = try session.run(
      "SELECT quote_ident(current_schema()) AS schema, current_database()::text AS base", []
    ).rows().first
    let (schema, base) = (try row?.get("schema") ?? "public", try row?.get("base") ?? "")
    return """
      Where nothing in '\(base)' is needed, empty it: DROP SCHEMA \(schema) CASCADE; CREATE SCHEMA \(schema); as the \
      owner of the database.
      """
  }

  private func known() throws -> Known? {
    let exists = try session.run(
      """
      SELECT 1 AS one FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = 'storage_copy'
      """, [])
    guard exists.count > 0 else { return nil }
    let rows = try session.run("SELECT source, place, begun_at, completed_at FROM storage_copy", []).rows()
    return try rows.first.map {
      Known(
        digest: try $0.get("source"), place: try $0.get("place"), begun: try $0.get("begun_at"),
        completed: try $0.get("completed_at"))
    }
  }
}
