import Storage

extension Journal {
  /// The tree over the entries. An entry gets its `leaf_index` once; tiles hold hashes alone, and the one checkpoint says
  /// how far the tree goes.
  static let tree: [SQL] =
    [
      "ALTER TABLE audit_entry ADD COLUMN leaf_index BIGINT",
      "CREATE UNIQUE INDEX audit_entry_leaf ON audit_entry (leaf_index) WHERE leaf_index IS NOT NULL",
      "CREATE INDEX audit_entry_district_leaf ON audit_entry (district_id, leaf_index)",
      // An entry by its id alone, wherever it belongs.
      "CREATE INDEX audit_entry_id ON audit_entry (id)",
      // What waits to be sequenced; small, however long the journal is.
      "CREATE INDEX audit_entry_waiting ON audit_entry (position) WHERE leaf_index IS NULL",
      """
      CREATE TABLE audit_tile (
        level BIGINT NOT NULL, tile BIGINT NOT NULL, hashes BYTEA NOT NULL, PRIMARY KEY (level, tile))
      """,
      """
      CREATE TABLE audit_checkpoint (
        log TEXT NOT NULL PRIMARY KEY CHECK (log = 'journal'), tree_size BIGINT NOT NULL, root BYTEA NOT NULL,
        note TEXT NOT NULL, verifier TEXT NOT NULL, at BIGINT NOT NULL)
      """,
      .perEngine(
        sqlite: """
          CREATE TRIGGER audit_entry_sequenced BEFORE UPDATE OF leaf_index ON audit_entry WHEN OLD.leaf_index IS NOT NULL
          BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
          """,
        postgres: """
          CREATE TRIGGER audit_entry_sequenced BEFORE UPDATE OF leaf_index ON audit_entry
          FOR EACH ROW WHEN (OLD.leaf_index IS NOT NULL) EXECUTE FUNCTION audit_entry_append_only()
          """),
    ]

  /// An order that this index alone has: PostgreSQL otherwise reads the table through for what waits, where it believes that most
  /// entries do, as after many came at once.
  static let waitingByItself: [SQL] = [
    "DROP INDEX audit_entry_waiting",
    "CREATE INDEX audit_entry_waiting ON audit_entry ((leaf_index IS NULL), position) WHERE leaf_index IS NULL",
  ]
}
