import Storage

/// The state's own tables, shared by all districts. A grant's district and school are '' where it reaches further.
enum AccessSchema {
  static let migrations = [
    Migration(
      "access", 1,
      [
        """
        CREATE TABLE access_principal (
          id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE access_grant (
          principal_id TEXT NOT NULL REFERENCES access_principal (id), role TEXT NOT NULL, district_id TEXT NOT NULL,
          school_id TEXT NOT NULL, granted_at BIGINT NOT NULL,
          PRIMARY KEY (principal_id, role, district_id, school_id),
          CHECK (school_id = '' OR district_id <> ''), CHECK (role <> 'state-admin' OR district_id = '')
        )
        """,
        """
        CREATE TABLE access_token (
          id TEXT NOT NULL PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES access_principal (id),
          name TEXT NOT NULL, secret_hash BYTEA NOT NULL UNIQUE, created_at BIGINT NOT NULL,
          expires_at BIGINT NOT NULL, revoked_at BIGINT, last_used_at BIGINT
        )
        """,
        "CREATE INDEX access_token_principal ON access_token (principal_id, id)",
      ])
  ]
}
