package import Serving
package import Storage
import Vocabulary

/// Principals, their grants, API tokens, accounts and sessions, for state administrators; a district's people for its own;
/// one's own sessions for everybody.
package struct AccessRoutes: Sendable {
  let database: any Database
  let tenants: any TenantDirectory
  let directory: AccessDirectory
  let desk: SignInDesk

  package init(
    database: any Database, tenants: any TenantDirectory, directory: AccessDirectory, desk: SignInDesk
  ) {
    self.database = database
    self.tenants = tenants
    self.directory = directory
    self.desk = desk
  }

  package var peopleRoutes: [PeopleRoute] { [me] + principals + grants + tokens + accounts + sessions + districtPeople }

  static let administrators = AccessRule.state([.stateAdmin])

  private var me: PeopleRoute {
    PeopleRoute(
      .get, "/api/v1/me", .signedIn, Operation("me", "Who the token's holder is", answers: (200, MeItem.schema))
    ) { _, context in
      guard let caller = context.caller else { throw ServingError.notFound }
      return try .json(MeItem(caller))
    }
  }

  private var principals: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/principals", Self.administrators,
        Operation(
          "listPrincipals", "Persons and services with their grants", query: PageRequest.parameters,
          answers: (200, Page<PrincipalItem>.schema(of: PrincipalItem.schema)))
      ) { call, _ in
        let page = try PageRequest(call)
        let items = try await database.read(in: .state) { transaction in
          let found = try AccessStore.principals(page, in: transaction)
          let grants = try AccessStore.grants(of: found.map(\.id), in: transaction)
          return found.map { PrincipalItem($0, grants: grants[$0.id] ?? []) }
        }
        return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
      },
      PeopleRoute(
        .post, "/api/v1/principals", Self.administrators,
        Operation(
          "createPrincipal", "Adds a person or a service", body: ("application/json", NewPrincipal.schema),
          answers: (201, PrincipalItem.schema))
      ) { call, context in
        let form = try JSONText.decode(NewPrincipal.self, from: call.body)
        let principal = Principal(
          id: .random(), kind: form.kind, name: try Self.named(form.name), createdAt: call.now)
        return try await change(call, context) { changes in
          try changes.create(principal)
          return try .json(PrincipalItem(principal, grants: []), status: .created)
        }
      },
      PeopleRoute(
        .get, "/api/v1/principals/{principal}", Self.administrators,
        Operation("getPrincipal", "A person or a service", answers: (200, PrincipalItem.schema))
      ) { call, _ in
        let id: PrincipalID = try call.identifier("principal")
        return try .json(
          try await database.read(in: .state) { transaction in
            guard let found = try AccessStore.principal(id, in: transaction) else {
              throw ServingError.missing("principal", id)
            }
            return PrincipalItem(found, grants: try AccessStore.grants(of: [id], in: transaction)[id] ?? [])
          })
      },
    ]
  }

  /// Runs `body` once for each Idempotency-Key; afterwards every caller is looked up anew, whatever came of it.
  func change(
    _ call: Call, _ context: OperatorContext, forRepeats: @escaping @Sendable (Reply) throws -> Reply = { $0 },
    _ body: @escaping @Sendable (AccessChanges) throws -> Reply
  ) async throws -> Reply {
    defer { directory.forgetAll() }
    let actor = try context.actor
    return try await database.write(in: .state) { transaction in
      try Idempotency.reply(to: call, context, in: transaction, forRepeats: forRepeats) {
        try body(AccessChanges(actor: .principal(actor), now: call.now, transaction: transaction))
      }
    }
  }

  /// The name without the space around it.
  ///
  /// - Throws: `access.value` where it is empty, longer than 100 characters, or holds control characters.
  static func named(_ text: String) throws(AccessError) -> String {
    let name = text.drop(while: \.isWhitespace)
    let end = name.lastIndex { !$0.isWhitespace }
    let trimmed = String(end.map { name[...$0] } ?? "")
    let control = trimmed.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...100).contains(trimmed.count), trimmed.utf8.count <= 400, !control else {
      throw AccessError(.value, "'name' has 1 to 100 characters, none of them a control character.")
    }
    return trimmed
  }
}
