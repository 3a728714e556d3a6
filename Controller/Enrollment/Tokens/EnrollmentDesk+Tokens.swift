internal import Audit
internal import Serving
internal import Storage
internal import Vocabulary

/// What people do with enrolment tokens, by the API and by pages alike.
extension EnrollmentDesk {
  /// - Returns: the token, and what a device is given: it is kept nowhere.
  /// - Throws: `request.not-found`, `enroll.token-request`.
  func makeToken(
    _ form: NewToken, as id: EnrollmentTokenID = .random(), of batch: BatchID, _ change: PersonsChange
  ) throws -> (EnrollmentToken, printed: String) {
    try form.checkLimits()
    _ = try change.batch(batch)
    let named = (form.serials ?? []).prefix(NewToken.mostSerials).compactMap { Serial($0) }
    let listing = try BatchStore.listing(named, in: change.district, change.transaction)
    let serials = try form.named { listing[$0.folded] == batch }
    let counts = try BatchStore.counts(of: batch, in: change.district, change.transaction)
    let secret = TokenSecret.random()
    let token = EnrollmentToken(
      id: id, district: change.district, batch: batch, serials: serials, createdAt: change.now,
      expiresAt: change.now.advanced(by: .seconds(form.expiresInHours * 3600)),
      uses: form.uses ?? max(1, min(serials?.count ?? counts.listed, NewToken.mostUses)), used: 0,
      allowUnidentified: form.allowUnidentified ?? false, revokedAt: nil)
    try TokenStore.insert(token, secret: secret.digest, by: change.principal, change.transaction)
    try change.record(
      "token.create", "enrollment-token", id.rawValue,
      CreatedBody(
        batch: batch, serials: serials?.count, uses: token.uses, expiresAt: token.expiresAt,
        allowUnidentified: token.allowUnidentified))
    return (token, secret.printed(root: authority.rootDigest))
  }

  /// - Throws: `request.not-found`.
  func revokeToken(_ id: EnrollmentTokenID, _ change: PersonsChange) throws {
    guard try TokenStore.token(id, in: change.district, change.transaction) != nil else {
      throw ServingError.missing("enrolment token", id, in: change.district)
    }
    if try TokenStore.revoke(id, in: change.district, at: change.now, change.transaction) {
      try change.record("token.revoke", "enrollment-token", id.rawValue, NothingMore())
    }
  }
}

private struct CreatedBody: JournalBody {
  let batch: BatchID
  /// How many it names; nil where it serves the whole batch.
  let serials: Int?
  let uses: Int
  let expiresAt: Instant
  let allowUnidentified: Bool
}

/// An entry whose ids say everything.
private struct NothingMore: JournalBody {}
