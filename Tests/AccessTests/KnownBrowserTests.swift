import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Access

@Suite("Browsers from which somebody has signed in")
struct KnownBrowserTests {
  private typealias Harness = AccessHarness

  /// Strangers use up what is answered of the name, and of the address.
  private func holdBack(_ login: String, _ harness: Harness) async throws {
    for index in 0..<10 {
      let origin = Origin(octets: [10, 1, 0, UInt8(index)])
      #expect(try await refusal { _ = try await harness.signIn(login, "x", from: origin) } == "access.sign-in")
    }
    for index in 0..<50 {
      #expect(try await refusal { _ = try await harness.signIn("stranger\(index)", "x") } == "access.sign-in")
    }
    #expect(try await refusal { _ = try await harness.signIn(login) } == "access.too-many-attempts")
  }

  @Test("Whatever strangers try, by the name or from the address, a known browser signs in; another account's does not")
  func notHeldBack() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    try await harness.person("bea")
    let known = try await harness.cookies("ada").browser
    let other = try await harness.cookies("bea").browser
    try await holdBack("ada", harness)
    let again = try await harness.cookies("ada", browser: known)
    #expect(again.browser == known, "it stays what it is")
    #expect(
      try await refusal { _ = try await harness.cookies("ada", browser: other) } == "access.too-many-attempts")
    // It takes nothing back that strangers have used up.
    #expect(
      try await refusal { _ = try await harness.signIn("ada", from: Origin(octets: [10, 9, 9, 9])) }
        == "access.too-many-attempts")
  }

  @Test("At a known browser passwords are guessed no faster, and only it is held back")
  func counted() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let (one, two) = (try await harness.cookies("ada").browser, try await harness.cookies("ada").browser)
    for _ in 0..<10 {
      #expect(try await refusal { _ = try await harness.cookies("ada", "x", browser: one) } == "access.sign-in")
    }
    #expect(try await refusal { _ = try await harness.cookies("ada", browser: one) } == "access.too-many-attempts")
    _ = try await harness.cookies("ada", browser: two)
    _ = try await harness.cookies("ada")
    _ = try await harness.cookies("ada", browser: one, at: Harness.start.advanced(by: .seconds(60)))
  }

  @Test("Who sets a password by a link is known there at once: a new link leads in whatever strangers try")
  func link() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    try await holdBack("ada", harness)
    let reset = try await harness.call("POST", "/api/v1/accounts/\(id)/reset")
    let browser = try await harness.desk.setPassword(
      Harness.password, link: Harness.secret(ofLink: try reset.string("link")), now: Harness.start)
    _ = try await harness.cookies("ada", browser: browser)
  }

  @Test("A new password, a reset and a disabled account forget every browser")
  func forgotten() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let cookies = try await harness.cookies("ada")
    #expect(try await harness.browsers() == 2, "the one that set the password, and this one")
    let call = Call(.post, "/account/password", now: Harness.start)
    let changed = try await harness.desk.changePassword(
      from: Harness.password, to: "an otter by the river", call, try await harness.context(cookies.session))
    #expect(try await harness.browsers() == 1 && changed.browser != cookies.browser)
    try await holdBack("ada", harness)
    let old = try await refusal {
      _ = try await harness.cookies("ada", "an otter by the river", browser: cookies.browser)
    }
    #expect(old == "access.too-many-attempts")
    _ = try await harness.cookies("ada", "an otter by the river", browser: changed.browser)
    _ = try await harness.call("POST", "/api/v1/accounts/\(id)/reset")
    #expect(try await harness.browsers() == 0)
    try await harness.person("bea")
    #expect(try await harness.browsers() == 1)
    let bea = try await harness.call("GET", "/api/v1/accounts").items().first { $0["login"] as? String == "bea" }
    _ = try await harness.call("POST", "/api/v1/accounts/\(try #require(bea?["id"] as? String))/disable")
    #expect(try await harness.browsers() == 0)
  }

  @Test("An account has five at most, the ones of the last sign-ins, each for 180 days from its last")
  func bounded() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    var browsers: [String] = []
    for second in 1...7 {
      browsers.append(try await harness.cookies("ada", at: Harness.start.advanced(by: .seconds(second))).browser)
    }
    #expect(try await harness.browsers() == 5)
    func isKnown(_ text: String, at now: Instant) async throws -> Bool {
      let secret = try #require(AccessSecret(.browser, printed: text))
      return try await harness.database.read(in: .state) {
        try KnownBrowser.isKnown(secret, login: try #require(LoginName("ada")), now: now, in: $0)
      }
    }
    for (index, browser) in browsers.enumerated() {
      #expect(try await isKnown(browser, at: Harness.start) == (index >= 2), "\(index)")
    }
    let end = Harness.start.advanced(by: .seconds(7 + 180 * 86_400))
    #expect(try await isKnown(browsers[6], at: end.advanced(by: .seconds(-1))))
    #expect(try await !isKnown(browsers[6], at: end))
    _ = try await harness.cookies("ada", at: end)
    #expect(try await harness.browsers() == 1, "those that are over go with a later sign-in")
  }

  @Test("No secret of a browser stands in the database")
  func hashed() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let browser = try await harness.cookies("ada").browser
    let kept = try await harness.database.read(in: .state) {
      try $0.rows("SELECT secret_hash FROM access_browser").map { try $0.get("secret_hash", as: [UInt8].self) }
    }
    #expect(kept.count == 2 && kept.contains(Digest.sha256(Array(browser.utf8)).bytes))
  }

  @Test("Strangers keep nobody from changing their own password")
  func ownPassword() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let cookies = try await harness.cookies("ada")
    try await holdBack("ada", harness)
    let call = Call(.post, "/account/password", now: Harness.start)
    let context = try await harness.context(cookies.session)
    for _ in 0..<10 {
      let wrong = try await refusal {
        _ = try await harness.desk.changePassword(from: "x", to: "an otter by the river", call, context)
      }
      #expect(wrong == "access.sign-in")
    }
    let many = try await refusal {
      _ = try await harness.desk.changePassword(from: Harness.password, to: "an otter by the river", call, context)
    }
    #expect(many == "access.too-many-attempts")
    _ = try await harness.desk.changePassword(
      from: Harness.password, to: "an otter by the river",
      Call(.post, "/account/password", now: Harness.start.advanced(by: .seconds(60))), context)
  }
}
