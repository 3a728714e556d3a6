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
      ]),
    // People sign in with a browser. A link, a session and a password are kept as hashes; `access_attempt` holds until
    // when a login name or an address has used up its failures, see ``SignInThrottle``.
    Migration(
      "access", 2,
      [
        """
        CREATE TABLE access_account (
          principal_id TEXT NOT NULL PRIMARY KEY REFERENCES access_principal (id), login TEXT NOT NULL UNIQUE,
          password TEXT, password_at BIGINT, disabled_at BIGINT, created_at BIGINT NOT NULL, signed_in_at BIGINT
        )
        """,
        """
        CREATE TABLE access_link (
          secret_hash BYTEA NOT NULL PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES access_account (principal_id),
          expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX access_link_principal ON access_link (principal_id)",
        """
        CREATE TABLE access_session (
          id TEXT NOT NULL PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES access_principal (id),
          secret_hash BYTEA NOT NULL UNIQUE, created_at BIGINT NOT NULL, used_at BIGINT NOT NULL,
          ends_at BIGINT NOT NULL, browser TEXT NOT NULL, purpose TEXT
        )
        """,
        "CREATE INDEX access_session_principal ON access_session (principal_id, id)",
        "CREATE INDEX access_session_used ON access_session (used_at)",
        "CREATE TABLE access_attempt (subject TEXT NOT NULL PRIMARY KEY, spent_until BIGINT NOT NULL)",
        "CREATE INDEX access_attempt_spent ON access_attempt (spent_until)",
      ]),
    // A link knows the district that made it, '' for the state. A browser from which somebody has signed in is known by
    // the hash of its cookie, see ``KnownBrowser``.
    Migration(
      "access", 3,
      [
        "ALTER TABLE access_link ADD COLUMN district_id TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE access_browser (
          secret_hash BYTEA NOT NULL PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES access_account (principal_id),
          signed_in_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX access_browser_principal ON access_browser (principal_id, signed_in_at)",
        "CREATE INDEX access_browser_expires ON access_browser (expires_at)",
      ]),
  ]
}
