import Access
import HTTPTypes
import Serving
import Vocabulary

/// People and programs, what they may do, and how they sign in: for state administrators.
struct PeoplePages: Sendable {
  static let rule = AccessRule.state([.stateAdmin])
  static let place = "/people"
  /// People on a page.
  private static let limit = 100

  let shell: Shell
  let desk: SignInDesk
  let people: PeopleDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, "/people", Self.rule, "showPeople", "People, programs and what they may do", query: ["after"]) {
        try await list($0, $1)
      },
      .page(.post, "/people", Self.rule, "addPerson", "Adds a person with an account", handle: add),
      .page(.get, "/people/{principal}", Self.rule, "showPrincipalPage", "A person or program", query: ["done"]) {
        try await show($0, $1)
      },
      .page(
        .get, "/sessions", Self.rule, "showSessions", "The browsers that people are signed in with", query: ["after"],
        handle: sessions),
    ] + changes
  }

  // MARK: - The list

  private struct List: Sendable {
    struct Form: Sendable {
      let name: String
      let login: String
    }

    let people: [PersonRow]
    let next: String?
    let form: Form
    let once: Once?
  }

  private func list(
    _ call: Call, _ context: OperatorContext, form: FormBody? = nil, once: Once? = nil, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let after = call.method == .get ? try call.query("after") : nil
    let (known, next) = try await people.people(after: after, limit: Self.limit)
    let filled = List.Form(name: form?["name"] ?? "", login: form?["login"] ?? "")
    return try shell.page(
      "people", List(people: known.map(PersonRow.init), next: next, form: filled, once: once),
      Shell.Heading("People", place: Self.place, refusal: fault), context)
  }

  @Sendable private func add(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try FormBody(call)
    do {
      let wish = try AccountWish(
        login: form["login"] ?? "", name: form["name"] ?? "", principal: nil, now: call.now)
      let link = try await people.createAccount(wish, by: try context.actor, now: call.now)
      return try await list(call, context, once: Once(link, call))
    } catch let error as AccessError {
      return try await list(call, context, form: form, fault: error)
    }
  }

  // MARK: - One person

  struct PersonModel: Sendable {
    struct GrantRow: Sendable {
      let role: String
      let place: String
      let district: String
      let school: String

      init(_ grant: Grant) {
        (role, place) = (grant.role.rawValue, GrantWords.place(grant))
        (district, school) = (grant.district?.rawValue ?? "", grant.school?.rawValue ?? "")
      }
    }

    struct TokenRow: Sendable {
      let id: APITokenID
      let name: String
      let until: Moment
      let used: Moment?
    }

    let id: PrincipalID
    let kind: String
    let since: Moment
    let signIn: String
    let lastSignIn: Moment?
    let isSelf: Bool
    let isPerson: Bool
    let hasAccount: Bool
    let canDisable: Bool
    let canGrant: Bool
    let grants: [GrantRow]
    let roles: [String]
    let sessions: [SessionRow]
    let tokens: [TokenRow]
    let once: Once?
  }

  private static let notices = [
    "granted": "The role is given.", "taken": "The role is taken away.", "disabled": "The account is disabled.",
    "ended": "That browser is signed out.", "revoked": "The token is revoked.",
  ]

  func show(
    _ call: Call, _ context: OperatorContext, once: Once? = nil, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let id: PrincipalID = try call.identifier("principal")
    let person = try await people.known(id)
    let sessions = try await desk.sessions(of: id, now: call.now)
    let tokens = try await people.tokens(of: id, now: call.now)
    let isSelf = context.caller?.principal == id
    let model = PersonModel(
      id: id, kind: person.principal.kind.rawValue, since: Moment(person.principal.createdAt),
      signIn: SignInWords.of(person), lastSignIn: person.account?.signedInAt.map(Moment.init), isSelf: isSelf,
      isPerson: person.principal.kind == .person, hasAccount: person.account != nil,
      canDisable: person.account.map { $0.state != .disabled } ?? false, canGrant: !isSelf,
      grants: person.grants.map(PersonModel.GrantRow.init), roles: Role.allCases.reversed().map(\.rawValue),
      sessions: sessions.map {
        SessionRow($0, end: "/people/\(id)/sessions/\($0.id)/end", isThis: $0.id == context.session?.id)
      },
      tokens: tokens.map {
        .init(id: $0.id, name: $0.name, until: Moment($0.expiresAt), used: $0.lastUsedAt.map(Moment.init))
      }, once: once)
    let notice = call.method == .get ? try call.query("done").flatMap { Self.notices[$0] } : nil
    return try shell.page(
      "person", model,
      Shell.Heading(person.principal.name, place: Self.place, notice: notice, refusal: fault), context)
  }

  // MARK: - Sessions of everybody

  private struct Everybody: Sendable {
    let sessions: [SessionRow]
    let next: String?
  }

  @Sendable private func sessions(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (sessions, next) = try await desk.sessions(after: try call.query("after"), limit: Self.limit, now: call.now)
    var names: [PrincipalID: String] = [:]
    for id in Set(sessions.map(\.principal)) { names[id] = try await people.known(id).principal.name }
    let rows = sessions.map { session in
      SessionRow(
        session, end: "/people/\(session.principal)/sessions/\(session.id)/end",
        isThis: session.id == context.session?.id,
        owner: .init(id: session.principal, name: names[session.principal] ?? ""))
    }
    return try shell.page(
      "all-sessions", Everybody(sessions: rows, next: next), Shell.Heading("Who is signed in", place: "/sessions"),
      context)
  }
}
