import Access
import Foundation
import Serving
import TestSupport
import Testing
import Vocabulary

@Suite("Principals, grants and tokens over the API")
struct AccessRoutesTests {
  private typealias Harness = AccessHarness

  @Test("A principal is made, shown and listed with its grants")
  func principals() async throws {
    let harness = try await Harness()
    let made = try await harness.call("POST", "/api/v1/principals", #"{"kind":"person","name":"  Ada Field "}"#)
    #expect(made.status == 201)
    #expect(try made.string("name") == "Ada Field")
    let id = try made.string("id")
    let grant = try await harness.call(
      "POST", "/api/v1/principals/\(id)/grants", #"{"role":"read-only","district":"cedar","school":"north"}"#)
    #expect(grant.status == 201)
    let again = try await harness.call(
      "POST", "/api/v1/principals/\(id)/grants", #"{"role":"read-only","district":"cedar","school":"north"}"#)
    #expect(again.status == 200)
    let shown = try await harness.call("GET", "/api/v1/principals/\(id)")
    #expect(
      String(decoding: shown.body, as: UTF8.self).contains(
        #""grants":[{"district":"cedar","role":"read-only","school":"north"}]"#))
    let listed = try await harness.call("GET", "/api/v1/principals").items()
    #expect(listed.count == 2)
    #expect(Set(listed.compactMap { $0["id"] as? String }).contains(id))
    #expect(try await harness.actions().suffix(2) == ["principal.create", "grant.add"])
  }

  @Test("Lists of principals and tokens go page by page")
  func pages() async throws {
    let harness = try await Harness()
    let id = try await harness.principal()
    for _ in 0..<4 { _ = try await harness.token(of: id) }
    for _ in 0..<3 { _ = try await harness.principal() }
    for path in ["/api/v1/principals", "/api/v1/principals/\(id)/tokens"] {
      var seen: [String] = []
      var next: String?
      repeat {
        let page = try await harness.call("GET", path, query: [("limit", "2")] + (next.map { [("after", $0)] } ?? []))
        seen += try page.items().compactMap { $0["id"] as? String }
        next = page.json["next"] as? String
      } while next != nil
      #expect(Set(seen).count == seen.count)
      #expect(seen.count == (path.hasSuffix("tokens") ? 4 : 5))
    }
  }

  @Test("Anybody with a token may ask who they are")
  func me() async throws {
    let harness = try await Harness()
    let member = try await harness.member(Harness.cedarIT)
    let answer = try await harness.call("GET", "/api/v1/me", as: member.secret)
    #expect(try answer.string("id") == member.id)
    #expect(String(decoding: answer.body, as: UTF8.self).contains(#"{"district":"cedar","role":"district-it"}"#))
    #expect(try await code { try await harness.call("GET", "/api/v1/me", as: "rcp_none") } == "access.unauthenticated")
  }

  @Test("Everything but 'me' takes a state administrator")
  func administratorsAlone() async throws {
    let harness = try await Harness()
    let routes = harness.routes.filter { $0.path.hasPrefix("/api/v1/principals") }
    #expect(routes.count == 8)
    let members = [
      try await harness.member(Harness.cedarIT).secret, try await harness.member(#"{"role":"read-only"}"#).secret,
      try await harness.member(#"{"role":"district-it"}"#).secret, try await harness.member().secret,
    ]
    for route in routes {
      let path = route.path.replacing("{principal}", with: "prn_0000000000000001")
        .replacing("{token}", with: "api_0000000000000001")
      for secret in members {
        #expect(
          try await code { try await harness.call(route.method.rawValue, path, as: secret) } == "access.forbidden")
      }
      #expect(
        try await code { try await harness.call(route.method.rawValue, path, as: "x") } == "access.unauthenticated")
    }
  }

  @Test("Nobody grants to or revokes from themselves")
  func ownGrants() async throws {
    let harness = try await Harness()
    let member = try await harness.member(Harness.stateAdmin)
    let path = "/api/v1/principals/\(member.id)/grants"
    #expect(
      try await code { try await harness.call("POST", path, as: member.secret, Harness.cedarIT) } == "access.own-grant")
    #expect(
      try await code { try await harness.call("DELETE", path, as: member.secret, query: [("role", "state-admin")]) }
        == "access.own-grant")
  }

  @Test("The last state administrator stays, even where two remove each other")
  func lastAdministrator() async throws {
    let harness = try await Harness()
    let member = try await harness.member(Harness.stateAdmin)
    let start = Harness.start
    let first = try #require(try await harness.directory.caller(bearer: harness.secret, now: start))
    let second = try #require(try await harness.directory.caller(bearer: member.secret, now: start))
    let query = [(name: "role", value: "state-admin")]
    let removed = try await harness.call(
      "DELETE", "/api/v1/principals/\(first.principal)/grants", caller: second, query: query)
    #expect(removed.status == 204)
    // The first one asked in the same moment, with rights that were found before.
    let refused = try await code {
      try await harness.call("DELETE", "/api/v1/principals/\(second.principal)/grants", caller: first, query: query)
    }
    #expect(refused == "access.last-administrator")
    #expect(try await harness.directory.caller(bearer: member.secret, now: start)?.grants.count == 1)
  }

  @Test(
    "A grant that cannot be is refused by code",
    arguments: [
      (#"{"role":"state-admin","district":"cedar"}"#, "access.grant"),
      (#"{"role":"read-only","school":"north"}"#, "access.grant"),
      (#"{"role":"read-only","district":"birch"}"#, "access.unknown-tenant"),
      (#"{"role":"read-only","district":"cedar","school":"south"}"#, "access.unknown-tenant"),
      (#"{"role":"king"}"#, "request.body"), (#"{"district":"cedar"}"#, "request.body"),
      (#"{"role":"read-only","district":"No Such"}"#, "request.body"), ("[]", "request.body"), ("", "request.body"),
      ("\u{ff}{", "request.body"), (String(repeating: "[", count: 20_000), "request.body"),
    ])
  func refusedGrants(_ body: String, _ expected: String) async throws {
    let harness = try await Harness()
    let id = try await harness.principal()
    let before = try await harness.actions()
    #expect(try await code { try await harness.call("POST", "/api/v1/principals/\(id)/grants", body) } == expected)
    #expect(try await harness.actions() == before)
  }

  @Test(
    "What is not there is 404",
    arguments: [
      ("GET", "/api/v1/principals/prn_0000000000000009", ""), ("GET", "/api/v1/principals/nobody", ""),
      ("POST", "/api/v1/principals/prn_0000000000000009/grants", AccessHarness.cedarIT),
      ("GET", "/api/v1/principals/prn_0000000000000009/tokens", ""),
      ("POST", "/api/v1/principals/prn_0000000000000009/tokens", #"{"name":"x","expiresInDays":1}"#),
      ("DELETE", "/api/v1/principals/prn_0000000000000009/tokens/api_0000000000000009", ""),
    ])
  func missing(_ method: String, _ path: String, _ body: String) async throws {
    let harness = try await Harness()
    #expect(try await code { try await harness.call(method, path, body) } == "request.not-found")
  }

  @Test("Another principal's token is not found under this one, and a grant that is not held cannot be removed")
  func elsewhere() async throws {
    let harness = try await Harness()
    let (one, other) = (try await harness.principal(), try await harness.principal())
    let token = try await harness.token(of: one)
    let wrong = try await code { try await harness.call("DELETE", "/api/v1/principals/\(other)/tokens/\(token.id)") }
    #expect(wrong == "request.not-found")
    #expect(try await harness.directory.caller(bearer: token.secret, now: Harness.start) != nil)
    let grant = try await code {
      try await harness.call("DELETE", "/api/v1/principals/\(one)/grants", query: [("role", "read-only")])
    }
    #expect(grant == "request.not-found")
    let role = try await code { try await harness.call("DELETE", "/api/v1/principals/\(one)/grants") }
    #expect(role == "request.query")
  }

  @Test("Names and lives outside their bounds are access.value")
  func values() async throws {
    let harness = try await Harness()
    let id = try await harness.principal()
    for name in ["", "   ", String(repeating: "x", count: 101), "a\\u0000b", "a\\nb"] {
      let refused = try await code {
        try await harness.call("POST", "/api/v1/principals", #"{"kind":"person","name":"\#(name)"}"#)
      }
      #expect(refused == "access.value")
    }
    for days in [0, -1, 366] {
      let refused = try await code {
        try await harness.call("POST", "/api/v1/principals/\(id)/tokens", #"{"name":"x","expiresInDays":\#(days)}"#)
      }
      #expect(refused == "access.value")
    }
  }

  @Test("A list of tokens tells when each was made, ends and was used, and no secret")
  func tokens() async throws {
    let harness = try await Harness()
    let member = try await harness.member(Harness.cedarIT)
    _ = try await harness.call("GET", "/api/v1/me", as: member.secret)
    let answer = try await harness.call("GET", "/api/v1/principals/\(member.id)/tokens")
    let item = try #require(try answer.items().first)
    #expect(item["name"] as? String == "test")
    #expect(item["lastUsedAt"] as? String == Harness.start.rfc3339)
    #expect(item["expiresAt"] as? String == Harness.start.advanced(by: .seconds(30 * 86_400)).rfc3339)
    #expect(item["revokedAt"] == nil)
    #expect(!String(decoding: answer.body, as: UTF8.self).contains("rcp_"))
  }

  @Test("A repeated request with the same Idempotency-Key makes one principal")
  func idempotentPrincipal() async throws {
    let harness = try await Harness()
    let body = #"{"kind":"service","name":"Export"}"#
    let first = try await harness.call("POST", "/api/v1/principals", body, key: "k")
    let second = try await harness.call("POST", "/api/v1/principals", body, key: "k")
    #expect(first.body == second.body)
    #expect(second.status == 201)
    #expect(try await harness.actions().filter { $0 == "principal.create" }.count == 2)
  }

  @Test("A repeated request for a token gives its id and not its secret")
  func idempotentToken() async throws {
    let harness = try await Harness()
    let path = "/api/v1/principals/\(try await harness.principal())/tokens"
    let body = #"{"name":"x","expiresInDays":1}"#
    let first = try await harness.call("POST", path, body, key: "k")
    let second = try await harness.call("POST", path, body, key: "k")
    #expect(try first.string("id") == second.string("id"))
    let secret = try first.string("token")
    #expect(second.json["token"] == nil)
    try await harness.database.close()
    if !TestDatabase.isPostgres { #expect(!(try fileText(harness.path)).contains(secret)) }
  }

  @Test("No name of a person reaches the journal")
  func noNames() async throws {
    let harness = try await Harness()
    let id = try await harness.principal("Grace Unmistakable")
    _ = try await harness.token(of: id)
    _ = try await harness.call("POST", "/api/v1/principals/\(id)/grants", Harness.cedarIT)
    let journal = try await harness.call("GET", "/api/v1/journal")
    #expect(try journal.items().count == 6)
    #expect(!String(decoding: journal.body, as: UTF8.self).contains("Unmistakable"))
    // The district sees who may do what in it.
    let member = try await harness.member(Harness.cedarIT)
    let own = try await harness.call("GET", "/api/v1/journal", as: member.secret).items()
    #expect(own.compactMap { $0["action"] as? String } == ["grant.add", "grant.add"])
  }

  @Test("Principals, grants and tokens are the state's; every other table is a tenant's")
  func tenants() async throws {
    let harness = try await Harness()
    let shared: Set = [
      "storage_migration", "serving_idempotency", "access_principal", "access_grant", "access_token", "audit_tile",
      "audit_checkpoint", "access_account", "access_link", "access_session", "access_browser", "access_attempt",
    ]
    #expect(try await TestDatabase.tenancyViolations(in: harness.database, shared: shared) == [])
  }

  @Test("The codes are stable")
  func codes() {
    #expect(
      AccessError.Kind.allCases.map(\.rawValue) == [
        "access.last-administrator", "access.own-grant", "access.grant", "access.unknown-tenant", "access.value",
        "access.bootstrapped", "access.no-administrator", "access.sign-in", "access.too-many-attempts", "access.link",
        "access.password", "access.account-exists", "access.not-a-person", "access.wider-reach",
        "access.own-account",
      ])
  }
}

/// The file's bytes with every unprintable one left out.
func fileText(_ path: String) throws -> String {
  let bytes = try Data(contentsOf: URL(filePath: path)).filter { (0x20...0x7e).contains($0) }
  return String(decoding: bytes, as: UTF8.self)
}
