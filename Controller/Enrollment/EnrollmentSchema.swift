internal import Storage

/// Tables of batches, what they expect, their tokens, and devices that wait. Serials are kept folded, with their first
/// spelling beside.
enum EnrollmentSchema {
  static let migrations = [
    Migration("enrollment", 1, [batch, expected, expectedOnce, token, tokenSecret, use, pending, pendingKey]),
    Migration("enrollment", 2, inKeys),
  ]

  /// Of what each device has a row.
  private static let inKeys: [SQL] = [
    .rowsInKey(
      of: "enrollment_expected", key: "district_id, batch_id, entry",
      columns: """
        district_id TEXT NOT NULL, batch_id TEXT NOT NULL, entry TEXT NOT NULL, serial TEXT, asset_tag TEXT, model TEXT,
        device_id TEXT, listed BOOLEAN NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('expected', 'enrolled', 'unexpected', 'quarantined')),
        changed_at BIGINT NOT NULL, PRIMARY KEY (district_id, batch_id, entry),
        FOREIGN KEY (district_id, batch_id) REFERENCES enrollment_batch (district_id, id)
        """,
      indexes:
        "CREATE UNIQUE INDEX enrollment_expected_once ON enrollment_expected (district_id, entry) WHERE listed;"),
    .rowsInKey(
      of: "enrollment_token_use", key: "district_id, token_id, key",
      columns: """
        district_id TEXT NOT NULL, token_id TEXT NOT NULL, key BYTEA NOT NULL, device_id TEXT NOT NULL,
        certificate BYTEA NOT NULL, not_after BIGINT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (district_id, token_id, key),
        FOREIGN KEY (district_id, token_id) REFERENCES enrollment_token (district_id, id)
        """),
    // Those whose certificate is still kept for a lost reply; see `EnrollmentDesk.forgetCertificates`.
    """
    CREATE INDEX enrollment_token_use_kept ON enrollment_token_use (district_id, at, key)
    WHERE length(certificate) > 0
    """,
  ]

  private static let batch: SQL = """
    CREATE TABLE enrollment_batch (
      district_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,
      PRIMARY KEY (district_id, id)
    )
    """

  /// `entry` is the folded serial, or the device's id where it has none. `listed`: a person expects it; else it came unasked.
  private static let expected: SQL = """
    CREATE TABLE enrollment_expected (
      district_id TEXT NOT NULL, batch_id TEXT NOT NULL, entry TEXT NOT NULL, serial TEXT, asset_tag TEXT, model TEXT,
      device_id TEXT, listed BOOLEAN NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('expected', 'enrolled', 'unexpected', 'quarantined')), changed_at BIGINT NOT NULL,
      PRIMARY KEY (district_id, batch_id, entry),
      FOREIGN KEY (district_id, batch_id) REFERENCES enrollment_batch (district_id, id)
    )
    """

  /// No serial is expected by two batches of a district.
  private static let expectedOnce: SQL =
    "CREATE UNIQUE INDEX enrollment_expected_once ON enrollment_expected (district_id, entry) WHERE listed"

  /// `serials`: folded, one a line; NULL where the token serves the whole batch.
  private static let token: SQL = """
    CREATE TABLE enrollment_token (
      district_id TEXT NOT NULL, id TEXT NOT NULL, batch_id TEXT NOT NULL, secret BYTEA NOT NULL, serials TEXT,
      expires_at BIGINT NOT NULL, uses BIGINT NOT NULL CHECK (uses >= 1),
      used BIGINT NOT NULL CHECK (used >= 0 AND used <= uses), allow_unidentified BOOLEAN NOT NULL,
      created_at BIGINT NOT NULL, created_by TEXT NOT NULL, revoked_at BIGINT,
      PRIMARY KEY (district_id, id),
      FOREIGN KEY (district_id, batch_id) REFERENCES enrollment_batch (district_id, id)
    )
    """

  /// A token is found by its secret's digest before its district is known.
  private static let tokenSecret: SQL = "CREATE UNIQUE INDEX enrollment_token_secret ON enrollment_token (secret)"

  private static let use: SQL = """
    CREATE TABLE enrollment_token_use (
      district_id TEXT NOT NULL, token_id TEXT NOT NULL, key BYTEA NOT NULL, device_id TEXT NOT NULL,
      certificate BYTEA NOT NULL, not_after BIGINT NOT NULL, at BIGINT NOT NULL,
      PRIMARY KEY (district_id, token_id, key),
      FOREIGN KEY (district_id, token_id) REFERENCES enrollment_token (district_id, id)
    )
    """

  private static let pending: SQL = """
    CREATE TABLE enrollment_pending (
      district_id TEXT NOT NULL, id TEXT NOT NULL, batch_id TEXT NOT NULL, token_id TEXT NOT NULL, key BYTEA NOT NULL,
      serial TEXT, uuid TEXT, board_serial TEXT, macs TEXT NOT NULL, reason TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected', 'issued')), device_id TEXT,
      requested_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, decided_at BIGINT, decided_by TEXT,
      PRIMARY KEY (district_id, id),
      FOREIGN KEY (district_id, batch_id) REFERENCES enrollment_batch (district_id, id)
    )
    """

  private static let pendingKey: SQL =
    "CREATE UNIQUE INDEX enrollment_pending_key ON enrollment_pending (district_id, key)"
}
