import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("People whose ids are somebody else's in another source")
struct SetAsideTests {
  private static let roster = RosterBench.roster(RosterBench.cedar)
  private static let asked = [("demographics", "true")]
  private static let any = [("allowRemoval", "100")]
  private static let askedAny = asked + any

  private func bench() async throws -> RosterBench {
    let bench = try await RosterBench()
    let administrator = Caller(
      principal: .random(), name: "administration", grants: [Grant(.districtAdmin, at: .district(RosterBench.cedar))])
    _ = try await bench.send(
      .patch, Self.roster, as: administrator, body: Array(#"{"demographics": "on-request"}"#.utf8))
    return bench
  }

  /// The district's own file: `u1` and `t2` are somebody else in ``foreign()``.
  private static func own() -> Export {
    var export = Export()
    export.org("s1", "Otter Creek Elementary", parent: "")
    export.user("u1", "Robin", "Exampleton", number: "100001", agents: ["g1"])
    export.user("u2", "Zoë", "Fictional", number: "100002")
    export.user("t2", "Pat", "Teacherly", role: "teacher")
    export.user("g1", "Gale", "Exampleton", role: "parent", email: "gale@home.example")
    export.schoolClass("c1", "Homeroom 5A")
    export.enroll("u1", in: "c1")
    export.enroll("t2", in: "c1", role: "teacher")
    export.demographics("u1", "2015-03-09", "female")
    export.demographics("t2", "1980-02-29", "")
    return export
  }

  private static func foreign() -> Export {
    var export = Export()
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.user("u1", "Ash", "Makebelieve", number: "900001")
    export.user("u2", "Zoë", "Fictional", number: "100002", grades: "06")
    export.user("t2", "Lee", "Pretend", role: "teacher")
    return export
  }

  private func shown(_ person: PersonID, _ bench: RosterBench) async throws -> [String: Any] {
    try await bench.send(.get, "\(Self.roster)/persons/\(person)").json
  }

  /// The birth date of whoever has the number, and the e-mail addresses of their guardians.
  private func told(_ number: String, _ bench: RosterBench) async throws -> [String?] {
    let json = try await shown(try #require(try await bench.person(number)).id, bench)
    return [json["birthDate"] as? String] + (json["guardians"] as? [[String: String]] ?? []).map { $0["email"] }
  }

  private func undo(_ bench: RosterBench) async throws {
    _ = try await bench.send(.post, Self.roster + "/undo")
  }

  /// Kind and id of what is kept for undo beside people and orgs.
  private func former(_ bench: RosterBench) async throws -> [String] {
    try await bench.write { transaction in
      try transaction.rows("SELECT kind, sourced_id FROM roster_former WHERE kind NOT IN ('person', 'org')").map {
        "\(try $0.get("kind", as: String.self)) \(try $0.get("sourced_id", as: String.self))"
      }.sorted()
    }
  }

  // MARK: - Erased

  @Test(
    "Who was set aside is erased with all that undo would bring back: nothing of it comes to whoever had the id next",
    arguments: [true, false])
  func erased(hasDevice: Bool) async throws {
    let bench = try await bench()
    try await bench.take(Self.own(), query: Self.asked)
    let robin = try #require(try await bench.person("100001"))
    _ = try await bench.takeState(Self.foreign(), query: Self.any)
    let ash = try #require(try await bench.person("900001"))
    if hasDevice { try await bench.hold(ash.id) }
    #expect(
      try await former(bench) == [
        "demographics t2 2", "demographics u1 2", "guardian g1", "membership c1-t2", "membership c1-u1",
      ])
    #expect(try await bench.send(.delete, "\(Self.roster)/persons/\(robin.id)").status == 204)
    // What is another person's stays.
    #expect(try await former(bench) == ["demographics t2 2", "membership c1-t2"])
    try await undo(bench)
    #expect(try await bench.person("100001") == nil)
    #expect(try await bench.person("900001")?.isActive == (hasDevice ? false : nil))
    if hasDevice { #expect(try await told("900001", bench) == [nil]) }
    #expect(try await bench.count("roster_demographics") == 1)
    #expect(try await bench.count("roster_membership") == 1)
    #expect(try await bench.count("roster_guardian") == 0)
    let members = try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.cedar, $0) }
    let pat = try #require(members?.map(\.person).first)
    #expect(pat.givenName == "Pat" && pat.sourcedID == "t2")
    #expect(try await shown(pat.id, bench)["birthDate"] as? String == "1980-02-29")
    // The district's next file still tells of Robin, who never becomes Ash.
    try await bench.take(Self.own(), query: Self.askedAny)
    #expect(try #require(try await bench.person("100001")).id != ash.id)
    #expect(try await bench.person("900001")?.id == (hasDevice ? ash.id : nil))
    #expect(try await bench.person("900001")?.isActive == (hasDevice ? false : nil))
  }

  @Test("Who came with another source, and keeps a device after that was undone, is nobody of the next file")
  func cameAndStayed() async throws {
    let bench = try await bench()
    try await bench.take(Self.own())
    var foreign = Self.foreign()
    foreign.user("u9", "Kit", "Invented", number: "900009")
    _ = try await bench.takeState(foreign, query: Self.any)
    let kit = try #require(try await bench.person("900009"))
    try await bench.hold(kit.id)
    try await undo(bench)
    var own = Self.own()
    own.user("u9", "Kim", "Madeup", number: "100009")
    try await bench.take(own)
    let kim = try #require(try await bench.person("100009"))
    #expect(kim.id != kit.id && kim.givenName == "Kim")
    #expect(try await bench.person("900009").map { $0.id == kit.id && !$0.isActive && $0.givenName == "Kit" } == true)
    // Undone again, both are as they were.
    try await undo(bench)
    #expect(try await bench.person("100009") == nil)
    #expect(try await bench.person("900009")?.id == kit.id)
  }

  @Test("A class in which both were told to be is nobody's after the one was erased and the other's import undone")
  func sameClass() async throws {
    let bench = try await bench()
    try await bench.take(Self.own())
    let robin = try #require(try await bench.person("100001"))
    var foreign = Self.foreign()
    foreign.schoolClass("c1", "Homeroom 5A")
    foreign.enroll("u1", in: "c1")
    foreign.enroll("t2", in: "c1", role: "teacher")
    let answer = try await bench.takeState(foreign, query: Self.any)
    #expect(answer.count("memberships", "unchanged") == 2)
    _ = try await bench.send(.delete, "\(Self.roster)/persons/\(robin.id)")
    #expect(try await bench.count("roster_membership") == 2)
    try await undo(bench)
    let members = try await bench.write {
      try $0.rows("SELECT person FROM roster_membership").map { try $0.get("person", as: String.self) }
    }
    #expect(members == ["t2"])
  }

  @Test("Undone without an erasure, each has their own birth date, class and guardian, and nobody another's")
  func undone() async throws {
    let bench = try await bench()
    try await bench.take(Self.own(), query: Self.asked)
    let before = try await bench.everything()
    var foreign = Self.foreign()
    foreign.users[0][13] = "g1"
    foreign.user("g1", "Kim", "Makebelieve", role: "parent", email: "kim@other.example")
    foreign.demographics("u1", "2010-10-10", "male")
    let answer = try await bench.takeState(foreign, query: Self.askedAny)
    #expect(answer.count("demographics", "added") == 1 && answer.count("demographics", "left") == 2)
    let ash = try #require(try await bench.person("900001"))
    #expect(try await told("900001", bench) == ["2010-10-10", "kim@other.example"])
    #expect(try await told("100001", bench) == [nil])
    try await bench.hold(ash.id)
    try await undo(bench)
    #expect(try await told("100001", bench) == ["2015-03-09", "gale@home.example"])
    #expect(try await told("900001", bench) == [nil])
    #expect(try await bench.everything().filter { !$0.contains("900001") && !$0.contains("Makebelieve") } == before)
    // Nor would a later file bring a guardian of the undone source back.
    let rows = try await bench.write { try $0.rows("SELECT 1 FROM roster_person WHERE left_at > 0 AND agents <> ''") }
    #expect(rows.isEmpty)
  }

  @Test("A guardian whom somebody else had before the import too comes back by undo, though one of both was erased")
  func sibling() async throws {
    let bench = try await bench()
    var own = Self.own()
    own.users[1][13] = "g1"
    try await bench.take(own)
    let robin = try #require(try await bench.person("100001"))
    _ = try await bench.takeState(Self.foreign(), query: Self.any)
    _ = try await bench.send(.delete, "\(Self.roster)/persons/\(robin.id)")
    #expect(try await former(bench).first == "guardian g1")
    try await undo(bench)
    #expect(try await told("100002", bench) == [nil, "gale@home.example"])
  }

  @Test("A guardian is kept too for somebody whom the import told of as they were")
  func unchangedSibling() async throws {
    let bench = try await bench()
    var own = Self.own()
    own.users[1][13] = "g1"
    own.users[1][14] = "06"
    try await bench.take(own)
    let robin = try #require(try await bench.person("100001"))
    var foreign = Self.foreign()
    foreign.users[1][13] = "g1"
    foreign.user("g1", "Gale", "Exampleton", role: "parent", email: "gale@work.example")
    let answer = try await bench.takeState(foreign, query: Self.any)
    #expect(answer.count("people", "unchanged") == 1 && answer.count("guardians", "changed") == 1)
    _ = try await bench.send(.delete, "\(Self.roster)/persons/\(robin.id)")
    #expect(try await told("100002", bench) == [nil, "gale@work.example"])
    try await undo(bench)
    #expect(try await told("100002", bench) == [nil, "gale@home.example"])
  }

  // MARK: - Guardians

  @Test("Nobody who left shows or is found by a guardian of the other source; undo gives everybody theirs back")
  func guardians() async throws {
    let bench = try await bench()
    var own = Self.own()
    own.user("u3", "Jo", "Notreal", number: "100003", agents: ["g1"])
    try await bench.take(own)
    // One left before, and one is to leave now.
    own.users.removeLast()
    own.roles.removeLast()
    own.user("u4", "Sky", "Notreal", number: "100004", agents: ["g1"])
    try await bench.take(own, query: Self.any)
    let before = try await bench.everything()
    var foreign = Self.foreign()
    foreign.users[0][13] = "g1"
    foreign.user("g1", "Kim", "Makebelieve", role: "parent", email: "kim@other.example")
    _ = try await bench.takeState(foreign, query: Self.any)
    for number in ["100001", "100003", "100004"] {
      #expect(try await bench.person(number)?.isActive == false)
      #expect(try await told(number, bench) == [nil], "\(number)")
    }
    let found = try await bench.send(.get, Self.roster + "/persons", query: [("guardian", "kim@other.example")]).items
    #expect(found.map { $0["number"] as? String } == ["900001"])
    #expect(try await told("900001", bench) == [nil, "kim@other.example"])
    try await undo(bench)
    #expect(try await bench.everything() == before)
    for number in ["100001", "100003", "100004"] {
      #expect(try await told(number, bench) == [nil, "gale@home.example"], "\(number)")
    }
  }

  @Test("Nor do they have one after a later import of the other source was undone")
  func guardiansLater() async throws {
    let bench = try await bench()
    var own = Self.own()
    own.user("u4", "Sky", "Notreal", number: "100004", agents: ["g1"])
    try await bench.take(own)
    var foreign = Self.foreign()
    foreign.users[0][13] = "g1"
    foreign.user("g1", "Kim", "Makebelieve", role: "parent", email: "kim@other.example")
    _ = try await bench.takeState(foreign, query: Self.any)
    foreign.user("u4", "Sky", "Notreal", number: "100004")
    #expect(try await bench.takeState(foreign).count("people", "returned") == 1)
    try await undo(bench)
    #expect(try await bench.person("100004")?.isActive == false)
    #expect(try await told("100004", bench) == [nil])
  }

  @Test("Within one source who left keeps the guardians, for they are the same people")
  func sameSource() async throws {
    let bench = try await bench()
    try await bench.take(Self.own())
    var without = Self.own()
    without.users.removeFirst()
    without.roles.removeFirst()
    without.enrollments.removeFirst()
    without.demographics.removeFirst()
    try await bench.take(without, query: Self.any)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await told("100001", bench) == [nil, "gale@home.example"])
  }

  // MARK: - Birth dates

  @Test("The same birth date under an id that is another child's now is theirs")
  func sameDay() async throws {
    let bench = try await bench()
    try await bench.take(Self.own(), query: Self.asked)
    let before = try await bench.everything()
    var foreign = Self.foreign()
    foreign.demographics("u1", "2015-03-09", "female")
    let answer = try await bench.takeState(foreign, query: Self.askedAny)
    #expect(answer.count("demographics", "added") == 1 && answer.count("demographics", "unchanged") == 0)
    #expect(try await told("900001", bench) == ["2015-03-09"])
    #expect(try await told("100001", bench) == [nil])
    #expect(try await bench.takeState(foreign, query: Self.asked).json["changes"] as? Int == 0)
    try await undo(bench)
    #expect(try await bench.everything() == before)
    #expect(try await told("100001", bench) == ["2015-03-09", "gale@home.example"])
  }
}
