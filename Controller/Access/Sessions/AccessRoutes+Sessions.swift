import Serving
import Vocabulary

extension AccessRoutes {
  private static let list = Page<SessionItem>.schema(of: SessionItem.schema)

  var sessions: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/me/sessions", .signedIn,
        Operation(
          "listOwnSessions", "The browsers that you are signed in with", query: PageRequest.parameters,
          answers: (200, Self.list))
      ) { call, context in try await sessions(of: try context.actor, call) },
      PeopleRoute(
        .delete, "/api/v1/me/sessions/{session}", .signedIn,
        Operation("endOwnSession", "Signs one of your browsers out, at once", answers: (204, nil))
      ) { call, context in
        let me = try context.actor
        try await desk.endSession(try call.identifier("session"), of: me, by: me, now: call.now)
        return Reply(.noContent)
      },
      PeopleRoute(
        .get, "/api/v1/sessions", Self.administrators,
        Operation(
          "listSessions", "The browsers that people are signed in with", query: PageRequest.parameters,
          answers: (200, Self.list))
      ) { call, _ in try await sessions(of: nil, call) },
      PeopleRoute(
        .get, "/api/v1/accounts/{principal}/sessions", Self.administrators,
        Operation(
          "listSessionsOf", "The browsers that a person is signed in with", query: PageRequest.parameters,
          answers: (200, Self.list))
      ) { call, _ in try await sessions(of: try call.identifier("principal"), call) },
      PeopleRoute(
        .delete, "/api/v1/accounts/{principal}/sessions/{session}", Self.administrators,
        Operation("endSession", "Signs a person's browser out, at once", answers: (204, nil))
      ) { call, context in
        try await desk.endSession(
          try call.identifier("session"), of: try call.identifier("principal"), by: try context.actor, now: call.now)
        return Reply(.noContent)
      },
    ]
  }

  private func sessions(of principal: PrincipalID?, _ call: Call) async throws -> Reply {
    let page = try PageRequest(call)
    let items = try await database.read(in: .state) { [policy = desk.policy] transaction in
      try SessionStore.sessions(of: principal, page, policy, now: call.now, in: transaction).map(SessionItem.init)
    }
    return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
  }
}
