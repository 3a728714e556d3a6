import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Importing a roster")
struct ImportTests {
  private typealias Bench = RosterBench

  @Test("People, schools, classes and guardians of both versions are taken up", arguments: ["1.1", "1.2"])
  func whole(version: String) async throws {
    let bench = try await Bench()
    let answer = try await bench.take(.cedar(version: version))
    #expect(answer.json["version"] as? String == version && answer.json["preview"] as? Bool == false)
    #expect(answer.count("people", "added") == 3 && answer.count("guardians", "added") == 2)
    #expect(answer.count("orgs", "added") == 3 && answer.count("memberships", "added") == 3)
    let robin = try #require(try await bench.person("100001"))
    #expect(robin.givenName == "Robin" && robin.familyName == "Exampleton" && robin.role == .student)
    #expect(robin.username == "robin.e" && robin.email == "Robin@students.example" && robin.grades == ["05"])
    #expect(robin.school?.rawValue == "otter-creek-elementary")
    #expect(robin.name == (version == "1.2" ? "Rob Exampleton" : "Robin Exampleton"))
    #expect(try await bench.person("100002")?.familyName == "Fictional, Jr.")
    let teacher = try #require(try await bench.person("T-7"))
    #expect(teacher.role == .staff && teacher.position == "teacher")
    let schools = try await bench.write { [registry = bench.registry] in
      try registry.schools(of: Bench.cedar, in: $0).map { "\($0.id) \($0.name)" }
    }
    #expect(schools == ["heron-high Heron High", "otter-creek-elementary Otter Creek Elementary"])
    #expect(try await bench.actions() == ["roster.import"])
  }

  @Test(
    "The same file again changes nothing: no row is written, and the people keep their ids", arguments: ["1.1", "1.2"])
  func same(version: String) async throws {
    let bench = try await Bench()
    try await bench.take(.cedar(version: version))
    let before = try await bench.everything()
    let id = try await bench.person("100001")?.id
    let again = try await bench.take(.cedar(version: version))
    #expect(again.json["changes"] as? Int == 0 && again.json["import"] == nil)
    #expect(again.count("people", "unchanged") == 3 && again.count("guardians", "unchanged") == 2)
    #expect(try await bench.everything() == before)
    #expect(try await bench.person("100001")?.id == id)
    #expect(try await bench.count("roster_import") == 1)
    // Also read, it is an entry of the journal.
    #expect(try await bench.actions() == ["roster.import", "roster.import"])
  }

  @Test("A preview tells what would change, and changes nothing")
  func preview() async throws {
    let bench = try await Bench()
    let answer = try await bench.take(.cedar(), query: [("preview", "true")])
    #expect(answer.json["preview"] as? Bool == true && answer.count("people", "added") == 3)
    #expect(try await bench.everything().isEmpty)
    #expect(try await bench.count("audit_entry") == 0)
  }

  @Test("Who is missing from a whole file has left, and who is there again keeps the id")
  func leavesAndReturns() async throws {
    let bench = try await Bench()
    try await bench.take(.cedar())
    let id = try await bench.person("100002")?.id
    var without = Export.cedar()
    without.users.removeAll { $0[0] == "u2" || $0[0] == "g2" }
    without.roles.removeAll { $0[3] == "u2" || $0[3] == "g2" }
    without.enrollments.removeAll { $0[5] == "u2" }
    let later = Bench.now.advanced(by: .seconds(86_400))
    let answer = try await bench.take(without, query: [("allowRemoval", "50")], now: later)
    #expect(answer.count("people", "left") == 1 && answer.count("people", "unchanged") == 2)
    #expect(answer.count("guardians", "left") == 1 && answer.count("memberships", "left") == 1)
    #expect(try await bench.person("100002")?.leftAt == later)
    #expect(try await bench.count("roster_guardian") == 1)
    let back = try await bench.take(.cedar())
    #expect(back.count("people", "returned") == 1 && back.count("guardians", "added") == 1)
    let found = try #require(try await bench.person("100002"))
    #expect(found.isActive && found.id == id)
  }

  @Test("A changed row is written and counted once")
  func changes() async throws {
    let bench = try await Bench()
    try await bench.take(.cedar())
    var changed = Export.cedar()
    changed.users[0][7] = "Exampleton-Smith"
    changed.orgs[2][3] = "Heron Senior High"
    let answer = try await bench.take(changed)
    #expect(answer.json["changes"] as? Int == 2)
    #expect(answer.count("people", "changed") == 1 && answer.count("orgs", "changed") == 1)
    #expect(try await bench.person("100001")?.familyName == "Exampleton-Smith")
    let schools = try await bench.write { [registry = bench.registry] in
      try registry.schools(of: Bench.cedar, in: $0).map { "\($0.id) \($0.name)" }
    }
    #expect(schools == ["heron-high Heron Senior High", "otter-creek-elementary Otter Creek Elementary"])
  }

  @Test("Schools that the register has already are found by name, identifier or code, and others are made")
  func schools() async throws {
    let bench = try await Bench()
    try await bench.write { [registry = bench.registry] transaction in
      for (id, name) in [("oce", "otter creek elementary"), ("1002", "Something else"), ("river", "River")] {
        try registry.addSchool(
          .init(id: SchoolID(rawValue: id)!, district: Bench.cedar, name: name, createdAt: Bench.now), in: transaction)
      }
    }
    var export = Export.cedar()
    export.org("s3", "Otter Creek Elementary", identifier: "1003")
    try await bench.take(export)
    let mapped = try await bench.write { try OrgStore.schools(of: Bench.cedar, $0).mapValues(\.rawValue) }
    #expect(mapped == ["s1": "oce", "s2": "1002", "s3": "otter-creek-elementary"])
  }

  @Test("A file of changes adds, changes and removes what it names, and leaves the rest", arguments: ["1.1", "1.2"])
  func delta(version: String) async throws {
    let bench = try await Bench()
    try await bench.take(.cedar(version: version))
    var delta = Export(version: version, mode: "delta")
    delta.user("u3", "Jo", "Notreal", number: "100003", agents: ["g2"])
    delta.user("u1", "Robin", "Exampleton", number: "100009")
    delta.user("u2", "Zoë", "Gone")
    delta.users[2][1] = "tobedeleted"
    if version == "1.2" { delta.roles.removeAll { $0[3] == "u2" } }
    delta.enroll("u3", in: "c1")
    let answer = try await bench.take(delta, query: [("allowRemoval", "50")])
    #expect(answer.count("people", "added") == 1 && answer.count("people", "changed") == 1)
    #expect(answer.count("people", "left") == 1 && answer.count("people", "unchanged") == 0)
    #expect(answer.count("memberships", "added") == 1 && answer.count("memberships", "left") == 0)
    #expect(try await bench.person("100009")?.givenName == "Robin")
    #expect(try await bench.person("100002")?.isActive == false)
    #expect(try await bench.person("T-7")?.isActive == true)
    let members = try await bench.write { try RosterDirectory().members(ofClass: "c1", in: Bench.cedar, $0) }
    #expect(Set(members?.map(\.person.sourcedID) ?? []) == ["u1", "u3", "t1"])
  }

  @Test("In a file of changes roles alone move a person, and what is not told stays")
  func rolesAlone() async throws {
    let bench = try await Bench()
    try await bench.take(.cedar())
    var delta = Export(version: "1.2", mode: "delta")
    delta.roles = [
      ["r1", "active", "2026-08-02T00:00:00Z", "u1", "primary", "student", "", "", "s2", ""],
      ["r2", "tobedeleted", "2026-08-02T00:00:00Z", "u1", "primary", "student", "", "", "s1", ""],
    ]
    let answer = try await bench.take(delta)
    #expect(answer.json["changes"] as? Int == 1 && answer.count("people", "changed") == 1)
    let robin = try #require(try await bench.person("100001"))
    #expect(robin.school?.rawValue == "heron-high" && robin.preferredGivenName == "Rob")
  }

  @Test("A manifest alone says that nothing changed")
  func manifestAlone() async throws {
    let bench = try await Bench()
    try await bench.take(.cedar())
    let answer = try await bench.take(Export())
    #expect(answer.json["changes"] as? Int == 0)
    #expect(try await bench.person("100001")?.isActive == true)
  }

  @Test("Where the manifest's mode is not the rows', the rows win")
  func rowsWin() async throws {
    let bench = try await Bench()
    try await bench.take(.cedar())
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u3", "Jo", "Notreal", number: "100003")
    delta.manifest["file.users"] = "bulk"
    let answer = try await bench.take(delta)
    #expect(answer.count("people", "added") == 1 && answer.count("people", "left") == 0)
  }

  @Test("A file sent twice with one Idempotency-Key gets the first answer")
  func repeated() async throws {
    let bench = try await Bench()
    for _ in 0..<2 {
      let answer = try await bench.take(.cedar(), key: "night-1")
      #expect(answer.count("people", "added") == 3)
    }
    #expect(try await bench.count("roster_import") == 1)
  }

  @Test("A password is stored nowhere, and no refusal shows one")
  func passwords() async throws {
    let bench = try await Bench()
    var export = Export.cedar()
    try await bench.take(export)
    let rows = try await bench.everything().joined()
    #expect(!rows.contains("Secret-"))
    export.users[0][12] = "two\nlines"
    export.users[1][0] = ""
    let error = try await bench.refusal { try await bench.take(export) }
    #expect(error?.faults.isEmpty == false)
    for fault in error?.faults ?? [] { #expect(!"\(fault)".contains("Secret-")) }
  }
}
