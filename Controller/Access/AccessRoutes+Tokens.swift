import Serving
import Vocabulary

extension AccessRoutes {
  var tokens: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/principals/{principal}/tokens", Self.administrators,
        Operation(
          "listAPITokens", "A principal's API tokens, without their secrets", query: PageRequest.parameters,
          answers: (200, Page<TokenItem>.schema(of: TokenItem.schema)))
      ) { call, _ in
        let page = try PageRequest(call)
        let principal: PrincipalID = try call.identifier("principal")
        let items = try await database.read(in: .state) { transaction in
          guard try AccessStore.principal(principal, in: transaction) != nil else {
            throw ServingError.missing("principal", principal)
          }
          return try AccessStore.tokens(of: principal, page, in: transaction).map(TokenItem.init)
        }
        return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
      },
      PeopleRoute(
        .post, "/api/v1/principals/{principal}/tokens", Self.administrators,
        Operation(
          "createAPIToken", "Makes an API token; its secret is in this answer alone",
          body: ("application/json", NewToken.schema), answers: (201, IssuedToken.schema)), handle: issue),
      PeopleRoute(
        .delete, "/api/v1/principals/{principal}/tokens/{token}", Self.administrators,
        Operation("revokeAPIToken", "Revokes an API token, at once", answers: (204, nil))
      ) { call, context in
        let principal: PrincipalID = try call.identifier("principal")
        let token: APITokenID = try call.identifier("token")
        return try await change(call, context) { changes in
          try changes.revoke(token, of: principal)
          return Reply(.noContent)
        }
      },
    ]
  }

  /// The secret is never stored, so a repeated request gets the token's id alone: revoke that token and make another.
  @Sendable private func issue(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try JSONText.decode(NewToken.self, from: call.body)
    guard (1...Access.longestLife).contains(form.expiresInDays) else {
      throw AccessError(.value, "'expiresInDays' is a whole number from 1 to \(Access.longestLife).")
    }
    let token = APIToken(
      id: .random(), principal: try call.identifier("principal"), name: try Self.named(form.name), createdAt: call.now,
      expiresAt: call.now.advanced(by: .seconds(form.expiresInDays * 86_400)), revokedAt: nil, lastUsedAt: nil)
    let secret = AccessSecret.random(.token)
    @Sendable func answer(_ secret: String?) throws -> Reply {
      var reply = try Reply.json(
        IssuedToken(id: token.id, token: secret, expiresAt: token.expiresAt.rfc3339), status: .created)
      reply.headers[.cacheControl] = "no-store"
      return reply
    }
    let withoutSecret: @Sendable (Reply) throws -> Reply = { _ in try answer(nil) }
    return try await change(call, context, forRepeats: withoutSecret) { changes in
      try changes.create(token, secretHash: secret.hash)
      return try answer(secret.printed)
    }
  }
}
