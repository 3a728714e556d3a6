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

  @Test("Right passwords use up nothing of the address: a whole school signs in from one")
  func manyRight() async throws {
    let harness = try await Harness()
    for index in 0..<3 {
      try await harness.person("ada\(index)")
      for _ in 0..<20 { _ = try await harness.signIn("ada\(index)") }
    }
  }

  @Test(
    "One account's right passwords come no faster than one in half a minute after twenty, at known browsers neither")
  func rightToo() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    try await harness.person("bea")
    var browser = ""
    for _ in 0..<20 { browser = try await harness.cookies("ada", browser: browser).browser }
    let before = harness.passwords.computed
    for known in [nil, browser] {
      #expect(
        try await refusal { _ = try await harness.cookies("ada", browser: known) } == "access.too-many-attempts")
    }
    #expect(harness.passwords.computed == before)
    _ = try await harness.signIn("bea")
    _ = try await harness.signIn("ada", at: Harness.start.advanced(by: .seconds(30)))
    // Nobody who does not know the password brings this about.
    try await harness.person("cora")
    for _ in 0..<10 { _ = try? await harness.signIn("cora", "x") }
    _ = try await harness.signIn("cora", at: Harness.start.advanced(by: .seconds(600)))
  }

  @Test("Who has a wider network of IPv6 guesses from all of it no faster; an unknown address is one like others")
  func networks() async throws {
    let harness = try await Harness()
    func guess(_ prefix: [UInt8]) async throws -> String {
      let origin = Origin(octets: prefix + [UInt8](repeating: 0, count: 16 - prefix.count))
      return try await refusal { _ = try await harness.signIn("name\(harness.passwords.computed)", "x", from: origin) }
    }
    // A home's /56: two of its networks may fail as often as the rate of each gives.
    for index in 0..<100 {
      #expect(try await guess([0x20, 1, 0xd, 0xb8, 0, 1, 0, UInt8(index % 10)]) == "access.sign-in", "\(index)")
    }
    #expect(try await guess([0x20, 1, 0xd, 0xb8, 0, 1, 0, 99]) == "access.too-many-attempts")
    // Its neighbour in the /48 goes on, until that is used up.
    for index in 0..<100 {
      #expect(try await guess([0x20, 1, 0xd, 0xb8, 0, 1, UInt8(2 + index % 4), UInt8(index % 20)]) == "access.sign-in")
    }
    #expect(try await guess([0x20, 1, 0xd, 0xb8, 0, 1, 9, 9]) == "access.too-many-attempts")
    #expect(try await guess([0x20, 1, 0xd, 0xb8, 0, 2, 9, 9]) == "access.sign-in")

    for index in 0..<50 {
      #expect(try await refusal { _ = try await harness.signIn("u\(index)xx", "x", from: nil) } == "access.sign-in")
    }
    #expect(
      try await refusal { _ = try await harness.signIn("another", "x", from: nil) } == "access.too-many-attempts")
  }

  @Test("An address is known by all the networks that it is of, each apart from every other")
  func networkNames() throws {
    let last = [UInt8](repeating: 7, count: 8)
    func names(_ prefix: [UInt8]) throws -> [String] { try #require(Origin(octets: prefix + last)).networks }
    let one = try names([0x20, 1, 0xd, 0xb8, 0, 1, 0xab, 0xcd])
    #expect(one == ["6-20010db80001abcd", "6-20010db80001ab/56", "6-20010db80001/48"])
    let near = try names([0x20, 1, 0xd, 0xb8, 0, 1, 0xab, 0xce])
    #expect(near[0] != one[0] && near[1] == one[1] && near[2] == one[2])
    let far = try names([0x20, 1, 0xd, 0xb8, 0, 1, 0xac, 0xcd])
    #expect(far[1] != one[1] && far[2] == one[2])
    #expect(try #require(Origin(octets: [10, 0, 0, 1])).networks == ["4-a000001"])
    #expect(Origin.unknown.networks.count == 1)
  }

  @Test("Where too many compute already, nothing is counted against anybody")
  func overloaded() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let known = try await harness.cookies("ada")
    func counted() async throws -> Int {
      try await harness.database.read(in: .state) {
        try $0.row("SELECT COUNT(*) AS count FROM access_attempt WHERE subject NOT LIKE 'right:%'")?
          .get("count", as: Int.self) ?? 0
      }
    }
    let before = try await counted()
    func full(_ others: Int) async throws {
      if others > 0 {
        return try await harness.passwords.inLine([], isKnown: true) { _ in try await full(others - 1) }
      }
      for _ in 0..<60 {
        #expect(try await refusal { _ = try await harness.signIn("ada", "x") } == "request.overloaded")
      }
      let context = try await harness.context(known.session)
      let change = try await refusal {
        _ = try await harness.desk.changePassword(
          from: "x", to: "an otter by the river", Call(.post, "/account/password", now: Harness.start), context)
      }
      #expect(change == "request.overloaded")
    }
    try await full(PasswordWork.queue + PasswordWork.threads)
    #expect(try await counted() == before)
    _ = try await harness.signIn("ada")
  }

  @Test("However many strangers stand in line, a known browser, one's own password and a live link find a place")
  func strangers() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    let known = try await harness.cookies("ada")
    let link = try await harness.invite("bea").link
    func crowd(_ others: Int) async throws {
      if others > 0 {
        let throttle = SignInThrottle("name\(others)", Origin(octets: [192, 0, UInt8(others), 9]), known: nil)
        return try await harness.passwords.inLine(throttle.claims, isKnown: throttle.isKnown) { _ in
          try await crowd(others - 1)
        }
      }
      #expect(try await refusal { _ = try await harness.signIn("ada") } == "request.overloaded")
      let again = try await harness.cookies("ada", browser: known.browser)
      let context = try await harness.context(again.session)
      let wrong = try await refusal {
        _ = try await harness.desk.changePassword(
          from: "x", to: "an otter by the river", Call(.post, "/account/password", now: Harness.start), context)
      }
      #expect(wrong == "access.sign-in", "it was looked at")
      try await harness.desk.setPassword(Harness.password, link: link, now: Harness.start)
    }
    try await crowd(PasswordWork.strangers)
  }

  @Test("What is in the line for a name or an address takes no more of it, and keeps no known browser out")
  func atMostTwo() async throws {
    let harness = try await Harness()
    try await harness.person("ada")
    try await harness.person("bea")
    let known = try await harness.cookies("ada").browser
    func held(_ login: String, _ origin: Origin?, times: Int, _ body: () async throws -> Void) async throws {
      guard times > 0 else { return try await body() }
      try await harness.passwords.inLine(SignInThrottle(login, origin, known: nil).claims) { _ in
        try await held(login, origin, times: times - 1, body)
      }
    }
    let elsewhere = Origin(octets: [192, 0, 2, 9])
    try await held("ada", elsewhere, times: 2) {
      #expect(try await refusal { _ = try await harness.signIn("ada") } == "request.overloaded")
      _ = try await harness.signIn("bea")
      _ = try await harness.cookies("ada", browser: known)
    }
    func crowd(_ index: Int, _ body: () async throws -> Void) async throws {
      guard index < 8 else { return try await body() }
      try await held("name\(index)", Harness.origin, times: 1) { try await crowd(index + 1, body) }
    }
    try await crowd(0) {
      #expect(try await refusal { _ = try await harness.signIn("bea") } == "request.overloaded")
      _ = try await harness.signIn("bea", from: elsewhere)
      _ = try await harness.cookies("ada", browser: known)
    }
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
    let limit = SignInThrottle.Limit(burst: 3, pause: .seconds(10), atOnce: 1)
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
