import Access
import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@Suite("Sessions")
struct SessionTests {
  private typealias Harness = AccessHarness

  private func after(_ seconds: Int64) -> Instant { Harness.start.advanced(by: .seconds(seconds)) }

  @Test("A session ends where nobody used it for an hour, and after half a day whatever happens")
  func ends() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let idle = try await harness.signIn("ada")
    #expect(try await harness.signedIn(idle, at: after(3599)) != nil)
    let left = try await harness.signIn("ada")
    #expect(try await harness.signedIn(left, at: after(3600)) == nil)
    let used = try await harness.signIn("ada")
    for hour in stride(from: Int64(1800), to: 12 * 3600, by: 1800) {
      #expect(try await harness.signedIn(used, at: after(hour)) != nil, "\(hour)")
    }
    #expect(try await harness.signedIn(used, at: after(12 * 3600)) == nil)
  }

  @Test("A use is noted once a minute at most")
  func economy() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    let before = harness.counting.writes
    for second in Int64(0)..<120 { _ = try await harness.signedIn(cookie, at: after(second)) }
    #expect(harness.counting.writes - before == 1)
  }

  @Test("A use is noted also where a live page asked in the same second; the page's own asking is none")
  func besideLive() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    let before = harness.counting.writes
    func asks(_ second: Int64) async throws {
      #expect(try await harness.directory.stillSignedIn(cookie: cookie, now: after(second)) != nil)
      await harness.directory.notesDone()
    }
    for second in Int64(600)..<603 { try await asks(second) }
    #expect(harness.counting.writes == before)
    for _ in 0..<3 { _ = try await harness.signedIn(cookie, at: after(602)) }
    #expect(harness.counting.writes - before == 1)
    // An hour after that use, and not after the sign-in.
    #expect(try await harness.signedIn(cookie, at: after(602 + 3599)) != nil)
  }

  @Test("Each sign-in gives a new cookie, and ends what the browser had before")
  func rotated() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let first = try await harness.signIn("ada")
    let second = try await harness.signIn("ada", had: first)
    #expect(first != second && first.wholeMatch(of: /rcs_[A-Za-z0-9_-]{43}/) != nil)
    #expect(try await harness.signedIn(first) == nil)
    let known = try #require(try await harness.signedIn(second))
    let again = try #require(try await harness.signedIn(second))
    #expect(known.session.formToken == again.session.formToken)
    let (one, other) = (known.session.formToken.masked(), known.session.formToken.masked())
    #expect(one.count == 86 && one != other && !one.contains(second.dropFirst(4)))
    #expect(try await harness.actions().suffix(3) == ["session.begin", "session.end", "session.begin"])
    // A cookie that somebody else planted is never taken up.
    let planted = "rcs_" + String(repeating: "A", count: 43)
    #expect(try await harness.signIn("ada", had: planted) != planted)
    #expect(try await harness.signedIn(planted) == nil)
  }

  @Test("Whoever signs in where another is signed in ends that one's session, and the journal says whose it was")
  func sharedBrowser() async throws {
    let harness = try await Harness()
    let ada = try await harness.person("ada")
    let ben = try await harness.person("ben")
    let first = try await harness.signIn("ada")
    let session = try #require(try await harness.signedIn(first)).session.id
    _ = try await harness.signIn("ben", had: first)
    #expect(try await harness.signedIn(first) == nil)
    let entries = try await harness.database.read(in: .state) { transaction in
      try transaction.rows("SELECT actor, object, body FROM audit_entry WHERE action = 'session.end'").map { row in
        let body = try row.get("body", as: [UInt8].self)
        return "\(try row.get("actor", as: String.self)) \(try row.get("object", as: String.self)) "
          + String(decoding: body, as: UTF8.self)
      }
    }
    #expect(entries == [#"\#(ben) \#(session) {"principal":"\#(ada)"}"#])
    // One that was over already has ended once.
    let again = try await harness.signIn("ada", at: after(10))
    _ = try await harness.signIn("ben", had: again, at: after(7200))
    #expect(try await harness.actions().filter { $0 == "session.end" }.count == 1)
  }

  @Test("A session that is ended is over at once; at another controller within a second")
  func revoked() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    #expect(try await harness.signedIn(cookie) != nil)
    let items = try await harness.call("GET", "/api/v1/accounts/\(id)/sessions").items()
    #expect(items.count == 1 && items[0]["browser"] as? String == "Firefox on Linux")
    let session = try #require(items[0]["id"] as? String)
    #expect(try await harness.call("DELETE", "/api/v1/accounts/\(id)/sessions/\(session)").status == 204)
    #expect(try await harness.signedIn(cookie) == nil)
    #expect(try await harness.actions().last == "session.end")

    let second = try await harness.signIn("ada")
    #expect(try await harness.signedIn(second) != nil)
    try await harness.database.write(in: .state) { _ = try $0.run("DELETE FROM access_session") }
    #expect(try await harness.signedIn(second, at: Harness.start.advanced(by: .milliseconds(999))) != nil)
    #expect(try await harness.signedIn(second, at: after(1)) == nil)
  }

  @Test("One sees and ends one's own sessions, and nobody else's")
  func own() async throws {
    let harness = try await Harness()
    let ada = try await harness.person("ada")
    let bea = try await harness.person("bea")
    let (adas, beas) = (try await harness.signIn("ada"), try await harness.signIn("bea"))
    let caller = try #require(try await harness.signedIn(adas)).caller
    let listed = try await harness.call("GET", "/api/v1/me/sessions", caller: caller).items()
    #expect(listed.map { $0["principal"] as? String } == [ada])
    let others = try await harness.call("GET", "/api/v1/accounts/\(bea)/sessions").items()
    let session = try #require(others.first?["id"] as? String)
    #expect(try await harness.call("DELETE", "/api/v1/me/sessions/\(session)", caller: caller).status == 204)
    #expect(try await harness.signedIn(beas) != nil, "another's stays")
    let mine = try #require(listed.first?["id"] as? String)
    #expect(try await harness.call("DELETE", "/api/v1/me/sessions/\(mine)", caller: caller).status == 204)
    #expect(try await harness.signedIn(adas) == nil)
  }

  @Test("A changed password ends every session, and begins one anew with the same purpose")
  func changedPassword() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let (here, there) = (try await harness.signIn("ada"), try await harness.signIn("ada"))
    let call = Call(.post, "/account/password", now: Harness.start)
    try await harness.desk.choose(.repair, call, try await harness.context(here))
    let context = try await harness.context(here)
    #expect(context.session?.purpose == .repair)
    let refused = try await refusal {
      _ = try await harness.desk.changePassword(from: "wrong", to: "an otter by the river", call, context)
    }
    #expect(refused == "access.sign-in")
    let weak = try await refusal {
      _ = try await harness.desk.changePassword(from: Harness.password, to: "short", call, context)
    }
    #expect(weak == "access.password")
    let new = try await harness.desk.changePassword(
      from: Harness.password, to: "an otter by the river", call, context)
    for old in [here, there] { #expect(try await harness.signedIn(old) == nil) }
    #expect(try await harness.signedIn(new.session)?.session.purpose == .repair)
    #expect(try await refusal { _ = try await harness.signIn("ada") } == "access.sign-in")
    _ = try await harness.signIn("ada", "an otter by the river")
  }

  @Test("A new grant counts in a session at once")
  func grants() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let cookie = try await harness.signIn("ada")
    #expect(try await harness.signedIn(cookie)?.caller.grants == [])
    _ = try await harness.call("POST", "/api/v1/principals/\(id)/grants", Harness.cedarIT)
    #expect(try await harness.signedIn(cookie)?.caller.grants.count == 1)
  }

  @Test("What can be no session's cookie asks the database nothing")
  func malformed() async throws {
    let harness = try await Harness()
    for text in ["", "rcs_", "rcp_" + String(repeating: "A", count: 43), "rcs_" + String(repeating: "'", count: 43)] {
      #expect(try await harness.directory.signedIn(cookie: text, now: Harness.start) == nil)
    }
    #expect(harness.counting.reads == 0)
  }

  @Test("An account has twenty sessions at most: one more ends the one that was used the longest ago")
  func bounded() async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let kept = try await harness.signIn("ada")
    var all: [String] = []
    for minute in Int64(1)...20 {
      all.append(try await harness.signIn("ada", at: after(minute * 60)))
      _ = try await harness.signedIn(kept, at: after(minute * 60))
    }
    #expect(try await harness.call("GET", "/api/v1/accounts/\(id)/sessions", at: after(1200)).items().count == 20)
    #expect(try await harness.signedIn(all[0], at: after(1200)) == nil)
    for cookie in [kept] + all.dropFirst() { #expect(try await harness.signedIn(cookie, at: after(1200)) != nil) }
    #expect(try await harness.actions().filter { $0 == "session.end" }.count == 1)
  }

  @Test("Sessions that are over are swept away by later sign-ins")
  func swept() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    for _ in 0..<5 { _ = try await harness.signIn("ada") }
    _ = try await harness.signIn("ada", at: after(3601))
    let left = try await harness.database.read(in: .state) {
      try $0.row("SELECT COUNT(*) AS count FROM access_session")?.get("count", as: Int.self)
    }
    #expect(left == 1)
  }

  @Test(
    "A browser is named by what it says, and by no more",
    arguments: [
      (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
        "Edge on Windows"
      ),
      ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
      ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
      ("curl/8.0", "A program"), ("<script>alert(1)</script>", "A program"),
    ])
  func browsers(_ agent: String, _ wanted: String) async throws {
    let harness = try await Harness()
    let id = try await harness.person("ada")
    let call = Call(.post, "/sign-in", headers: [.userAgent: agent], now: Harness.start)
    _ = try await harness.desk.signIn(login: "ada", password: Harness.password, call)
    let items = try await harness.call("GET", "/api/v1/accounts/\(id)/sessions").items()
    #expect(items.first?["browser"] as? String == wanted)
  }
}
