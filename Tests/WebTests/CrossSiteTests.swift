import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@Suite("Changes that another site's page asks for")
struct CrossSiteTests {
  private static let own = HTTPFields.named("Sec-Fetch-Site", "same-origin")

  @Test("Every page that changes something refuses what does not come from a page of its own session")
  func everyForm() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/people")
    let (cookie, token) = (try #require(browser.cookie), browser.formToken)
    let other = try await site.administratorAgain()
    let before = try await site.actions()
    let routes = site.service.routes.filter { $0.isPage && $0.method == .post }
    #expect(routes.count > 10)
    for route in routes {
      let path = route.path.replacing("{principal}", with: "prn_0123456789abcdef")
        .replacing("{district}", with: "cedar")
        .replacing("{session}", with: "ses_0123456789abcdef").replacing("{token}", with: "api_0123456789abcdef")
      let sites: [(String, HTTPFields, String)] = [
        ("another site", .named("Sec-Fetch-Site", "cross-site"), token),
        ("another port or name of this site", .named("Sec-Fetch-Site", "same-site"), token),
        ("an address that was typed", .named("Sec-Fetch-Site", "none"), token),
        ("another origin", .named("Origin", "https://evil.test"), token),
        ("this name without TLS", .named("Origin", "http://c.test:8443"), token),
        ("no origin that is told", .named("Origin", "null"), token),
        ("nothing that says where from", [:], token),
        ("no token", Self.own, ""),
        ("a wrong token", Self.own, String(token.reversed())),
        ("another session's token", Self.own, other.formToken),
        ("the cookie as token", Self.own, cookie),
      ]
      for (name, headers, token) in sites {
        var headers = headers
        headers[.cookie] = "\(SessionCookie.name)=\(cookie)"
        headers[.contentType] = "application/x-www-form-urlencoded"
        let reply = await site.service.respond(
          to: Call(
            .post, path, headers: headers, body: Array("form-token=\(token)".utf8), now: Site.start,
            authority: "c.test:8443"))
        #expect(reply.status == .forbidden, "\(path) by \(name): \(reply.status)")
        #expect(String(decoding: reply.body, as: UTF8.self).contains("access.cross-site"), "\(path) by \(name)")
        #expect(reply.headers[.setCookie] == nil)
      }
    }
    #expect(try await site.actions() == before)
  }

  @Test("The API takes a session's cookie too, for changes with the token in its header alone")
  func api() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/people")
    let cookie = "\(SessionCookie.name)=\(try #require(browser.cookie))"
    func send(_ method: HTTPRequest.Method, _ headers: HTTPFields) async -> Reply {
      var headers = headers
      headers[.cookie] = cookie
      let body = method == .get ? "" : #"{"kind": "person", "name": "X"}"#
      return await site.service.respond(
        to: Call(
          method, "/api/v1/principals", headers: headers, body: Array(body.utf8), now: Site.start,
          authority: "c.test:8443"))
    }
    #expect(await send(.get, .named("Sec-Fetch-Site", "cross-site")).status == .ok, "another site cannot read it")
    #expect(await send(.post, Self.own).status == .forbidden)
    var headers = Self.own
    headers[HTTPField.Name("X-Form-Token")!] = browser.formToken
    #expect(await send(.post, headers).status == .created)
    headers[HTTPField.Name("Sec-Fetch-Site")!] = "cross-site"
    let refused = await send(.post, headers)
    #expect(refused.status == .forbidden && refused.headers[.contentType] == "application/problem+json")
  }

  @Test("A token beside a cookie is what counts, and a bad one is not made good by the cookie")
  func tokenFirst() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    let cookie = "\(SessionCookie.name)=\(try #require(browser.cookie))"
    func me(_ headers: HTTPFields) async -> Int {
      await site.service.respond(to: Call(.get, "/api/v1/me", headers: headers, now: Site.start)).status.code
    }
    #expect(await me([.cookie: cookie]) == 200)
    #expect(await me([.authorization: "Bearer \(site.token)"]) == 200)
    #expect(await me([.authorization: "Bearer bad", .cookie: cookie]) == 401)
    #expect(await me([.cookie: "\(cookie); \(cookie)"]) == 401, "two cookies: one may be planted")
    #expect(await me([.cookie: "other=1; \(cookie); more=2"]) == 200)
    #expect(await me([.cookie: "x\(cookie)"]) == 401)
  }

  @Test("Signing in by another site's form is refused, though nobody is signed in yet")
  func signIn() async throws {
    let site = try await Site()
    _ = try await site.administrator()
    let browser = Browser(site)
    for headers in [HTTPFields.named("Sec-Fetch-Site", "cross-site"), .named("Origin", "https://evil.test"), [:]] {
      try await browser.post("/sign-in", ["login": "admin", "password": Site.password], headers: headers)
      #expect(browser.status == 403 && browser.cookie == nil)
    }
  }
}

extension Site {
  /// A second browser of the first administrator, on the page of people.
  func administratorAgain() async throws -> Browser {
    let browser = Browser(self)
    try await browser.signIn("admin")
    try await browser.get("/people")
    return browser
  }
}
