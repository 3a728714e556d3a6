package import Storage

extension Journal {
  /// `position` only orders pages; the order of the tree is made later, by one sequencer. Salt and body are NULL once
  /// retention has dropped them; everything else stays, and the engine refuses any other change.
  package static let migrations = [
    Migration(
      "audit", 1,
      [
        """
        CREATE TABLE audit_entry (
          district_id TEXT NOT NULL, position BIGINT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL,
          actor_kind TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object_kind TEXT NOT NULL,
          object TEXT NOT NULL, salt BYTEA, body BYTEA, body_digest BYTEA NOT NULL, leaf_hash BYTEA NOT NULL,
          leaf_version BIGINT NOT NULL, PRIMARY KEY (district_id, position), UNIQUE (district_id, id),
          CHECK ((salt IS NULL) = (body IS NULL))
        )
        """,
        "CREATE INDEX audit_entry_position ON audit_entry (position)",
        "CREATE INDEX audit_entry_object ON audit_entry (district_id, object, position)",
        // SQLite has one writer, which takes the next number itself.
        .perEngine(sqlite: "SELECT 1", postgres: "CREATE SEQUENCE audit_position"),
      ] + appendOnly),
    Migration("audit", 2, tree),
    Migration("audit", 3, waitingByItself), Migration("audit", 4, StudentViews.schema),
  ]

  private static let appendOnly: [SQL] = [
    .perEngine(
      sqlite: "SELECT 1",
      postgres: """
        CREATE FUNCTION audit_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'check_violation'; END $$
        """),
    .perEngine(
      sqlite: """
        CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
      postgres: """
        CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
        FOR EACH ROW EXECUTE FUNCTION audit_entry_append_only()
        """),
    .perEngine(
      sqlite: """
        CREATE TRIGGER audit_entry_update BEFORE UPDATE OF district_id, position, id, at, actor_kind, actor, action,
          object_kind, object, body_digest, leaf_hash, leaf_version ON audit_entry
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
      postgres: """
        CREATE TRIGGER audit_entry_update BEFORE UPDATE OF district_id, position, id, at, actor_kind, actor, action,
          object_kind, object, body_digest, leaf_hash, leaf_version ON audit_entry
        FOR EACH ROW EXECUTE FUNCTION audit_entry_append_only()
        """),
    .perEngine(
      sqlite: """
        CREATE TRIGGER audit_entry_body BEFORE UPDATE OF salt, body ON audit_entry WHEN NEW.body IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'a body of the journal is dropped, never changed'); END
        """,
      postgres: """
        CREATE TRIGGER audit_entry_body BEFORE UPDATE OF salt, body ON audit_entry
        FOR EACH ROW WHEN (NEW.body IS NOT NULL) EXECUTE FUNCTION audit_entry_append_only()
        """),
  ]

  /// What the sequence numbers, for a copy of the tables.
  package static let numbered = [
    NumberedColumn(sequence: "audit_position", table: "audit_entry", column: "position")
  ]

  /// The next position: greater than every committed one on SQLite, unique and roughly in order on PostgreSQL.
  static let nextPosition = SQL.perEngine(
    sqlite: "(SELECT COALESCE(MAX(position), 0) + 1 FROM audit_entry)", postgres: "nextval('audit_position')")
}
