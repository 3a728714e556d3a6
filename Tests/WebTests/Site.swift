import Access
import Audit
import Foundation
import HTTPTypes
import Logging
import Serving
import Storage
import TestSupport
import Testing
import Vocabulary
import Web

/// The pages on a database of their own, without sockets.
final class Site: Sendable {
  static let start = Instant(milliseconds: 1_790_000_000_000)
  static let password = "heron under seven bridges"

  let path: String
  let database: any Database
  let service: PeopleService
  let metrics = Metrics()
  /// The first administrator's link, with which `admin` sets a password.
  let firstLink: String
  /// The first administrator's API token.
  let token: String

  init() async throws {
    path = NSTemporaryDirectory() + "rollcall-web-\(UUID().uuidString).sqlite"
    database = try await TestDatabase.open(
      path, migrations: Idempotency.migrations + Journal.migrations + Access.migrations)
    let directory = AccessDirectory(database: database, logger: Logger(label: "test"))
    let desk = SignInDesk(
      database: database, directory: directory, passwords: PasswordWork(cost: PasswordCost(logN: 4)),
      metrics: metrics)
    let shell = try Shell(places: WebPages.places, version: "test")
    let people = PeopleDesk(database: database, tenants: Cedar(), directory: directory)
    let api = AccessRoutes(database: database, tenants: Cedar(), directory: directory, desk: desk).peopleRoutes
    let pages = WebPages(
      shell: shell, desk: desk, people: people, journal: JournalReader(database: database, tenants: Cedar()))
    let failing = PeopleRoute(.get, "/failing", .signedIn, Operation("fail", "Fails"), isPage: true) { _, _ in
      throw CocoaError(.fileNoSuchFile)
    }
    service = PeopleService(
      routes: api + pages.peopleRoutes + [failing],
      authenticator: directory, pages: shell,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { Self.start })
    token = try await database.write(in: .state) { try Access.bootstrap(in: $0, now: Self.start) }
    let made = try await database.write(in: .state) { try Access.firstLink(in: $0, now: Self.start) }
    firstLink = try #require(made).path
  }

  deinit {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  /// A browser in which the first administrator is signed in.
  func administrator() async throws -> Browser {
    let browser = Browser(self)
    try await browser.get(firstLink)
    try await browser.post("/set-password", ["password": Self.password, "repeated": Self.password])
    try await browser.signIn("admin")
    return browser
  }

  /// The journal's actions, oldest first.
  func actions() async throws -> [String] {
    try await database.read(in: .state) {
      try $0.rows("SELECT action FROM audit_entry ORDER BY position").map { try $0.get("action") }
    }
  }
}

/// One district, with one school.
private struct Cedar: TenantDirectory, JournalTenants {
  func requireDistrict(of scope: TenantScope, in transaction: any Transaction) {}

  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) -> Bool {
    district.rawValue == "cedar" && (school == nil || school?.rawValue == "north")
  }
}

/// What of a browser the pages meet: it keeps the cookie, sends the fields of the form that it shows, and follows redirects.
final class Browser {
  let site: Site
  var cookie: String?
  /// By which the browser is known after somebody has signed in.
  var known: String?
  var now = Site.start
  var origin = Origin(octets: [10, 0, 0, 1])
  /// The page that is shown.
  private(set) var page = ""
  private(set) var address = ""
  private(set) var reply = Reply(.ok)

  init(_ site: Site) { self.site = site }

  var status: Int { reply.status.code }
  var heading: String { first(/<h1>(.*?)<\/h1>/) ?? "" }
  var notice: String { first(/<p class="notice" role="status">(.*?)<\/p>/) ?? "" }
  var fault: String { first(/role="alert"><p>(.*?)<\/p>/) ?? "" }
  /// The secret that the page shows once.
  var once: String { first(/<p><code>(.*?)<\/code><\/p>/) ?? "" }
  var formToken: String { first(/name="form-token" value="(.*?)"/) ?? "" }

  func first(_ pattern: Regex<(Substring, Substring)>) -> String? {
    page.firstMatch(of: pattern).map { String($0.output.1) }
  }

  func get(_ address: String, headers: HTTPFields = [:]) async throws {
    let parts = address.replacing("https://c.test:8443", with: "").split(separator: "?", maxSplits: 1)
    let query = (parts.count > 1 ? parts[1].split(separator: "&") : []).map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) ?? "" }
      return (name: sides[0], value: sides.count > 1 ? sides[1] : "")
    }
    var all = headers
    all[.accept] = "text/html,application/xhtml+xml"
    try await send(Call.Parts(method: .get, path: String(parts[0]), query: query, headers: all, body: []))
  }

  /// The page's hidden fields of the form at `path`, with what is typed.
  func post(_ path: String, _ fields: [String: String] = [:], headers: HTTPFields? = nil) async throws {
    var all = hidden(of: path)
    for (name, value) in fields { all[name] = value }
    let text = all.map { "\(PercentEncoding.encode($0.key))=\(PercentEncoding.encode($0.value))" }
    var sent: HTTPFields = headers ?? .named("Sec-Fetch-Site", "same-origin")
    sent[.contentType] = "application/x-www-form-urlencoded"
    sent[.accept] = "text/html"
    try await send(
      Call.Parts(method: .post, path: path, query: [], headers: sent, body: Array(text.joined(separator: "&").utf8)))
  }

  func signIn(_ login: String, _ password: String = Site.password) async throws {
    try await get("/sign-in")
    try await post("/sign-in", ["login": login, "password": password])
  }

  private func hidden(of path: String) -> [String: String] {
    guard let start = page.range(of: "action=\"\(path)\""),
      let end = page.range(of: "</form>", range: start.upperBound..<page.endIndex)
    else { return [:] }
    var fields: [String: String] = [:]
    for match in page[start.upperBound..<end.lowerBound].matches(
      of: /<input type="hidden" name="(.*?)" value="(.*?)"/)
    {
      fields[String(match.output.1)] = String(match.output.2)
    }
    return fields
  }

  private func send(_ parts: Call.Parts) async throws {
    var headers = parts.headers
    headers[.userAgent] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    let cookies = [
      cookie.map { "\(SessionCookie.name)=\($0)" }, known.map { "\(BrowserCookie.name)=\($0)" },
    ].compactMap(\.self)
    if !cookies.isEmpty { headers[.cookie] = cookies.joined(separator: "; ") }
    reply = await site.service.respond(
      to: Call(
        parts.method, parts.path, query: parts.query, headers: headers, body: parts.body, now: now, origin: origin,
        authority: "c.test:8443"))
    for set in reply.headers[values: .setCookie] {
      let pair = set.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
      let value = pair.count > 1 ? String(pair[1]) : nil
      if pair[0] == SessionCookie.name { cookie = value } else { known = value }
    }
    (page, address) = (String(decoding: reply.body, as: UTF8.self), parts.path)
    if reply.status == .seeOther, let next = reply.headers[.location] { try await get(next) }
  }
}

extension Call {
  struct Parts {
    let method: HTTPRequest.Method
    let path: String
    let query: [(name: String, value: String)]
    let headers: HTTPFields
    let body: [UInt8]
  }
}

extension HTTPFields {
  /// By names that HTTPTypes may have no constants for.
  static func named(_ name: String, _ value: String) -> HTTPFields {
    var fields = HTTPFields()
    if let name = HTTPField.Name(name) { fields[name] = value }
    return fields
  }
}
