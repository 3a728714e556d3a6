internal import Serving
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
    let id = EnrollmentTokenID.random()
    let withoutSecret = { @Sendable (_: Reply) in try Reply.json(["id": id.rawValue], status: .created) }
    return try await desk.change(call, context, forRepeats: withoutSecret) { change in
      let (token, printed) = try desk.makeToken(form, as: id, of: batch, change)
      var reply = try Reply.json(TokenItem(token, printed: printed, now: change.now), status: .created)
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
      try desk.revokeToken(id, change)
      return Reply(.noContent)
    }
  }
}
