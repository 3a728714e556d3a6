import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Access

@Suite("Sign-ins that fail")
struct SignInThrottleTests {
  private typealias Harness = AccessHarness

  @Test(
    "A wrong password, an unknown name, a disabled account and one without a password are told alike, after the same work"
  )
  func alike() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let disabled = try await harness.person("dora")
    _ = try await harness.call("POST", "/api/v1/accounts/\(disabled)/disable")
    _ = try await harness.invite("ivy")
    var words: Set<String> = []
    for (login, password) in [
      ("ada", "wrong"), ("nobody", "wrong"), ("dora", Harness.password), ("ivy", ""), ("no name at all", "x"), ("", ""),
    ] {
      let before = harness.passwords.computed
      do {
        _ = try await harness.signIn(login, password)
        Issue.record("let in as \(login)")
      } catch let error as AccessError {
        words.insert("\(error.code) \(error.message) \(error.status)")
      }
      #expect(harness.passwords.computed == before + 1, "\(login)")
    }
    #expect(words.count == 1)
  }

  @Test("Ten failures of a name, then one a minute, whether there is such an account or not")
  func byName() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    for login in ["ada", "nobody"] {
      for index in 0..<10 {
        let origin = Origin(octets: [10, 1, 0, UInt8(index)])
        #expect(try await refusal { _ = try await harness.signIn(login, "x", from: origin) } == "access.sign-in")
      }
      let (before, other) = (harness.passwords.computed, Origin(octets: [192, 0, 2, 1]))
      #expect(
        try await refusal { _ = try await harness.signIn(login, Harness.password, from: other) }
          == "access.too-many-attempts")
      #expect(harness.passwords.computed == before, "nothing is computed for who is held back")
    }
    let later = Harness.start.advanced(by: .seconds(60))
    _ = try await harness.signIn("ada", at: later)
    // The right password took every failure back.
    for _ in 0..<10 {
      #expect(try await refusal { _ = try await harness.signIn("ada", "x", at: later) } == "access.sign-in")
    }
  }

  @Test("The refusal tells when to come back")
  func retryAfter() async throws {
    let harness = try await Harness()
    for _ in 0..<10 { _ = try? await harness.signIn("nobody", "x") }
    do {
      _ = try await harness.signIn("nobody", "x")
      Issue.record("answered")
    } catch let error as AccessError {
      #expect(error.status == .tooManyRequests && error.headers[.retryAfter] == "60")
    }
  }

  @Test("Fifty failures from an address hold it back under every name, and nobody else")
  func byAddress() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    for index in 0..<50 {
      #expect(try await refusal { _ = try await harness.signIn("name\(index)", "x") } == "access.sign-in")
    }
    #expect(try await refusal { _ = try await harness.signIn("ada") } == "access.too-many-attempts")
    _ = try await harness.signIn("ada", from: Origin(octets: [10, 0, 0, 2]))
    _ = try await harness.signIn("ada", at: Harness.start.advanced(by: .seconds(3)))
  }

  @Test("Right passwords use up nothing: a school of a hundred signs in from one address")
  func manyRight() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    for _ in 0..<100 { _ = try await harness.signIn("ada") }
  }

  @Test("Many at once are counted before they are looked at, and at another controller too")
  func atOnce() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let before = harness.passwords.computed
    let other = PasswordWork(cost: PasswordCost(logN: 4))
    let second = SignInDesk(database: harness.database, directory: harness.directory, passwords: other)
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<30 {
        group.addTask {
          let desk = index.isMultiple(of: 2) ? harness.desk : second
          let call = Call(.post, "/sign-in", now: Harness.start, origin: Harness.origin)
          _ = try? await desk.signIn(login: "ada", password: "wrong \(index)", call)
        }
      }
    }
    let computed = harness.passwords.computed - before + other.computed
    #expect((1...10).contains(computed))
  }

  @Test("The rate is spent one by one and comes back with time; a clock set back locks nobody out for longer")
  func decision() {
    let limit = SignInThrottle.Limit(burst: 3, pause: .seconds(10))
    let start = Instant(seconds: 1_000)
    var spent: Instant?
    for _ in 0..<3 {
      let next = SignInThrottle.decide(spentUntil: spent, limit, now: start)
      #expect(next.wait == nil)
      spent = next.spentUntil
    }
    #expect(SignInThrottle.decide(spentUntil: spent, limit, now: start).wait == 10)
    #expect(SignInThrottle.decide(spentUntil: spent, limit, now: start.advanced(by: .seconds(9))).wait == 1)
    #expect(SignInThrottle.decide(spentUntil: spent, limit, now: start.advanced(by: .seconds(10))).wait == nil)
    #expect(SignInThrottle.decide(spentUntil: Instant(seconds: 9_000_000), limit, now: start).wait == 10)
  }

  @Test("What is over is swept away by later attempts, and neither name nor address is kept")
  func swept() async throws {
    let harness = try await Harness()
    for index in 0..<20 { _ = try? await harness.signIn("name\(index)", "x") }
    func subjects() async throws -> [String] {
      try await harness.database.read(in: .state) {
        try $0.rows("SELECT subject FROM access_attempt").map { try $0.get("subject") }
      }
    }
    #expect(try await subjects().count == 21)
    #expect(try await subjects().allSatisfy { $0.wholeMatch(of: /(name|address):[0-9a-f]{64}/) != nil })
    _ = try? await harness.signIn("later", "x", at: Harness.start.advanced(by: .seconds(3600)))
    #expect(try await subjects().count == 2)
  }
}
