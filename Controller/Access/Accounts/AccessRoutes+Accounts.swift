import HTTPTypes
import Serving
import Vocabulary

extension AccessRoutes {
  var accounts: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/accounts", Self.administrators,
        Operation(
          "listAccounts", "Who can sign in with a browser", query: PageRequest.parameters,
          answers: (200, Page<AccountItem>.schema(of: AccountItem.schema)))
      ) { call, _ in
        let page = try PageRequest(call)
        let items = try await database.read(in: .state) { transaction in
          try AccountStore.accounts(after: page.after ?? "", limit: page.limit, in: transaction).map(AccountItem.init)
        }
        return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
      },
      PeopleRoute(
        .post, "/api/v1/accounts", Self.administrators,
        Operation(
          "createAccount", "Gives a person an account, with a one-time link in this answer alone",
          body: ("application/json", NewAccount.schema), answers: (201, IssuedLink.schema))
      ) { call, context in
        let form = try JSONText.decode(NewAccount.self, from: call.body)
        let wish = try AccountWish(login: form.login, name: form.name, principal: form.principal, now: call.now)
        return try await issue(call, context, .created) { try $0.createAccount(wish) }
      },
      PeopleRoute(
        .post, "/api/v1/accounts/{principal}/reset", Self.administrators,
        Operation(
          "resetAccount", "Takes an account's password, ends its sessions, and makes a one-time link for a new one",
          answers: (200, IssuedLink.schema))
      ) { call, context in
        let principal: PrincipalID = try call.identifier("principal")
        return try await issue(call, context, .ok) { try $0.resetAccount(principal) }
      },
      PeopleRoute(
        .post, "/api/v1/accounts/{principal}/disable", Self.administrators,
        Operation(
          "disableAccount",
          "Shuts a person out until the account is reset: ends its sessions, refuses its password and API tokens",
          answers: (204, nil))
      ) { call, context in
        let principal: PrincipalID = try call.identifier("principal")
        return try await change(call, context) { changes in
          try changes.disableAccount(principal)
          return Reply(.noContent)
        }
      },
    ]
  }

  /// The link's secret is never stored, so a repeated request gets the answer without it: reset the account then.
  func issue(
    _ call: Call, _ context: OperatorContext, _ status: HTTPResponse.Status,
    _ body: @escaping @Sendable (AccessChanges) throws -> OneTimeLink
  ) async throws -> Reply {
    @Sendable func answer(_ kept: IssuedLink) throws -> Reply {
      var reply = try Reply.json(kept, status: status)
      reply.headers[.cacheControl] = "no-store"
      return reply
    }
    let withoutSecret: @Sendable (Reply) throws -> Reply = { reply in
      let made = try JSONText.decode(IssuedLink.self, from: reply.body)
      return try answer(IssuedLink(id: made.id, login: made.login, link: nil, expiresAt: made.expiresAt))
    }
    return try await change(call, context, forRepeats: withoutSecret) { changes in
      let link = try body(changes)
      return try answer(
        IssuedLink(
          id: link.principal, login: link.login, link: link.address(call.authority), expiresAt: link.expiresAt.rfc3339))
    }
  }
}
