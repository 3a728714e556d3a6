import Registry
import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Rosters of several sources")
struct SourceTests {
  private static let any = [("allowRemoval", "100")]

  private static func state(_ version: String = "1.2", mode: String = "bulk") -> Export {
    var export = Export(version: version, mode: mode)
    export.org("st", "Example State", type: "state", parent: "")
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "st")
    export.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "st")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.org("o1", "Acorn Middle", parent: "d2")
    export.user("u1", "Robin", "Exampleton", number: "100001")
    export.user("u2", "Zoë", "Fictional", number: "100002")
    export.user("v1", "Ash", "Makebelieve", at: ["o1"], number: "200001")
    export.schoolClass("c1", "Homeroom 5A")
    export.schoolClass("k1", "Homeroom 6B", at: "o1")
    export.enroll("u1", in: "c1")
    return export
  }

  /// What the state's file says of Oak Park, as its own.
  private static func oak(_ version: String = "1.2", given: String = "Ash") -> Export {
    var export = Export(version: version)
    export.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "")
    export.org("o1", "Acorn Middle", parent: "d2")
    export.user("v1", given, "Makebelieve", at: ["o1"], number: "200001")
    export.schoolClass("k1", "Homeroom 6B", at: "o1")
    return export
  }

  private static func names(_ answer: RosterBench.Answer) -> [String?] {
    (answer.json["districts"] as? [[String: Any]] ?? []).map { $0["district"] as? String }
  }

  // MARK: - A state's changes beside districts' own files

  @Test("A district's own file that changes nothing takes its roster from nobody; the state's takes one up again")
  func unchanged() async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state())
    #expect(try await bench.take(Self.oak(), of: RosterBench.oak).json["changes"] as? Int == 0)
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("v1", "Ashley", "Makebelieve", at: ["o1"], number: "200001")
    let answer = try await bench.takeState(delta)
    #expect(answer.json["changes"] as? Int == 1 && answer.json["notes"] as? [String] == [])
    // With a change the roster is the district's own; the state's whole file takes it back though it has nothing new.
    try await bench.take(Self.oak(given: "Asha"), of: RosterBench.oak)
    #expect(try await bench.takeState(delta).json["changes"] as? Int == 0)
    var whole = Self.state()
    whole.users[2][6] = "Asha"
    #expect(try await bench.takeState(whole).json["changes"] as? Int == 0)
    #expect(try await bench.takeState(delta).json["changes"] as? Int == 1)
  }

  @Test(
    "Rows of a district with files of its own are passed over and counted, and all others count",
    arguments: ["1.1", "1.2"])
  func passedOver(version: String) async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state(version))
    try await bench.take(Self.oak(version, given: "Ashley"), of: RosterBench.oak)
    var delta = Export(version: version, mode: "delta")
    delta.org("o2", "Acorn Annex", parent: "o1")
    delta.user("u1", "Robin", "Exampleton-Smith", number: "100001")
    delta.user("v9", "New", "Comer", at: ["o2"], number: "200009")
    delta.user("v1", "Ash", "Makebelieve", at: [], number: "200001")
    delta.users[2][1] = "tobedeleted"
    delta.schoolClass("k2", "Homeroom 6C", at: "o2")
    delta.enroll("v9", in: "k2")
    delta.enroll("v1", in: "c1")
    let preview = try await bench.takeState(delta, query: [("preview", "true")])
    let answer = try await bench.takeState(delta)
    for told in [preview, answer] {
      let files = (told.json["notes"] as? [String] ?? []).map {
        $0.prefix { $0 != "." } + $0.drop { $0 != ":" }.prefix(8)
      }
      #expect(
        files == ["classes: 1 row ", "enrollments: 2 rows", "orgs: 1 row "]
          + (version == "1.2" ? ["roles: 1 row "] : []) + ["users: 2 rows"])
      #expect((told.json["notes"] as? [String])?.allSatisfy { $0.contains("of 'oak-park' passed over") } == true)
    }
    #expect(answer.json["changes"] as? Int == 1 && Self.names(answer) == ["cedar-falls"])
    #expect(try await bench.person("100001")?.familyName == "Exampleton-Smith")
    #expect(try await bench.person("200001", in: RosterBench.oak)?.isActive == true)
    #expect(try await bench.person("200009", in: RosterBench.oak) == nil)
    // What stands nowhere is a fault still, which says where it may have been.
    var stray = Export(version: version, mode: "delta")
    stray.user("v8", "No", "Body", at: ["o8"])
    let error = try await bench.refusal { _ = try await bench.takeState(stray) }
    #expect(error?.faults.first?.code == "roster.reference")
    #expect(error?.faults.first?.message.contains("'oak-park', which came from files of their own") == true)
  }

  @Test("Birth dates of a district with files of its own are passed over and counted, and all others count")
  func passedOverDemographics() async throws {
    let bench = try await RosterBench()
    let administrator = Caller(
      principal: .random(), name: "administration", grants: [Grant(.districtAdmin, at: .district(RosterBench.cedar))])
    _ = try await bench.send(
      .patch, RosterBench.roster(RosterBench.cedar), as: administrator,
      body: Array(#"{"demographics": "on-request"}"#.utf8))
    _ = try await bench.takeState(Self.state())
    var own = Self.oak(given: "Ashley")
    own.user("v2", "Lou", "Makebelieve", at: ["o1"], number: "200002")
    own.user("h1", "Gale", "Makebelieve", role: "parent", at: ["o1"])
    try await bench.take(own, of: RosterBench.oak)
    var delta = Export(version: "1.2", mode: "delta")
    delta.demographics("u1", "2015-03-09", "female")
    for user in ["v1", "h1", "v2"] { delta.demographics(user, "2014-12-31", "male") }
    delta.demographics[3][1] = "tobedeleted"
    let answer = try await bench.takeState(delta, query: [("demographics", "true")])
    #expect(answer.count("demographics", "added") == 1 && answer.json["changes"] as? Int == 1)
    let notes = answer.json["notes"] as? [String] ?? []
    #expect(notes.count == 1 && notes[0].hasPrefix("demographics.csv: 3 rows of 'oak-park' passed over."))
    #expect(try await bench.count("roster_demographics") == 1)
    // What stands nowhere is a fault still, which says where it may have been.
    delta.demographics("v8", "2014-12-31", "male")
    let error = try await bench.refusal { _ = try await bench.takeState(delta, query: [("demographics", "true")]) }
    #expect(error?.faults.map { "\($0.line ?? 0) \($0.code)" } == ["6 roster.reference"])
    #expect(error?.faults.first?.message.contains("'oak-park', which came from files of their own") == true)
  }

  @Test("Who goes over to a district with files of its own leaves the one before", arguments: ["1.1", "1.2"])
  func goesOver(version: String) async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state(version))
    try await bench.take(Self.oak(version, given: "Ashley"), of: RosterBench.oak)
    var delta = Export(version: version, mode: "delta")
    delta.user("u1", "Robin", "Exampleton", at: ["o1"], number: "100001")
    if version == "1.2" {
      delta.roles.append(["u1-s1", "tobedeleted", "2026-08-02T00:00:00Z", "u1", "primary", "student", "", "", "s1", ""])
    }
    delta.schoolClass("c1", "Homeroom 5A", at: "o1")
    delta.enroll("u1", in: "c1")
    let answer = try await bench.takeState(delta, query: Self.any)
    for kind in ["people", "classes", "memberships"] { #expect(answer.count(kind, "left") == 1, "\(kind)") }
    #expect(answer.json["changes"] as? Int == 3)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("100001", in: RosterBench.oak) == nil)
  }

  @Test("A file of changes goes on from its own source alone, in both directions")
  func ownChanges() async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state())
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u1", "Ash", "Otherwise", number: "900001")
    delta.users[0][21] = ""
    delta.roles = []
    #expect(try await bench.faults(delta) == ["manifest.csv   cedar-falls roster.district"])
    #expect(try await bench.person("100001")?.givenName == "Robin")
  }

  // MARK: - Equal ids of other people

  private static func own() -> Export {
    var export = Export()
    export.org("s1", "Otter Creek Elementary", parent: "")
    export.user("u1", "Robin", "Exampleton", number: "100001", agents: ["g1"])
    export.user("u2", "Zoë", "Fictional", number: "100002")
    export.user("t1", "Terry", "Madeup", role: "teacher")
    export.user("t2", "Pat", "Teacherly", role: "teacher")
    export.user("g1", "Gale", "Exampleton", role: "parent", email: "gale@home.example")
    export.schoolClass("c1", "Homeroom 5A")
    export.enroll("u1", in: "c1")
    return export
  }

  /// The state's, whose ids happen to be the same.
  private static func foreign() -> Export {
    var export = Export()
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.user("u1", "Ash", "Makebelieve", number: "900001")
    export.user("u2", "Zoë", "Fictional", number: "100002", grades: "06")
    export.user("t1", "Terry", "Madeup", role: "teacher", email: "terry@schools.example")
    export.user("t2", "Lee", "Pretend", role: "teacher")
    return export
  }

  @Test("An id that is somebody else's in the other source makes nobody somebody else; the guard sees who leaves")
  func replaced() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.own())
    let before = try await bench.everything()
    let (robin, zoe) = (try #require(try await bench.person("100001")), try #require(try await bench.person("100002")))
    let error = try await bench.refusal { _ = try await bench.takeState(Self.foreign()) }
    #expect(error?.kind == .removesTooMany)
    #expect(error?.message.contains("1 of 2 students (50.0 %), 1 of 2 staff (50.0 %)") == true)
    let answer = try await bench.takeState(Self.foreign(), query: Self.any)
    #expect(answer.count("people", "left") == 2 && answer.count("people", "added") == 2)
    #expect(answer.count("people", "changed") == 2 && answer.count("memberships", "left") == 1)
    #expect((answer.json["notes"] as? [String])?.first?.hasPrefix("2 ids stand for somebody else") == true)
    let left = try #require(try await bench.person("100001"))
    #expect(left.id == robin.id && !left.isActive && left.givenName == "Robin")
    let ash = try #require(try await bench.person("900001"))
    #expect(ash.id != robin.id && ash.isActive && ash.sourcedID == "u1")
    #expect(try await bench.person("100002")?.id == zoe.id)
    // The same file again finds everybody as they are.
    #expect(try await bench.takeState(Self.foreign()).json["changes"] as? Int == 0)
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/undo")
    #expect(try await bench.everything() == before)
  }

  @Test("Undone, who had the id has it again, and whoever has a device by then stays as one who left")
  func undone() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.own())
    let robin = try #require(try await bench.person("100001"))
    _ = try await bench.takeState(Self.foreign(), query: Self.any)
    let ash = try #require(try await bench.person("900001"))
    try await bench.hold(ash.id)
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/undo")
    let (again, gone) = (try await bench.person("100001"), try await bench.person("900001"))
    #expect(again?.id == robin.id && again?.sourcedID == "u1" && again?.isActive == true)
    #expect(gone?.id == ash.id && gone?.isActive == false)
    #expect(try await bench.count("roster_guardian_link") == 1)
    let members = try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.cedar, $0) }
    #expect(members?.map(\.person.id) == [robin.id])
  }

  @Test("Who left and has a device is nobody else either, when another source tells of the id")
  func heldAndLeft() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.own())
    let robin = try #require(try await bench.person("100001"))
    try await bench.hold(robin.id)
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/undo")
    let answer = try await bench.takeState(Self.foreign())
    #expect(answer.count("people", "returned") == 0 && answer.count("people", "left") == 0)
    #expect(try await bench.person("100001")?.id == robin.id)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("900001")?.id != robin.id)
  }
}
