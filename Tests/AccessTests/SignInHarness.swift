import Access
import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

extension AccessHarness {
  static let password = "heron under seven bridges"
  static let origin = Origin(octets: [10, 0, 0, 1])!

  /// A new person with an account; the link's secret.
  func invite(_ login: String, _ grants: String...) async throws -> (id: String, link: String) {
    let made = try await call("POST", "/api/v1/accounts", #"{"login":"\#(login)","name":"Somebody"}"#)
    let id = try made.string("id")
    for grant in grants { _ = try await call("POST", "/api/v1/principals/\(id)/grants", grant) }
    return (id, Self.secret(ofLink: try made.string("link")))
  }

  static func secret(ofLink link: String) -> String { String(link.split(separator: "=").last ?? "") }

  /// A new person who has set the password.
  @discardableResult
  func person(_ login: String, _ grants: String...) async throws -> String {
    let made = try await call("POST", "/api/v1/accounts", #"{"login":"\#(login)","name":"Somebody"}"#)
    let id = try made.string("id")
    for grant in grants { _ = try await call("POST", "/api/v1/principals/\(id)/grants", grant) }
    try await desk.setPassword(Self.password, link: Self.secret(ofLink: try made.string("link")), now: Self.start)
    return id
  }

  /// The new session's cookie.
  func signIn(
    _ login: String, _ password: String = password, from origin: Origin? = AccessHarness.origin,
    had cookie: String? = nil, at now: Instant = start
  ) async throws -> String {
    try await cookies(login, password, from: origin, had: cookie, at: now).session
  }

  /// The new session's cookie and the browser's.
  func cookies(
    _ login: String, _ password: String = password, from origin: Origin? = AccessHarness.origin,
    had cookie: String? = nil, browser: String? = nil, at now: Instant = start
  ) async throws -> SignInDesk.Cookies {
    var headers: HTTPFields = [.userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"]
    let cookies = [
      cookie.map { "\(SessionCookie.name)=\($0)" }, browser.map { "\(BrowserCookie.name)=\($0)" },
    ].compactMap(\.self)
    if !cookies.isEmpty { headers[.cookie] = cookies.joined(separator: "; ") }
    let call = Call(.post, "/sign-in", headers: headers, now: now, origin: origin)
    return try await desk.signIn(login: login, password: password, call)
  }

  /// How many browsers are known.
  func browsers() async throws -> Int {
    try await database.read(in: .state) {
      try $0.row("SELECT COUNT(*) AS count FROM access_browser")?.get("count", as: Int.self) ?? 0
    }
  }

  func signedIn(_ cookie: String, at now: Instant = start) async throws -> SignedIn? {
    let found = try await directory.signedIn(cookie: cookie, now: now)
    await directory.notesDone()
    return found
  }

  /// As the pages see it.
  func context(_ cookie: String, at now: Instant = start) async throws -> OperatorContext {
    let found = try #require(try await signedIn(cookie, at: now))
    return OperatorContext(caller: found.caller, scope: .districts([]), session: found.session)
  }
}

/// The code of what `body` throws; fails the test where it throws nothing.
func refusal(_ body: () async throws -> Void) async throws -> String {
  do {
    try await body()
    Issue.record("not refused")
    return ""
  } catch let error as any CodedError {
    return error.code.text
  }
}
