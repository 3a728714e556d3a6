internal import Storage
internal import Vocabulary

/// Enrolment tokens and what they brought.
enum TokenStore {
  private static let columns: SQL = """
    district_id, id, batch_id, serials, created_at, expires_at, uses, used, allow_unidentified, revoked_at
    """

  static func insert(
    _ token: EnrollmentToken, secret: Digest, by principal: PrincipalID, _ transaction: any Transaction
  ) throws {
    let serials = token.serials.map { $0.map(\.folded).sorted().joined(separator: "\n") }
    try transaction.run(
      """
      INSERT INTO enrollment_token (district_id, id, batch_id, secret, serials, expires_at, uses, used,
        allow_unidentified, created_at, created_by)
      VALUES (\(token.district), \(token.id), \(token.batch), \(secret), \(serials), \(token.expiresAt), \(token.uses),
        \(token.used), \(token.allowUnidentified), \(token.createdAt), \(principal))
      """)
  }

  /// The token with this secret, in whatever district: a device knows its secret alone.
  static func token(secret: Digest, _ transaction: any Transaction) throws -> EnrollmentToken? {
    try transaction.row("SELECT \(columns) FROM enrollment_token WHERE secret = \(secret)").map(EnrollmentToken.init)
  }

  /// Those of the secrets' tokens that there are.
  static func tokens(secrets: [Digest], _ transaction: any Transaction) throws -> [Digest: EnrollmentToken] {
    var found: [Digest: EnrollmentToken] = [:]
    for row in try transaction.rows(
      "SELECT \(columns), secret FROM enrollment_token WHERE secret IN \(list: secrets)")
    { found[try row.get("secret")] = try EnrollmentToken(row) }
    return found
  }

  static func token(
    _ id: EnrollmentTokenID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> EnrollmentToken? {
    try transaction.row(
      "SELECT \(columns) FROM enrollment_token WHERE district_id = \(district) AND id = \(id)"
    ).map(EnrollmentToken.init)
  }

  static func tokens(
    of batch: BatchID, in district: DistrictID, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> [EnrollmentToken] {
    try transaction.rows(
      """
      SELECT \(columns) FROM enrollment_token
      WHERE district_id = \(district) AND batch_id = \(batch) AND id > \(after ?? "") ORDER BY id LIMIT \(limit)
      """
    ).map(EnrollmentToken.init)
  }

  /// Counts one use.
  ///
  /// - Returns: whether there was one left.
  static func count(_ token: EnrollmentToken, _ transaction: any Transaction) throws -> Bool {
    try transaction.run(
      """
      UPDATE enrollment_token SET used = used + 1
      WHERE district_id = \(token.district) AND id = \(token.id) AND used < uses
      """) == 1
  }

  /// Counts uses of tokens, once each of them.
  ///
  /// - Throws: `storage.constraint` where one has too few left.
  static func count(_ uses: [(token: EnrollmentToken, count: Int)], _ transaction: any Transaction) throws {
    // The table's own condition holds: used <= uses.
    try transaction.run(
      "UPDATE enrollment_token SET used = used + $3 WHERE district_id = $1 AND id = $2",
      rows: uses.map { [$0.token.district.sqlValue, $0.token.id.sqlValue, $0.count.sqlValue] })
  }

  /// Those of the keys to which a token brought a certificate, kept or not.
  static func used(
    _ asked: [(key: Digest, token: EnrollmentToken)], _ transaction: any Transaction
  ) throws -> Set<Digest> {
    let wanted = SQL.wanted(asked.map { [$0.token.district, $0.token.id, $0.key] })
    return Set(
      try transaction.rows(
        """
        SELECT key FROM \(wanted) CROSS JOIN enrollment_token_use
        WHERE enrollment_token_use.district_id = wanted.column1 AND enrollment_token_use.token_id = wanted.column2
          AND enrollment_token_use.key = wanted.column3
        """
      ).map { try $0.get("key") })
  }

  /// nil too where the certificate is no longer kept.
  static func earlier(
    _ key: Digest, of token: EnrollmentToken, _ transaction: any Transaction
  ) throws -> EarlierIssue? {
    try transaction.row(
      """
      SELECT certificate, not_after FROM enrollment_token_use
      WHERE district_id = \(token.district) AND token_id = \(token.id) AND key = \(key) AND length(certificate) > 0
      """
    ).map { EarlierIssue(certificate: try $0.get("certificate"), notAfter: try $0.get("not_after")) }
  }

  static func record(
    _ certificate: IssuedCertificate, for device: DeviceID, by token: EnrollmentToken, at now: Instant,
    _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO enrollment_token_use (district_id, token_id, key, device_id, certificate, not_after, at)
      VALUES (\(token.district), \(token.id), \(certificate.key), \(device), \(certificate.der),
        \(certificate.notAfter), \(now))
      ON CONFLICT (district_id, token_id, key) DO UPDATE SET
        device_id = excluded.device_id, certificate = excluded.certificate, not_after = excluded.not_after, at = excluded.at
      """)
  }

  /// The first certificates that tokens brought to keys.
  static func record(
    _ issued: [(certificate: IssuedCertificate, device: DeviceID, token: EnrollmentToken, at: Instant)],
    _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO enrollment_token_use (district_id, token_id, key, device_id, certificate, not_after, at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      rows: issued.map { certificate, device, token, now in
        [
          token.district.sqlValue, token.id.sqlValue, certificate.key.sqlValue, device.sqlValue,
          certificate.der.sqlValue, certificate.notAfter.sqlValue, now.sqlValue,
        ]
      })
  }

  /// - Returns: whether it was not revoked before.
  static func revoke(
    _ id: EnrollmentTokenID, in district: DistrictID, at now: Instant, _ transaction: any Transaction
  ) throws -> Bool {
    try transaction.run(
      """
      UPDATE enrollment_token SET revoked_at = \(now)
      WHERE district_id = \(district) AND id = \(id) AND revoked_at IS NULL
      """) == 1
  }

  /// - Returns: how many.
  static func revokeAll(at now: Instant, _ transaction: any Transaction) throws -> Int {
    try transaction.run("UPDATE enrollment_token SET revoked_at = \(now) WHERE revoked_at IS NULL")
  }
}

extension EnrollmentToken {
  init(_ row: Row) throws {
    let listed: String? = try row.get("serials")
    self.init(
      id: try row.get("id"), district: try row.get("district_id"), batch: try row.get("batch_id"),
      serials: listed.map { Set($0.split(separator: "\n").compactMap { Serial(String($0)) }) },
      createdAt: try row.get("created_at"), expiresAt: try row.get("expires_at"), uses: try row.get("uses"),
      used: try row.get("used"), allowUnidentified: try row.get("allow_unidentified"),
      revokedAt: try row.get("revoked_at"))
  }
}
