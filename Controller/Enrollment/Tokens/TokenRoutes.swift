internal import Audit
internal import Serving
internal import Storage
internal import Vocabulary

/// Enrolment tokens: made, listed without their secrets, revoked.
struct TokenRoutes: Sendable {
  let desk: EnrollmentDesk

  private static let tokens = BatchRoutes.batches + "/{batch}/tokens"

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .post, Self.tokens, BatchRoutes.managers,
        Operation(
          "createEnrollmentToken", "Makes an enrolment token; what a device is given is in this answer alone",
          body: ("application/json", NewToken.schema), answers: (201, TokenItem.schema)), handle: create),
      PeopleRoute(
        .get, Self.tokens, BatchRoutes.readers,
        Operation(
          "listEnrollmentTokens", "A batch's enrolment tokens, without their secrets", query: PageRequest.parameters,
          answers: (200, Page<TokenItem>.schema(of: TokenItem.schema))), handle: list),
      PeopleRoute(
        .delete, "/api/v1/districts/{district}/tokens/{token}", BatchRoutes.managers,
        Operation("revokeEnrollmentToken", "Revokes an enrolment token, at once", answers: (204, nil)), handle: revoke),
    ]
  }

  /// The secret is never stored, so a repeated request gets the token's id alone: revoke that token and make another.
  private func create(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try JSONText.decode(NewToken.self, from: call.body)
    try form.checkLimits()
    let batch: BatchID = try call.identifier("batch")
    let district: DistrictID = try call.identifier("district")
    let secret = TokenSecret.random()
    let id = EnrollmentTokenID.random()
    let withoutSecret = { @Sendable (_: Reply) in try Reply.json(["id": id.rawValue], status: .created) }
    return try await desk.change(call, context, forRepeats: withoutSecret) { change in
      _ = try change.batch(batch)
      let listing = try Self.listed(form, batch, change)
      let serials = try form.named { listing[$0.folded] == batch }
      let counts = try BatchStore.counts(of: batch, in: district, change.transaction)
      let token = EnrollmentToken(
        id: id, district: district, batch: batch, serials: serials, createdAt: change.now,
        expiresAt: change.now.advanced(by: .seconds(form.expiresInHours * 3600)),
        uses: form.uses ?? max(1, min(serials?.count ?? counts.listed, NewToken.mostUses)), used: 0,
        allowUnidentified: form.allowUnidentified ?? false, revokedAt: nil)
      try TokenStore.insert(token, secret: secret.digest, by: change.principal, change.transaction)
      try change.record(
        "token.create", "enrollment-token", id.rawValue,
        CreatedBody(
          batch: batch, serials: serials?.count, uses: token.uses, expiresAt: token.expiresAt,
          allowUnidentified: token.allowUnidentified))
      var reply = try Reply.json(
        TokenItem(token, printed: secret.printed(root: desk.authority.rootDigest), now: change.now), status: .created)
      reply.headers[.cacheControl] = "no-store"
      return reply
    }
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let page = try PageRequest(call)
    let (district, id): (DistrictID, BatchID) = (try call.identifier("district"), try call.identifier("batch"))
    let items = try await desk.database.read(in: context.scope) { transaction in
      _ = try BatchStore.existing(id, in: district, transaction)
      return try TokenStore.tokens(of: id, in: district, after: page.after, limit: page.limit + 1, transaction)
        .map { TokenItem($0, now: call.now) }
    }
    return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
  }

  private func revoke(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let id: EnrollmentTokenID = try call.identifier("token")
    return try await desk.change(call, context) { change in
      guard try TokenStore.token(id, in: change.district, change.transaction) != nil else {
        throw ServingError.missing("enrolment token", id, in: change.district)
      }
      if try TokenStore.revoke(id, in: change.district, at: change.now, change.transaction) {
        try change.record("token.revoke", "enrollment-token", id.rawValue, NothingMore())
      }
      return Reply(.noContent)
    }
  }

  private static func listed(_ form: NewToken, _ batch: BatchID, _ change: PersonsChange) throws -> [String: BatchID] {
    let serials = (form.serials ?? []).prefix(NewToken.mostSerials).compactMap { Serial($0) }
    return try BatchStore.listing(serials, in: change.district, change.transaction)
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
