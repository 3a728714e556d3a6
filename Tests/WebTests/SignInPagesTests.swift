import HTTPTypes
import Serving
import Testing
import Vocabulary

@Suite("Signing in at a browser")
struct SignInPagesTests {
  @Test("The first link sets a password, once; then one signs in, sees the first page, and signs out")
  func whole() async throws {
    let site = try await Site()
    let browser = Browser(site)
    try await browser.get("/people")
    #expect(browser.address == "/sign-in" && browser.heading == "Sign in")
    #expect(browser.page.contains(#"name="next" value="/people""#))
    try await browser.get(site.firstLink)
    #expect(browser.heading == "Set your password" && browser.page.contains("<bdi>admin</bdi>"))
    try await browser.get(site.firstLink)
    #expect(browser.status == 200, "looking does not use it up")
    try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    #expect(browser.address == "/sign-in" && browser.notice == "The password is set. Sign in with it now.")
    try await browser.post("/sign-in", ["login": "admin", "password": Site.password, "next": "/people"])
    #expect(browser.address == "/people" && browser.heading == "People")
    try await browser.get("/")
    #expect(browser.heading == "Welcome" && browser.page.contains("state-admin for the whole state"))
    try await browser.post("/sign-out")
    #expect(browser.address == "/sign-in" && browser.cookie == nil)
    try await browser.get("/")
    #expect(browser.address == "/sign-in")
    try await browser.get(site.firstLink)
    #expect(browser.status == 404 && browser.page.contains("access.link"))
    #expect(try await site.actions().suffix(3) == ["account.password", "session.begin", "session.end"])
  }

  @Test("The cookie is the host's own, for TLS alone, out of scripts' reach, and not sent from other sites' forms")
  func cookie() async throws {
    let site = try await Site()
    let admin = try await site.administrator()
    let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .origin: "https://c.test:8443"]
    let reply = await site.service.respond(
      to: Call(
        .post, "/sign-in", headers: form, body: Array("login=admin&password=heron+under+seven+bridges".utf8),
        now: Site.start, authority: "c.test:8443"))
    let cookies = reply.headers[values: .setCookie]
    try #require(cookies.count == 2)
    let (set, browser) = (cookies[0], cookies[1])
    let form180 =
      /__Host-rollcall-browser=rcb_[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000/
    let known = try #require(admin.known)
    #expect(browser.wholeMatch(of: form180) != nil && !browser.contains(known))
    #expect(
      set.wholeMatch(of: /__Host-rollcall=rcs_[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax/) != nil)
    #expect(!set.contains(try #require(admin.cookie)))
    #expect(reply.headers[.cacheControl] == "no-store")
  }

  @Test("A wrong password shows the form again with the reason, the name and no password")
  func wrong() async throws {
    let site = try await Site()
    let browser = Browser(site)
    _ = try await site.administrator()
    try await browser.get("/sign-in?next=%2Fpeople")
    try await browser.post("/sign-in", ["login": "admin", "password": "s3cret typed wrong"])
    #expect(browser.status == 401 && browser.fault.contains("wrong"))
    #expect(browser.page.contains(#"value="admin""#) && browser.page.contains(#"value="/people""#))
    #expect(!browser.page.contains("s3cret"))
  }

  @Test("Ten failures hold a name back, whatever X-Forwarded-For says")
  func throttled() async throws {
    let site = try await Site()
    let browser = Browser(site)
    try await browser.get("/sign-in")
    for index in 0..<60 {
      var headers = HTTPFields.named("Sec-Fetch-Site", "same-origin")
      for name in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
        if let name = HTTPField.Name(name) { headers[name] = "192.0.2.\(index)" }
      }
      try await browser.post("/sign-in", ["login": "name\(index)", "password": "x"], headers: headers)
      #expect(browser.status == (index < 50 ? 401 : 429), "\(index)")
    }
    #expect(browser.reply.headers[.retryAfter] == "3" && browser.fault.contains("Wait 3 seconds"))
  }

  @Test("Whatever strangers try from the same address, who has signed in at a browser signs in there again")
  func knownBrowser() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.post("/sign-out")
    #expect(browser.cookie == nil && browser.known != nil, "signing out keeps the browser known")
    let stranger = Browser(site)
    for index in 0..<60 {
      try await stranger.get("/sign-in")
      try await stranger.post("/sign-in", ["login": index < 10 ? "admin" : "name\(index)", "password": "x"])
    }
    try await stranger.signIn("admin")
    #expect(stranger.status == 429)
    try await browser.signIn("admin")
    #expect(browser.heading == "Welcome")
    // A new password is not in the way of it either.
    try await browser.get("/account")
    let new = "an otter by the river"
    try await browser.post("/account/password", ["old": Site.password, "password": new, "repeated": new])
    #expect(browser.notice.hasPrefix("The password is changed"))
    try await browser.post("/sign-out")
    try await browser.signIn("admin", new)
    #expect(browser.heading == "Welcome")
  }

  @Test("At a browser where somebody is signed in, a one-time link's password is set, and another signs in")
  func signedInAlready() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/people")
    try await browser.post("/people", ["name": "Ada Field", "login": "ada"])
    let (link, former) = (browser.once, try #require(browser.cookie))
    try await browser.get(link)
    #expect(browser.heading == "Set your password" && browser.page.contains("<bdi>ada</bdi>"))
    try await browser.post("/set-password", ["password": "short", "repeated": "short"])
    #expect(browser.status == 422)
    try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    #expect(browser.status == 200 && browser.address == "/" && browser.cookie == former)
    // A form that was shown again after a fault carries the token too.
    let token = browser.formToken
    try await browser.post("/sign-in", ["login": "ada", "password": "x", "form-token": token])
    #expect(browser.status == 401 && browser.fault.contains("wrong"))
    try await browser.post("/sign-in", ["login": "ada", "password": Site.password])
    #expect(browser.heading == "Welcome" && browser.page.contains("<bdi>Ada Field</bdi>"))
    let other = Browser(site)
    other.cookie = former
    try await other.get("/people")
    #expect(other.address == "/sign-in", "the session of before is over")
  }

  @Test("A page that shows its form again tells the log why")
  func refusals() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    try await browser.get("/account")
    try await browser.post("/account/password", ["old": "x", "password": Site.password, "repeated": Site.password])
    #expect(browser.reply.refusal == "access.sign-in" && browser.status == 401)
    try await browser.get("/people")
    try await browser.post("/people", ["name": "Ada", "login": "x"])
    #expect(browser.reply.refusal == "access.value" && browser.status == 422)
    let other = Browser(site)
    try await other.signIn("admin", "x")
    #expect(other.reply.refusal == "access.sign-in" && other.status == 401)
    for _ in 0..<10 { try await other.signIn("admin", "x") }
    #expect(other.reply.refusal == "access.too-many-attempts" && other.status == 429)
    try await browser.get("/")
    #expect(browser.reply.refusal == nil)
    for line in ["rollcall_signin_failed_total 11", "rollcall_signin_throttled_total 1"] {
      #expect(site.metrics.text.contains(line), "\(line)")
    }
  }

  @Test(
    "Signing in never leads to another site",
    arguments: [
      "https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "/sign-out", "/a b", "/\u{1}", "",
    ])
  func openRedirect(_ next: String) async throws {
    let site = try await Site()
    _ = try await site.administrator()
    let browser = Browser(site)
    try await browser.get("/sign-in?next=\(PercentEncoding.encode(next))")
    #expect(!browser.page.contains("evil.test") && !browser.page.contains("javascript:"))
    try await browser.post("/sign-in", ["login": "admin", "password": Site.password, "next": next])
    #expect(browser.address == "/" && browser.status == 200)
  }

  @Test("Two passwords that differ, and one that everybody tries, are told at the form")
  func badPasswords() async throws {
    let site = try await Site()
    let browser = Browser(site)
    try await browser.get(site.firstLink)
    try await browser.post("/set-password", ["password": Site.password, "repeated": "another"])
    #expect(browser.status == 422 && browser.fault.contains("not the same"))
    try await browser.post("/set-password", ["password": "password1234", "repeated": "password1234"])
    #expect(browser.status == 422 && browser.fault.contains("Everybody tries"))
    #expect(!browser.page.contains("password1234"))
    try await browser.post("/set-password", ["password": Site.password, "repeated": Site.password])
    #expect(browser.address == "/sign-in")
  }

  @Test("The session ends after its hour without a request, and the page leads back after signing in anew")
  func idle() async throws {
    let site = try await Site()
    let browser = try await site.administrator()
    browser.now = Site.start.advanced(by: .seconds(3600))
    try await browser.get("/account?done=ended")
    #expect(browser.address == "/sign-in" && browser.page.contains("value=\"/account?done=ended\""))
  }
}
