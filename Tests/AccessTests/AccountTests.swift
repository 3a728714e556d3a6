import Access
import Foundation
import Serving
import TestSupport
import Testing
import Vocabulary

@Suite("Accounts and one-time links")
struct AccountTests {
  private typealias Harness = AccessHarness

  @Test("A person gets an account by a link, sets the password, and signs in")
  func whole() async throws {
    let harness = try await Harness()
    let invited = try await harness.invite("ada.field", Harness.cedarIT)
    #expect(try await refusal { _ = try await harness.signIn("ada.field") } == "access.sign-in")
    #expect(try await harness.desk.login(ofLink: invited.link, now: Harness.start) == "ada.field")
    try await harness.desk.setPassword(Harness.password, link: invited.link, now: Harness.start)
    let cookie = try await harness.signIn(" Ada.Field ")
    let known = try #require(try await harness.signedIn(cookie))
    #expect(known.caller.principal.rawValue == invited.id)
    #expect(known.caller.grants.map(\.role) == [.districtIT])
    let accounts = try await harness.call("GET", "/api/v1/accounts").items()
    #expect(accounts.first?["state"] as? String == "active")
    #expect(accounts.first?["signedInAt"] as? String == Harness.start.rfc3339)
    #expect(
      try await harness.actions().suffix(4) == ["account.create", "grant.add", "account.password", "session.begin"])
  }

  @Test("A link works once, ends at its hour, and a newer one takes its place")
  func links() async throws {
    let harness = try await Harness()
    let (start, desk) = (Harness.start, harness.desk)
    let first = try await harness.invite("ada")
    let reset = try await harness.call("POST", "/api/v1/accounts/\(first.id)/reset")
    let second = Harness.secret(ofLink: try reset.string("link"))
    #expect(
      try await refusal { try await desk.setPassword(Harness.password, link: first.link, now: start) } == "access.link")
    let late = start.advanced(by: .seconds(72 * 3600))
    #expect(
      try await refusal { try await desk.setPassword(Harness.password, link: second, now: late) } == "access.link")
    try await desk.setPassword(Harness.password, link: second, now: start)
    #expect(
      try await refusal { try await desk.setPassword("another one entirely", link: second, now: start) }
        == "access.link")
    for text in ["", "rcl_", "rcl_" + String(repeating: "A", count: 43), "rcp_" + String(repeating: "A", count: 43)] {
      #expect(try await refusal { _ = try await desk.login(ofLink: text, now: start) } == "access.link")
    }
  }

  @Test("Two who use one link at once: one of them sets the password")
  func linkRace() async throws {
    let harness = try await Harness()
    let link = try await harness.invite("ada").link
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<4 {
        group.addTask {
          (try? await harness.desk.setPassword("\(Harness.password) \(index)", link: link, now: Harness.start)) != nil
        }
      }
      return await group.reduce(into: [Bool]()) { $0.append($1) }
    }
    #expect(outcomes.filter(\.self).count == 1)
  }

  @Test("A reset takes the password and the sessions; disabling too, until the next reset")
  func resetAndDisable() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    #expect(try await harness.signedIn(cookie) != nil)
    let reset = try await harness.call("POST", "/api/v1/accounts/\(id)/reset")
    #expect(try await harness.signedIn(cookie) == nil)
    #expect(try await refusal { _ = try await harness.signIn("ada") } == "access.sign-in")
    try await harness.desk.setPassword(
      Harness.password, link: Harness.secret(ofLink: try reset.string("link")), now: Harness.start)
    let again = try await harness.signIn("ada")
    #expect(try await harness.call("POST", "/api/v1/accounts/\(id)/disable").status == 204)
    #expect(try await harness.signedIn(again) == nil)
    #expect(try await refusal { _ = try await harness.signIn("ada") } == "access.sign-in")
    #expect(try await harness.call("POST", "/api/v1/accounts/\(id)/disable").status == 204)
    #expect(try await harness.actions().filter { $0 == "account.disable" }.count == 1)
  }

  @Test("Disabling refuses the API tokens too, at once, until a reset; the controller's own way back in still leads in")
  func disabledTokens() async throws {
    let harness = try await Harness()
    let member = try await harness.member(Harness.stateAdmin)
    func isLetIn(_ secret: String) async throws -> Bool {
      let caller = try await harness.directory.caller(bearer: secret, now: Harness.start)
      await harness.directory.notesDone()
      return caller != nil
    }
    _ = try await harness.call("POST", "/api/v1/accounts", #"{"login":"mona","principal":"\#(member.id)"}"#)
    #expect(try await isLetIn(member.secret))
    _ = try await harness.call("POST", "/api/v1/accounts/\(member.id)/disable")
    #expect(try await !isLetIn(member.secret))
    let usable = try await harness.database.read(in: .state) { try Access.usableTokens(in: $0, now: Harness.start) }
    #expect(usable == 1)
    // A disabled administrator's token is no reason to let the last one go.
    let first = try #require(try await harness.directory.caller(bearer: harness.secret, now: Harness.start)).principal
    let tokens = try await harness.call("GET", "/api/v1/principals/\(first)/tokens").items()
    let token = try #require(tokens.first?["id"] as? String)
    #expect(
      try await code { try await harness.call("DELETE", "/api/v1/principals/\(first)/tokens/\(token)") }
        == "access.last-administrator")
    _ = try await harness.call("POST", "/api/v1/accounts/\(member.id)/reset")
    #expect(try await isLetIn(member.secret))

    _ = try await harness.call("POST", "/api/v1/accounts", #"{"login":"first","principal":"\#(first)"}"#)
    let boss = Caller(
      principal: try #require(PrincipalID(rawValue: member.id)), name: "boss", grants: [Grant(.stateAdmin, at: .state)])
    #expect(try await harness.call("POST", "/api/v1/accounts/\(first)/disable", caller: boss).status == 204)
    func mint() async throws -> String {
      let secret = try await harness.database.write(in: .state) {
        try Access.mintAdministratorToken(in: $0, now: Harness.start)
      }
      harness.directory.forgetAll()
      return secret
    }
    let made = try await mint()
    #expect(try await harness.directory.caller(bearer: made, now: Harness.start)?.principal == boss.principal)
    // As when every token has ended since.
    try await harness.database.write(in: .state) {
      _ = try $0.run("UPDATE access_account SET disabled_at = 1, password = NULL")
    }
    let last = try await mint()
    // Both were granted at one time, so either is the first.
    let back = try #require(try await harness.directory.caller(bearer: last, now: Harness.start)).principal
    #expect([first, boss.principal].contains(back))
    #expect(try await harness.actions().suffix(2) == ["account.enable", "api-token.create"])
    await harness.directory.notesDone()
  }

  @Test("Login names are one each, services have no accounts, and one's own account is not reset or disabled")
  func refused() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let service = try await harness.principal("Export", kind: "service")
    let bodies = [
      (#"{"login":"ADA","name":"X"}"#, "access.account-exists"),
      (#"{"login":"export","principal":"\#(service)"}"#, "access.not-a-person"),
      (#"{"login":"ab","name":"X"}"#, "access.value"), (#"{"login":"with space","name":"X"}"#, "access.value"),
      (#"{"login":"adä.field","name":"X"}"#, "access.value"), (#"{"login":"nobody"}"#, "access.value"),
      (#"{"login":"both","name":"X","principal":"\#(service)"}"#, "access.value"),
      (#"{"login":"none","principal":"prn_0000000000000009"}"#, "request.not-found"),
    ]
    for (body, expected) in bodies {
      #expect(try await code { try await harness.call("POST", "/api/v1/accounts", body) } == expected, "\(body)")
    }
    let member = try await harness.member(Harness.stateAdmin)
    _ = try await harness.call("POST", "/api/v1/accounts", #"{"login":"member","principal":"\#(member.id)"}"#)
    for verb in ["reset", "disable"] {
      let own = try await code {
        try await harness.call("POST", "/api/v1/accounts/\(member.id)/\(verb)", as: member.secret)
      }
      #expect(own == "access.own-account")
      let none = try await code { try await harness.call("POST", "/api/v1/accounts/\(service)/\(verb)") }
      #expect(none == "request.not-found")
    }
  }

  @Test("The last one who can administer stays, however they sign in")
  func lastAdministrator() async throws {
    let harness = try await Harness()
    let first = try #require(try await harness.directory.caller(bearer: harness.secret, now: Harness.start)).principal
    let boss = try await harness.person("boss", Harness.stateAdmin)
    // With a password beside it, the last token may go.
    let tokens = try await harness.call("GET", "/api/v1/principals/\(first)/tokens").items()
    let token = try #require(tokens.first?["id"] as? String)
    #expect(try await harness.call("DELETE", "/api/v1/principals/\(first)/tokens/\(token)").status == 204)
    // Without any token left, the account of the only one with a password stays.
    let caller = Caller(principal: first, name: "first", grants: [Grant(.stateAdmin, at: .state)])
    for verb in ["reset", "disable"] {
      let refused = try await code {
        try await harness.call("POST", "/api/v1/accounts/\(boss)/\(verb)", caller: caller)
      }
      #expect(refused == "access.last-administrator")
    }
    let grant = try await code {
      try await harness.call(
        "DELETE", "/api/v1/principals/\(boss)/grants", caller: caller, query: [("role", "state-admin")])
    }
    #expect(grant == "access.last-administrator")
    _ = try await harness.signIn("boss")
  }

  @Test("A repeated request for an account gives it once, and its link not again")
  func idempotent() async throws {
    let harness = try await Harness()
    let body = #"{"login":"ada","name":"Ada"}"#
    let first = try await harness.call("POST", "/api/v1/accounts", body, key: "k")
    let second = try await harness.call("POST", "/api/v1/accounts", body, key: "k")
    #expect(try first.string("id") == second.string("id"))
    #expect(first.json["link"] != nil && second.json["link"] == nil && second.status == 201)
  }

  @Test("No password, link or session stands in the database's file", .enabled(if: !TestDatabase.isPostgres))
  func noSecret() async throws {
    let harness = try await Harness()
    let invited = try await harness.invite("ada")
    let body = #"{"login":"bea","name":"Bea"}"#
    let kept = try await harness.call("POST", "/api/v1/accounts", body, key: "k")
    try await harness.desk.setPassword(Harness.password, link: invited.link, now: Harness.start)
    let cookie = try await harness.signIn("ada")
    try await harness.database.close()
    let file = try fileText(harness.path) + ((try? fileText(harness.path + "-wal")) ?? "")
    #expect(file.contains("scrypt$4$8$1$"))
    let secrets = [Harness.password, invited.link, cookie, Harness.secret(ofLink: try kept.string("link"))]
    for secret in secrets { #expect(!file.contains(secret)) }
  }

  @Test("The first link is made where nobody administers with a password, once while it holds")
  func firstLink() async throws {
    let harness = try await Harness()
    func make(_ now: Instant) async throws -> OneTimeLink? {
      try await harness.database.write(in: .state) { try Access.firstLink(in: $0, now: now) }
    }
    let first = try #require(try await make(Harness.start))
    #expect(first.login == Access.firstLogin && first.path.hasPrefix("/set-password?link=rcl_"))
    #expect(first.address("c.test:8443").hasPrefix("https://c.test:8443/set-password?link="))
    #expect(try await make(Harness.start) == nil)
    let later = Harness.start.advanced(by: .seconds(24 * 3600))
    let second = try #require(try await make(later))
    try await harness.desk.setPassword(Harness.password, link: Harness.secret(ofLink: second.path), now: later)
    #expect(try await make(later.advanced(by: .seconds(24 * 3600))) == nil)
    let cookie = try await harness.cookies("admin", at: later).session
    #expect(try await harness.signedIn(cookie, at: later)?.caller.grants == [Grant(.stateAdmin, at: .state)])
  }

  @Test("The first link is made anew where every token of an administrator has ended too")
  func firstLinkAlone() async throws {
    let harness = try await Harness()
    func make(_ now: Instant) async throws -> OneTimeLink? {
      try await harness.database.write(in: .state) { try Access.firstLink(in: $0, now: now) }
    }
    #expect(try await make(Harness.start) != nil)
    let later = Harness.start.advanced(by: .seconds(366 * 86_400))
    let link = try #require(try await make(later))
    try await harness.desk.setPassword(Harness.password, link: Harness.secret(ofLink: link.path), now: later)
    _ = try await harness.signIn("admin", at: later)
  }

  @Test("After a restore, sessions and links are over, and no browser is known")
  func replaced() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    let link = try await harness.invite("bea").link
    #expect(try await harness.browsers() > 0)
    try await harness.database.write(in: .state) { try Access.endSignIns(in: $0, now: Harness.start) }
    #expect(try await harness.browsers() == 0)
    #expect(try await harness.actions().last == "session.end-all")
    harness.directory.forgetAll()
    #expect(try await harness.signedIn(cookie) == nil)
    #expect(try await refusal { _ = try await harness.desk.login(ofLink: link, now: Harness.start) } == "access.link")
  }
}
