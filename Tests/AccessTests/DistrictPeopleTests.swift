import Serving
import Testing
import Vocabulary

@Suite("A district's people, for its own administrators")
struct DistrictPeopleTests {
  private typealias Harness = AccessHarness
  private static let base = "/api/v1/districts/cedar/people"
  private static let cedarAdmin = #"{"role":"district-admin","district":"cedar"}"#

  @Test("A district's administrator adds a person, gives and takes roles, resets and disables")
  func whole() async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let made = try await harness.call(
      "POST", Self.base, as: admin.secret, #"{"login":"ada","name":"Ada","role":"school-staff","school":"north"}"#)
    #expect(made.status == 201)
    let id = try made.string("id")
    try await harness.desk.setPassword(
      Harness.password, link: Harness.secret(ofLink: try made.string("link")), now: Harness.start)
    let cookie = try await harness.signIn("ada")
    let grants = Self.base + "/\(id)/grants"
    #expect(try await harness.call("POST", grants, as: admin.secret, #"{"role":"help-desk"}"#).status == 201)
    #expect(try await harness.call("POST", grants, as: admin.secret, #"{"role":"help-desk"}"#).status == 200)
    #expect(try await harness.signedIn(cookie)?.caller.grants.count == 2)
    let listed = try await harness.call("GET", Self.base, as: admin.secret).items()
    #expect(listed.count == 2)
    let gone = try await harness.call(
      "DELETE", grants, as: admin.secret, query: [("role", "school-staff"), ("school", "north")])
    #expect(gone.status == 204)
    #expect(try await harness.call("POST", Self.base + "/\(id)/disable", as: admin.secret).status == 204)
    #expect(try await harness.signedIn(cookie) == nil)
    #expect(try await harness.call("POST", Self.base + "/\(id)/reset", as: admin.secret).status == 200)
  }

  @Test(
    "What a district's administrator does with accounts stands in the district's own journal; the state's in its own")
  func journal() async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let made = try await harness.call(
      "POST", Self.base, as: admin.secret, #"{"login":"ada","name":"Ada","role":"help-desk"}"#)
    let id = try made.string("id")
    for verb in ["reset", "disable", "reset"] {
      _ = try await harness.call("POST", Self.base + "/\(id)/\(verb)", as: admin.secret)
    }
    _ = try await harness.call("POST", "/api/v1/accounts/\(id)/disable")
    let entries = try await harness.database.read(in: .state) { transaction in
      try transaction.rows(
        "SELECT action, district_id FROM audit_entry WHERE action LIKE 'account.%' ORDER BY position"
      ).map { "\(try $0.get("action", as: String.self)) \(try $0.get("district_id", as: String.self))" }
    }
    #expect(
      entries == [
        "account.create cedar", "account.reset cedar", "account.disable cedar", "account.reset cedar",
        "account.disable *",
      ])
  }

  @Test(
    "No district gives a role of the state", arguments: ["state-admin", "auditor"])
  func rolesOfTheState(_ role: String) async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let other = try await harness.member(Harness.cedarIT)
    let before = try await harness.actions()
    let body = #"{"login":"ada","name":"Ada","role":"\#(role)"}"#
    #expect(try await code { try await harness.call("POST", Self.base, as: admin.secret, body) } == "access.grant")
    let grant = try await code {
      try await harness.call("POST", Self.base + "/\(other.id)/grants", as: admin.secret, #"{"role":"\#(role)"}"#)
    }
    #expect(grant == "access.grant")
    #expect(try await harness.actions() == before, "nothing of it stays, the person neither")
  }

  @Test("No district takes a role that it does not give, or the account of who holds one")
  func auditor() async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let auditor = try await harness.person("audrey", #"{"role":"auditor","district":"cedar"}"#, Harness.cedarIT)
    let (base, before) = (Self.base + "/\(auditor)", try await harness.actions())
    let query = [(name: "role", value: "auditor")]
    #expect(
      try await code { try await harness.call("DELETE", base + "/grants", as: admin.secret, query: query) }
        == "access.grant")
    for verb in ["reset", "disable"] {
      #expect(
        try await code { try await harness.call("POST", base + "/\(verb)", as: admin.secret) } == "access.wider-reach")
    }
    #expect(try await harness.actions() == before)
    _ = try await harness.signIn("audrey")
    let other = [(name: "role", value: "district-it")]
    #expect(try await harness.call("DELETE", base + "/grants", as: admin.secret, query: other).status == 204)
  }

  @Test(
    "A link that a district made ends where its person comes to hold what the district could not give",
    arguments: [#"{"role":"read-only"}"#, #"{"role":"state-admin"}"#, #"{"role":"auditor","district":"cedar"}"#])
  func linkOfDistrict(_ grant: String) async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let made = try await harness.call(
      "POST", Self.base, as: admin.secret, #"{"login":"ada","name":"Ada","role":"help-desk"}"#)
    let (id, first) = (try made.string("id"), Harness.secret(ofLink: try made.string("link")))
    let grants = "/api/v1/principals/\(id)/grants"
    // More of the same district is the district's own to give.
    _ = try await harness.call("POST", grants, Harness.cedarIT)
    #expect(try await harness.desk.login(ofLink: first, now: Harness.start) == "ada")
    let reset = try await harness.call("POST", Self.base + "/\(id)/reset", as: admin.secret)
    let link = Harness.secret(ofLink: try reset.string("link"))
    _ = try await harness.call("POST", grants, grant)
    #expect(try await refusal { _ = try await harness.desk.login(ofLink: link, now: Harness.start) } == "access.link")
    #expect(
      try await refusal { try await harness.desk.setPassword(Harness.password, link: link, now: Harness.start) }
        == "access.link")
    let another = try await harness.call("POST", "/api/v1/accounts/\(id)/reset")
    try await harness.desk.setPassword(
      Harness.password, link: Harness.secret(ofLink: try another.string("link")), now: Harness.start)
    _ = try await harness.signIn("ada")
  }

  @Test("Who works elsewhere too is not reset or disabled by one district, and who works there not at all is not there")
  func widerReach() async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    let boss = try await harness.person("boss", Harness.stateAdmin, Harness.cedarIT)
    let stranger = try await harness.person("stranger", #"{"role":"read-only"}"#)
    for verb in ["reset", "disable"] {
      let wider = try await code {
        try await harness.call("POST", Self.base + "/\(boss)/\(verb)", as: admin.secret)
      }
      #expect(wider == "access.wider-reach")
      let missing = try await code {
        try await harness.call("POST", Self.base + "/\(stranger)/\(verb)", as: admin.secret)
      }
      #expect(missing == "request.not-found")
    }
    let given = try await code {
      try await harness.call("POST", Self.base + "/\(stranger)/grants", as: admin.secret, #"{"role":"read-only"}"#)
    }
    #expect(given == "request.not-found")
    _ = try await harness.signIn("boss")
    let listed = try await harness.call("GET", Self.base, as: admin.secret)
    #expect(!listed.text.contains("state-admin"), "roles elsewhere are not shown")
  }

  @Test("Nobody grants to themselves, or disables or resets themselves, here either")
  func own() async throws {
    let harness = try await Harness()
    let admin = try await harness.member(Self.cedarAdmin)
    _ = try await harness.call("POST", "/api/v1/accounts", #"{"login":"admin2","principal":"\#(admin.id)"}"#)
    let grants = Self.base + "/\(admin.id)/grants"
    #expect(
      try await code { try await harness.call("POST", grants, as: admin.secret, #"{"role":"district-it"}"#) }
        == "access.own-grant")
    let query = [(name: "role", value: "district-admin")]
    #expect(
      try await code { try await harness.call("DELETE", grants, as: admin.secret, query: query) } == "access.own-grant")
    for verb in ["reset", "disable"] {
      let refused = try await code {
        try await harness.call("POST", Self.base + "/\(admin.id)/\(verb)", as: admin.secret)
      }
      #expect(refused == "access.own-account")
    }
  }

  @Test("Only a district's administrator and the state's may do this")
  func others() async throws {
    let harness = try await Harness()
    for role in Role.allCases where ![.stateAdmin, .districtAdmin].contains(role) {
      let member = try await harness.member(#"{"role":"\#(role.rawValue)","district":"cedar"}"#)
      let body = #"{"login":"ada","name":"Ada","role":"read-only"}"#
      #expect(
        try await code { try await harness.call("POST", Self.base, as: member.secret, body) } == "access.forbidden")
    }
  }
}
