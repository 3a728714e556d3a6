import Access
import HTTPTypes
import Serving
import Vocabulary

/// What is changed on a person's page.
extension PeoplePages {
  var changes: [PeopleRoute] {
    [
      change("grants", "giveRole", "Gives a role", done: "granted") { call, form, id, actor in
        let (role, district, school) = try form.grant()
        try await people.add(role, district: district, school: school, to: id, by: actor, now: call.now)
        return nil
      },
      change("grants/remove", "takeRole", "Takes a role away", done: "taken") { call, form, id, actor in
        let (role, district, school) = try form.grant()
        try await people.remove(role, district: district, school: school, from: id, by: actor, now: call.now)
        return nil
      },
      change("account", "giveAccount", "Gives a person an account", done: "") { call, form, id, actor in
        let wish = try AccountWish(login: form["login"] ?? "", name: nil, principal: id, now: call.now)
        return Once(try await people.createAccount(wish, by: actor, now: call.now), call)
      },
      change("reset", "makeLink", "Makes a one-time link for a new password", done: "") { call, _, id, actor in
        Once(try await people.resetAccount(id, by: actor, now: call.now), call)
      },
      change("disable", "disable", "Disables an account", done: "disabled") { call, _, id, actor in
        try await people.disableAccount(id, by: actor, now: call.now)
        return nil
      },
      change("tokens", "makeToken", "Makes an API token", done: "") { call, form, id, actor in
        let days = form["days"].flatMap { Int($0) } ?? 0
        return Once(
          token: try await people.issueToken(form["name"] ?? "", days: days, to: id, by: actor, now: call.now))
      },
      change("tokens/{token}/revoke", "revokeToken", "Revokes an API token", done: "revoked") { call, _, id, actor in
        try await people.revokeToken(try call.identifier("token"), of: id, by: actor, now: call.now)
        return nil
      },
      change("sessions/{session}/end", "endBrowser", "Signs a person's browser out", done: "ended") {
        call, _, id, actor in
        try await desk.endSession(try call.identifier("session"), of: id, by: actor, now: call.now)
        return nil
      },
    ]
  }

  private typealias Change =
    @Sendable (_ call: Call, _ form: FormBody, _ person: PrincipalID, _ actor: PrincipalID) async throws -> Once?

  /// A change that leads back to the person's page: with its secret where it made one, else by a redirect.
  private func change(
    _ path: String, _ id: String, _ summary: String, done: String, _ body: @escaping Change
  ) -> PeopleRoute {
    .page(.post, "/people/{principal}/\(path)", Self.rule, id, summary) { call, context in
      let person: PrincipalID = try call.identifier("principal")
      do {
        let once = try await body(call, try FormBody(call), person, try context.actor)
        if let once { return try await show(call, context, once: once) }
        return Shell.redirect(to: "/people/\(person)?done=\(done)")
      } catch let error as AccessError {
        return try await show(call, context, fault: error)
      }
    }
  }
}

extension FormBody {
  /// - Throws: `access.value` where a code is none.
  func grant() throws(AccessError) -> (Role, DistrictID?, SchoolID?) {
    guard let role = self["role"].flatMap(Role.init(rawValue:)) else {
      throw AccessError(.value, "Choose one of the roles.")
    }
    return (role, try code("district"), try code("school"))
  }

  private func code<ID: Identifier>(_ name: String) throws(AccessError) -> ID? {
    guard let text = self[name] else { return nil }
    guard let id = ID(rawValue: text) else {
      throw AccessError(.value, "'\(text.prefix(60))' is no \(name)'s code: 1 to 40 of a–z, 0–9 and '-'.")
    }
    return id
  }
}
