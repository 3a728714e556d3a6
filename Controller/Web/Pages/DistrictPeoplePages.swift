import Access
import HTTPTypes
import Serving
import Vocabulary

/// Who works in a district, for its own administrators.
struct DistrictPeoplePages: Sendable {
  static let roles: Set<Role> = [.stateAdmin, .districtAdmin]
  static let place = "/district-people"
  private static let rule = AccessRule.district(roles)
  private static let base = "/districts/{district}/people"

  let shell: Shell
  let people: PeopleDesk

  var routes: [PeopleRoute] {
    [
      .page(
        .get, Self.place, .scoped([.districtAdmin]), "showOwnDistricts", "One's district's people", query: ["district"]
      ) {
        call, context in
        try await choose(call, context)
      },
      .page(.get, Self.base, Self.rule, "showDistrictPeople", "Who works in the district", query: ["after"]) {
        try await list(try $0.identifier("district"), $0, $1)
      },
      .page(.post, Self.base, Self.rule, "addPersonOfDistrict", "Adds a person to the district", handle: add),
      .page(
        .get, Self.base + "/{principal}", Self.rule, "showDistrictPerson", "Somebody of the district", query: ["done"]
      ) {
        try await show($0, $1)
      },
    ] + changes
  }

  // MARK: - Which district

  private struct Districts: Sendable {
    let districts: [String]
    let isWholeState: Bool
  }

  /// Who administers one district is there at once. Who administers each one of the state's chooses among those where
  /// somebody works, or types another's code.
  private func choose(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    if let text = try call.query("district") {
      guard let district = DistrictID(rawValue: text), context.scope.contains(district) else {
        throw ServingError.notFound
      }
      return Shell.redirect(to: "/districts/\(district)/people")
    }
    let districts: [DistrictID]
    switch context.scope {
    case .districts(let own):
      if let only = own.first, own.count == 1 { return try await list(only, call, context) }
      districts = own.sorted()
    case .state: districts = try await people.districts()
    }
    let model = Districts(districts: districts.map(\.rawValue), isWholeState: context.scope == .state)
    return try shell.page("districts", model, Shell.Heading("Which district?", place: Self.place), context)
  }

  // MARK: - The list

  private struct List: Sendable {
    struct Form: Sendable {
      let name: String
      let login: String
    }

    let base: String
    let people: [PersonRow]
    let next: String?
    let form: Form
    let roles: [String]
    let once: Once?
  }

  private static let offered = PeopleDesk.rolesOfDistricts.reversed().map(\.rawValue)

  private func list(
    _ district: DistrictID, _ call: Call, _ context: OperatorContext, form: FormBody? = nil, once: Once? = nil,
    fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let after = call.method == .get ? try call.query("after") : nil
    let (known, next) = try await people.people(of: district, after: after, limit: 100)
    let model = List(
      base: "/districts/\(district)/people", people: known.map(PersonRow.init), next: next,
      form: .init(name: form?["name"] ?? "", login: form?["login"] ?? ""), roles: Self.offered, once: once)
    let heading = Shell.Heading("People of \(district)", place: Self.place, refusal: fault)
    return try shell.page("district-people", model, heading, context)
  }

  @Sendable private func add(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (form, district) = (try FormBody(call), try call.identifier("district", as: DistrictID.self))
    do {
      let (role, _, school) = try form.grant()
      let wish = try AccountWish(login: form["login"] ?? "", name: form["name"] ?? "", principal: nil, now: call.now)
      let link = try await people.addPerson(
        wish, role, district: district, school: school, by: try context.actor, now: call.now)
      return try await list(district, call, context, once: Once(link, call))
    } catch let error as AccessError {
      return try await list(district, call, context, form: form, fault: error)
    }
  }

  // MARK: - One person

  private struct PersonModel: Sendable {
    struct GrantRow: Sendable {
      let role: String
      let place: String
      let school: String
      let canTake: Bool
    }

    let base: String
    let id: PrincipalID
    let signIn: String
    let lastSignIn: Moment?
    let isSelf: Bool
    let canChange: Bool
    let canReset: Bool
    let reachesFurther: Bool
    let grants: [GrantRow]
    let roles: [String]
    let once: Once?
  }

  private static let notices = [
    "granted": "The role is given.", "disabled": "The account is disabled.", "taken": "The role is taken away.",
  ]

  private func show(
    _ call: Call, _ context: OperatorContext, once: Once? = nil, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let (district, id) = (try call.identifier("district", as: DistrictID.self), try call.person)
    let person = try await people.known(id, of: district)
    let isSelf = context.caller?.principal == id
    let model = PersonModel(
      base: "/districts/\(district)/people", id: id, signIn: SignInWords.of(person),
      lastSignIn: person.account?.signedInAt.map(Moment.init), isSelf: isSelf, canChange: !isSelf,
      canReset: !isSelf && !person.reachesFurther && person.account != nil, reachesFurther: person.reachesFurther,
      grants: person.grants.map {
        .init(
          role: $0.role.rawValue, place: GrantWords.place($0), school: $0.school?.rawValue ?? "",
          canTake: !isSelf && PeopleDesk.rolesOfDistricts.contains($0.role))
      }, roles: Self.offered, once: once)
    let notice = call.method == .get ? try call.query("done").flatMap { Self.notices[$0] } : nil
    return try shell.page(
      "district-person", model,
      Shell.Heading(person.principal.name, place: Self.place, notice: notice, refusal: fault), context)
  }

  private var changes: [PeopleRoute] {
    [
      change("grants", "giveDistrictRole", "Gives a role in the district", done: "granted") {
        call, form, district, actor in
        let (role, _, school) = try form.grant()
        try await people.add(role, of: district, school: school, to: try call.person, by: actor, now: call.now)
        return nil
      },
      change("grants/remove", "takeDistrictRole", "Takes a role in the district", done: "taken") {
        call, form, district, actor in
        let (role, _, school) = try form.grant()
        try await people.remove(role, of: district, school: school, from: try call.person, by: actor, now: call.now)
        return nil
      },
      change("reset", "makeDistrictLink", "Makes a one-time link for a new password", done: "") {
        call, _, district, actor in
        Once(try await people.resetAccount(try call.person, of: district, by: actor, now: call.now), call)
      },
      change("disable", "disableOfDistrict", "Disables an account", done: "disabled") { call, _, district, actor in
        try await people.disableAccount(try call.person, of: district, by: actor, now: call.now)
        return nil
      },
    ]
  }

  private typealias Change =
    @Sendable (_ call: Call, _ form: FormBody, _ district: DistrictID, _ actor: PrincipalID) async throws -> Once?

  private func change(
    _ path: String, _ id: String, _ summary: String, done: String, _ body: @escaping Change
  ) -> PeopleRoute {
    .page(.post, Self.base + "/{principal}/\(path)", Self.rule, id, summary) { call, context in
      let (district, person) = (try call.identifier("district", as: DistrictID.self), try call.person)
      do {
        let once = try await body(call, try FormBody(call), district, try context.actor)
        if let once { return try await show(call, context, once: once) }
        // Whose last role here was taken away is nobody's of the district any more.
        guard (try? await people.known(person, of: district)) != nil else {
          return Shell.redirect(to: "/districts/\(district)/people")
        }
        return Shell.redirect(to: "/districts/\(district)/people/\(person)?done=\(done)")
      } catch let error as AccessError {
        return try await show(call, context, fault: error)
      }
    }
  }
}

extension Call {
  /// Whom the page is about.
  fileprivate var person: PrincipalID { get throws(ServingError) { try identifier("principal") } }
}
