import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@Suite("Administration at a browser")
struct AdministrationTests {
  private func id(_ browser: Browser, _ name: String) throws -> String {
    let rows = browser.page.matches(of: /href="\/people\/(prn_[a-z0-9]+)"><bdi>(.*?)<\/bdi>/)
    return try #require(rows.first { $0.output.2 == name }.map { String($0.output.1) })
  }

  @Test("A person is added, gets a role, signs in with the link, and sees what the role opens alone")
  func whole() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    try await admin.get("/people")
    try await admin.post("/people", ["name": "Ada Field", "login": "Ada.Field"])
    let link = admin.once
    #expect(link.hasPrefix("https://c.test:8443/set-password?link=rcl_"))
    try await admin.get("/people")
    #expect(!admin.page.contains("rcl_"), "it is shown once")
    let ada = try id(admin, "Ada Field")
    try await admin.get("/people/\(ada)")
    #expect(admin.heading == "Ada Field" && admin.page.contains("ada.field (no password yet)"))
    try await admin.post("/people/\(ada)/grants", ["role": "help-desk", "district": "cedar"])
    #expect(admin.notice == "The role is given.")
    #expect(admin.page.contains("<td data-label=\"Where\">district cedar</td>"))

    let browser = Browser(site)
    try await browser.get(link)
    try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    try await browser.signIn("ada.field")
    #expect(browser.heading == "Welcome" && !browser.page.contains("href=\"/people\""))
    #expect(browser.page.contains("Why do you look today?"))
    try await browser.post("/account/purpose", ["purpose": "family-calls"])
    #expect(browser.notice.hasPrefix("The reason is kept") && !browser.page.contains("Why do you look today?"))
    try await browser.get("/people")
    #expect(browser.status == 403 && browser.heading == "This is not for you")

    try await admin.get("/people/\(ada)")
    try await admin.post("/people/\(ada)/grants/remove", ["role": "help-desk", "district": "cedar"])
    #expect(admin.notice == "The role is taken away.")
    try await admin.post("/people/\(ada)/disable")
    #expect(admin.page.contains("ada.field (disabled)"))
    try await browser.get("/")
    #expect(browser.address == "/sign-in")
  }

  @Test("Each change at a page leaves its entry in the journal, and no name")
  func journal() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    try await admin.get("/people")
    try await admin.post("/people", ["name": "Olivia Unmistakable", "login": "olivia.unmistakable"])
    let person = try id(admin, "Olivia Unmistakable")
    try await admin.get("/people/\(person)")
    let base = "/people/\(person)"
    var wanted = try await site.actions()
    func change(_ path: String, _ fields: [String: String] = [:], _ action: String) async throws {
      try await admin.get(base)
      try await admin.post(path, fields)
      #expect(admin.status == 200 && admin.fault.isEmpty, "\(path): \(admin.status) \(admin.fault)")
      wanted.append(action)
      #expect(try await site.actions() == wanted, "\(path)")
    }
    try await change(base + "/grants", ["role": "warehouse", "district": "cedar"], "grant.add")
    try await change(
      base + "/grants/remove", ["role": "warehouse", "district": "cedar", "school": ""], "grant.remove")
    try await change(base + "/tokens", ["name": "Unmistakable laptop", "days": "1"], "api-token.create")
    #expect(admin.once.hasPrefix("rcp_"))
    let token = try #require(admin.first(/tokens\/(api_[a-z0-9]+)\/revoke/))
    try await change(base + "/tokens/\(token)/revoke", [:], "api-token.revoke")
    try await change(base + "/reset", [:], "account.reset")
    let texts = try await site.database.read(in: .state) { transaction in
      try transaction.rows("SELECT actor, object, body FROM audit_entry").map { row in
        let body = try row.get("body", as: [UInt8]?.self) ?? []
        return try row.get("actor", as: String.self) + row.get("object") + String(decoding: body, as: UTF8.self)
      }
    }
    for text in texts { #expect(!text.lowercased().contains("unmistakable")) }
  }

  @Test("What cannot be is told on the page, by its own words, with what was typed")
  func refused() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    try await admin.get("/people")
    let me = try id(admin, "First administrator")
    try await admin.post("/people", ["name": "Ada Field", "login": "x"])
    #expect(admin.status == 422 && admin.fault.contains("3 to 64") && admin.page.contains("value=\"Ada Field\""))
    try await admin.post("/people", ["name": "Ada Field", "login": "admin"])
    #expect(admin.status == 409 && admin.fault.contains("Another account"))
    try await admin.get("/people/\(me)")
    #expect(admin.page.contains("These are your own") && !admin.page.contains("/grants/remove"))
    try await admin.post("/people/\(me)/grants", ["role": "auditor", "form-token": admin.formToken])
    #expect(admin.status == 403 && admin.fault.contains("Nobody changes their own grants"))
    try await admin.get("/people")
    try await admin.post("/people", ["name": "Bea", "login": "bea"])
    try await admin.get("/people")
    let bea = try id(admin, "Bea")
    try await admin.get("/people/\(bea)")
    for (fields, words) in [
      (["role": "auditor", "district": "No Such"], "no district"), (["role": "auditor", "district": "birch"], "birch"),
      (["role": "state-admin", "district": "cedar"], "whole state"), (["role": "king"], "one of the roles"),
      (["role": "read-only", "school": "north"], "district"),
    ] {
      try await admin.post("/people/\(bea)/grants", fields)
      #expect(admin.status == 422 && admin.fault.contains(words), "\(fields): \(admin.fault)")
    }
    try await admin.get("/people/prn_0000000000000009")
    #expect(admin.status == 404)
  }

  @Test("A district's administrator sees and changes the district's people alone, with the district's roles alone")
  func district() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    for (name, login) in [("Dora Cedar", "dora"), ("Ada Field", "ada")] {
      try await admin.get("/people")
      try await admin.post("/people", ["name": name, "login": login])
      guard login == "dora" else { continue }
      let link = admin.once
      try await admin.get("/people")
      let dora = try id(admin, name)
      try await admin.get("/people/\(dora)")
      try await admin.post("/people/\(dora)/grants", ["role": "district-admin", "district": "cedar"])
      let browser = Browser(site)
      try await browser.get(link)
      try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    }
    let dora = Browser(site)
    try await dora.signIn("dora")
    #expect(dora.page.contains("href=\"/district-people\"") && !dora.page.contains("href=\"/people\""))
    try await dora.get("/district-people")
    #expect(dora.heading == "People of cedar" && !dora.page.contains("Ada Field"))
    #expect(!dora.page.contains("state-admin") && !dora.page.contains("auditor"))
    try await dora.post("/districts/cedar/people", ["name": "Bea Birch", "login": "bea", "role": "help-desk"])
    #expect(dora.once.contains("/set-password?link=rcl_"))
    try await dora.get("/districts/cedar/people")
    let bea = try #require(dora.first(/people\/(prn_[a-z0-9]+)"><bdi>Bea Birch</))
    try await dora.get("/districts/cedar/people/\(bea)")
    let base = "/districts/cedar/people/\(bea)"
    try await dora.post(base + "/grants", ["role": "school-staff", "school": "north"])
    #expect(dora.notice == "The role is given." && dora.page.contains("school north of district cedar"))
    try await dora.post(base + "/grants", ["role": "auditor"])
    #expect(dora.status == 422 && dora.fault.contains("A district gives"))
    try await dora.post(base + "/reset")
    #expect(dora.once.contains("rcl_"))
    try await dora.get(base)
    try await dora.post(base + "/disable")
    #expect(dora.notice == "The account is disabled.")
    try await dora.get("/people")
    #expect(dora.status == 403)
    try await dora.get("/districts/birch/people")
    #expect(dora.status == 404)
  }

  @Test("One's own page lists the browsers, ends one of them, and changes the password")
  func own() async throws {
    let site = try await Site()
    let here = try await site.administrator()
    let there = try await site.administratorAgain()
    try await here.get("/account")
    let rows = here.page.components(separatedBy: "<tr>").filter { $0.contains("/account/sessions/ses_") }
    #expect(rows.count == 2)
    let theirs = try #require(rows.first { !$0.contains("(this one)") })
    let end = try #require(theirs.firstMatch(of: /action="(.*?)"/)).output.1
    try await here.post(String(end))
    #expect(here.address == "/account" && here.notice == "That browser is signed out.")
    try await there.get("/account")
    #expect(there.address == "/sign-in")

    let browser = try await site.administratorAgain()
    try await browser.get("/account")
    let before = browser.cookie
    let new = "an otter by the river"
    try await browser.post("/account/password", ["old": "wrong", "password": new, "repeated": new])
    #expect(browser.status == 401 && browser.fault == "The present password is wrong.")
    try await browser.post("/account/password", ["old": Site.password, "password": new, "repeated": new])
    #expect(browser.notice.hasPrefix("The password is changed") && browser.cookie != before)
    let other = Browser(site)
    try await other.signIn("admin")
    #expect(other.status == 401)
    try await other.signIn("admin", new)
    #expect(other.heading == "Welcome")
  }

  @Test("Everybody's sessions are listed with whose they are, and ended from there")
  func everybody() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    let other = try await site.administratorAgain()
    try await admin.get("/sessions")
    #expect(admin.heading == "Who is signed in" && admin.page.contains("<bdi>First administrator</bdi></a></th>"))
    let rows = admin.page.components(separatedBy: "<tr>").filter { $0.contains("/sessions/ses_") }
    let theirs = try #require(rows.first { !$0.contains("(this one)") })
    let end = try #require(theirs.firstMatch(of: /action="(.*?)"/)).output.1
    try await admin.post(String(end))
    #expect(admin.notice == "That browser is signed out.")
    try await other.get("/people")
    #expect(other.address == "/sign-in")
  }

  @Test("A district's administrator finds no way to an auditor of the district")
  func auditorOfDistrict() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    let dora = try await person("Dora Cedar", "dora", ["role": "district-admin", "district": "cedar"], admin)
    let audrey = try await person("Audrey Field", "audrey", ["role": "auditor", "district": "cedar"], admin)
    try await admin.get("/people/\(audrey.id)")
    try await admin.post("/people/\(audrey.id)/grants", ["role": "read-only", "district": "cedar"])
    try await dora.browser.signIn("dora")
    let base = "/districts/cedar/people/\(audrey.id)"
    try await dora.browser.get(base)
    #expect(dora.browser.page.contains("Take away read-only") && !dora.browser.page.contains("Take away auditor"))
    #expect(!dora.browser.page.contains(base + "/reset") && !dora.browser.page.contains(base + "/disable"))
    #expect(dora.browser.page.contains("only a state administrator changes the account"))
    let token = dora.browser.formToken
    try await dora.browser.post(base + "/grants/remove", ["role": "auditor", "form-token": token])
    #expect(dora.browser.status == 422 && dora.browser.reply.refusal == "access.grant")
    for verb in ["reset", "disable"] {
      try await dora.browser.post(base + "/\(verb)", ["form-token": token])
      #expect(dora.browser.status == 403 && dora.browser.reply.refusal == "access.wider-reach")
      #expect(dora.browser.once.isEmpty)
    }
    try await audrey.browser.signIn("audrey")
    #expect(audrey.browser.page.contains("auditor for district cedar"))
  }

  @Test("Who administers every district chooses one, or types the code of one where nobody works yet")
  func everyDistrict() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    _ = try await person("Ada Field", "ada", ["role": "help-desk", "district": "cedar"], admin)
    let dora = try await person("Dora State", "dora", ["role": "district-admin"], admin).browser
    try await dora.signIn("dora")
    #expect(dora.page.contains("href=\"/district-people\""))
    try await dora.get("/district-people")
    #expect(dora.status == 200 && dora.heading == "Which district?")
    #expect(dora.page.contains("href=\"/districts/cedar/people\""))
    try await dora.get("/districts/cedar/people")
    #expect(dora.page.contains("<bdi>Ada Field</bdi>"))
    try await dora.get("/district-people?district=cedar")
    #expect(dora.status == 200 && dora.address == "/districts/cedar/people")
    try await dora.get("/district-people?district=No%20Such")
    #expect(dora.status == 404)
  }

  @Test("Everybody's sessions are shown page by page, and none is left out")
  func manySessions() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    try await site.database.write(in: .state) { transaction in
      for index in 100..<350 {
        try transaction.run(
          """
          INSERT INTO access_session (id, principal_id, secret_hash, created_at, used_at, ends_at, browser)
          SELECT \("ses_0000000000000\(index)"), principal_id, \([UInt8(index & 255), UInt8(index >> 8)]), created_at, used_at,
            ends_at, browser FROM access_session LIMIT 1
          """)
      }
    }
    var (seen, address): (Set<String>, String?) = ([], "/sessions")
    var pages = 0
    while let next = address {
      try await admin.get(next)
      pages += 1
      seen.formUnion(admin.page.matches(of: /sessions\/(ses_[a-z0-9]+)\/end/).map { String($0.output.1) })
      address = admin.first(/<a href="(\/sessions\?after=[a-z0-9_]+)" rel="next">/)
    }
    #expect(seen.count == 251 && pages == 3)
  }

  /// Somebody with an account, a password and a role.
  private func person(
    _ name: String, _ login: String, _ grant: [String: String], _ admin: Browser
  ) async throws -> (id: String, browser: Browser) {
    try await admin.get("/people")
    try await admin.post("/people", ["name": name, "login": login])
    let link = admin.once
    try await admin.get("/people")
    let id = try id(admin, name)
    try await admin.get("/people/\(id)")
    try await admin.post("/people/\(id)/grants", grant)
    #expect(admin.notice == "The role is given.")
    let browser = Browser(admin.site)
    try await browser.get(link)
    try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    return (id, browser)
  }
}
