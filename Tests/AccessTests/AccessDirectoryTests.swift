import Access
import Serving
import TestSupport
import Testing
import Vocabulary

@Suite("Who holds a token")
struct AccessDirectoryTests {
  private let start = AccessHarness.start

  @Test("The first administrator's token has the printed form and is found")
  func bootstrap() async throws {
    let harness = try await AccessHarness()
    #expect(harness.secret.wholeMatch(of: /rcp_[A-Za-z0-9_-]{43}/) != nil)
    let caller = try #require(try await harness.directory.caller(bearer: harness.secret, now: start))
    #expect(caller.grants == [Grant(.stateAdmin, at: .state)])
    #expect(try await harness.actions() == ["principal.create", "grant.add", "api-token.create"])
  }

  @Test("There is one first administrator")
  func bootstrapTwice() async throws {
    let harness = try await AccessHarness()
    await #expect(throws: AccessError(.bootstrapped, "")) {
      try await harness.database.write(in: .state) { try Access.bootstrap(in: $0, now: AccessHarness.start) }
    }
  }

  @Test("No secret stands in the database's file", .enabled(if: !TestDatabase.isPostgres))
  func noSecret() async throws {
    let harness = try await AccessHarness()
    let token = try await harness.token(of: try await harness.principal())
    let tables = ["access_token", "access_principal", "audit_entry", "serving_idempotency"]
    for table in tables {
      let columns: [String] = try await harness.database.read(in: .state) { transaction in
        try transaction.rows("SELECT name FROM pragma_table_info(\(table))").map { try $0.get("name") }
      }
      #expect(!columns.isEmpty)
    }
    try await harness.database.close()
    let file = try fileText(harness.path)
    #expect(!file.contains(token.secret))
    #expect(!file.contains(harness.secret))
  }

  @Test(
    "A text that is no token's secret asks the database nothing",
    arguments: [
      "", "rcp_", "rcp_short", "xyz_" + String(repeating: "A", count: 43), "rcp_" + String(repeating: "A", count: 44),
      "rcp_" + String(repeating: "A", count: 42) + "=", "rcp_" + String(repeating: "ä", count: 43),
      "rcp_" + String(repeating: "A", count: 100_000), "rcp_" + String(repeating: "'", count: 43),
    ])
  func malformed(_ bearer: String) async throws {
    let harness = try await AccessHarness()
    #expect(try await harness.directory.caller(bearer: bearer, now: start) == nil)
    #expect(harness.counting.reads == 0)
  }

  @Test("An unknown token is nobody's, and is asked for each time")
  func unknown() async throws {
    let harness = try await AccessHarness()
    let bearer = "rcp_" + String(repeating: "A", count: 43)
    for _ in 0..<3 { #expect(try await harness.directory.caller(bearer: bearer, now: start) == nil) }
    #expect(harness.counting.reads == 3)
  }

  @Test("A token ends at its hour, from the cache too")
  func expiry() async throws {
    let harness = try await AccessHarness()
    let token = try await harness.token(of: try await harness.principal(), days: 1)
    let end = start.advanced(by: .seconds(86_400))
    let before = end.advanced(by: .milliseconds(-1))
    #expect(try await harness.directory.caller(bearer: token.secret, now: before) != nil)
    #expect(try await harness.directory.caller(bearer: token.secret, now: end) == nil)
  }

  @Test("A revoked token is refused at once")
  func revoked() async throws {
    let harness = try await AccessHarness()
    let principal = try await harness.principal()
    let token = try await harness.token(of: principal)
    #expect(try await harness.directory.caller(bearer: token.secret, now: start) != nil)
    let answer = try await harness.call("DELETE", "/api/v1/principals/\(principal)/tokens/\(token.id)")
    #expect(answer.status == 204)
    #expect(try await harness.directory.caller(bearer: token.secret, now: start) == nil)
    let again = try await harness.call("DELETE", "/api/v1/principals/\(principal)/tokens/\(token.id)")
    #expect(again.status == 204)
    #expect(try await harness.actions().filter { $0 == "api-token.revoke" }.count == 1)
  }

  @Test("A revocation by another process counts after a second at most")
  func lag() async throws {
    let harness = try await AccessHarness()
    let token = try await harness.token(of: try await harness.principal())
    #expect(try await harness.directory.caller(bearer: token.secret, now: start) != nil)
    try await harness.database.write(in: .state) { _ = try $0.run("UPDATE access_token SET revoked_at = 1") }
    let soon = start.advanced(by: .milliseconds(999))
    #expect(try await harness.directory.caller(bearer: token.secret, now: soon) != nil)
    let later = start.advanced(by: .seconds(1))
    #expect(try await harness.directory.caller(bearer: token.secret, now: later) == nil)
  }

  @Test("A clock set back does not keep an answer alive")
  func clockSetBack() async throws {
    let harness = try await AccessHarness()
    let token = try await harness.token(of: try await harness.principal())
    #expect(try await harness.directory.caller(bearer: token.secret, now: start.advanced(by: .seconds(3600))) != nil)
    try await harness.database.write(in: .state) { _ = try $0.run("UPDATE access_token SET revoked_at = 1") }
    #expect(try await harness.directory.caller(bearer: token.secret, now: start) == nil)
  }

  @Test("A new grant counts at once, and so does a removed one")
  func grants() async throws {
    let harness = try await AccessHarness()
    let member = try await harness.member()
    #expect(try await harness.directory.caller(bearer: member.secret, now: start)?.grants == [])
    _ = try await harness.call("POST", "/api/v1/principals/\(member.id)/grants", AccessHarness.cedarIT)
    #expect(try await harness.directory.caller(bearer: member.secret, now: start)?.grants.count == 1)
    _ = try await harness.call(
      "DELETE", "/api/v1/principals/\(member.id)/grants", query: [("role", "district-it"), ("district", "cedar")])
    #expect(try await harness.directory.caller(bearer: member.secret, now: start)?.grants == [])
  }

  @Test("Within a second the database is asked once; the last use is noted once an hour")
  func economy() async throws {
    let harness = try await AccessHarness()
    for _ in 0..<10 { _ = try await harness.directory.caller(bearer: harness.secret, now: start) }
    await harness.directory.notesDone()
    #expect(harness.counting.reads == 1)
    for seconds in stride(from: 0, to: 7200, by: 60) {
      _ = try await harness.directory.caller(bearer: harness.secret, now: start.advanced(by: .seconds(seconds)))
      await harness.directory.notesDone()
    }
    #expect(harness.counting.writes == 2)
  }

  @Test("A full disk keeps nobody from signing in")
  func fullDisk() async throws {
    let harness = try await AccessHarness()
    harness.counting.fill()
    #expect(try await harness.directory.caller(bearer: harness.secret, now: start) != nil)
  }

  @Test(
    "While the database takes no changes, nobody who asks waits for the note of a use, and there is one note at a time")
  func stalled() async throws {
    let harness = try await AccessHarness()
    harness.counting.stall()
    for seconds in 0..<3 {
      let now = start.advanced(by: .seconds(seconds))
      #expect(try await harness.directory.caller(bearer: harness.secret, now: now) != nil)
    }
    harness.counting.goOn()
    await harness.directory.notesDone()
    #expect(harness.counting.reads == 3 && harness.counting.writes == 1)
  }

  @Test("Thousands of tokens do not grow the cache without bound, and are all found")
  func bounded() async throws {
    let harness = try await AccessHarness()
    let principal = try await harness.principal()
    let token = try await harness.token(of: principal)
    for index in 0..<1100 {
      let bearer = "rcp_" + String(repeating: "A", count: 39) + String(1000 + index)
      #expect(try await harness.directory.caller(bearer: bearer, now: start) == nil)
    }
    #expect(try await harness.directory.caller(bearer: token.secret, now: start) != nil)
  }

  @Test("The last valid token of a state administrator cannot be revoked; one made on the controller opens again")
  func lastToken() async throws {
    let harness = try await AccessHarness()
    let first = try #require(try await harness.directory.caller(bearer: harness.secret, now: start)).principal
    let path = "/api/v1/principals/\(first)/tokens"
    let only = try #require(try await harness.call("GET", path).items().first?["id"] as? String)
    #expect(
      try await code { try await harness.call("DELETE", path + "/" + only) } == "access.last-administrator")
    let later = start.advanced(by: .seconds(400 * 86_400))
    #expect(try await harness.directory.caller(bearer: harness.secret, now: later) == nil)
    let secret = try await harness.database.write(in: .state) {
      try Access.mintAdministratorToken(in: $0, now: later)
    }
    #expect(try await harness.directory.caller(bearer: secret, now: later)?.principal == first)
    #expect(try await harness.call("DELETE", path + "/" + only, as: secret, at: later).status == 204)
    #expect(try await harness.actions().suffix(2) == ["api-token.create", "api-token.revoke"])
  }
}
