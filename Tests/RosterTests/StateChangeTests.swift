import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("A state's file of changes")
struct StateChangeTests {
  private static func state(version: String = "1.2") -> Export {
    var export = Export(version: version)
    export.org("st", "Example State", type: "state", parent: "")
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "st")
    export.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "st")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.org("o1", "Acorn Middle", parent: "d2")
    export.user("u1", "Robin", "Exampleton", number: "100001", agents: ["g1"], preferred: "Rob")
    export.user("u2", "Zoë", "Fictional", number: "100002", agents: ["g1"])
    export.user("g1", "Gale", "Exampleton", role: "parent", email: "gale@home.example")
    export.user("v1", "Ash", "Makebelieve", at: ["o1"], number: "200001")
    export.schoolClass("c1", "Homeroom 5A")
    export.schoolClass("k1", "Homeroom 6B", at: "o1")
    export.enroll("u1", in: "c1")
    return export
  }

  private func bench(_ export: Export = state()) async throws -> RosterBench {
    let bench = try await RosterBench()
    _ = try await bench.takeState(export)
    return bench
  }

  private static let any = [("allowRemoval", "100")]

  private static func role(_ user: String, _ role: String, at org: String, gone: Bool = false) -> [String] {
    let status = gone ? "tobedeleted" : "active"
    return ["\(user)-\(org)", status, "2026-08-02T00:00:00Z", user, "primary", role, "", "", org, ""]
  }

  @Test("It touches no district whose roster came from files of its own, whatever ids these have")
  func ownSource() async throws {
    let bench = try await RosterBench()
    var whole = Self.state()
    whole.orgs.removeAll { $0[0] == "d2" || $0[0] == "o1" }
    whole.users.removeAll { $0[0] == "v1" }
    whole.roles.removeAll { $0[3] == "v1" }
    whole.classes.removeAll { $0[0] == "k1" }
    _ = try await bench.takeState(whole)
    var own = Export()
    own.org("s1", "Acorn Middle", parent: "")
    own.user("u1", "Ash", "Makebelieve", number: "900001")
    own.schoolClass("c1", "Band")
    try await bench.take(own, of: RosterBench.oak)
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u1", "", "")
    delta.users[0][1] = "tobedeleted"
    delta.roles = []
    delta.schoolClass("c1", "Homeroom 5C")
    let answer = try await bench.takeState(delta, query: Self.any)
    #expect((answer.json["districts"] as? [[String: Any]])?.map { $0["district"] as? String } == ["cedar-falls"])
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("900001", in: RosterBench.oak)?.isActive == true)
    // Nor may it name such a district.
    var naming = Export(version: "1.2", mode: "delta")
    naming.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "st")
    let error = try await bench.refusal { _ = try await bench.takeState(naming) }
    #expect(error?.faults.map(\.code) == ["roster.district"] && error?.faults.first?.value == "oak-park")
    // Once the district's own file is undone, there is nothing of its own any more.
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.oak) + "/undo")
    #expect(try await bench.takeState(naming).json["changes"] as? Int == 1)
  }

  @Test("Orgs of one id in two districts are each their own district's")
  func sameOrg() async throws {
    let bench = try await bench()
    for district in [RosterBench.cedar, RosterBench.oak] {
      try await bench.write { [registry = bench.registry] in
        try registry.addSchool(
          .init(id: SchoolID(rawValue: "north")!, district: district, name: "North", createdAt: RosterBench.now), in: $0
        )
      }
      let mapping =
        #"{"name": "m", "role": "student", "columns": {"number": "N", "givenName": "F", "familyName": "L", "school": "S"}}"#
      _ = try await bench.send(.post, RosterBench.roster(district) + "/mappings", body: Array(mapping.utf8))
      let person = district == RosterBench.cedar ? "100001,Robin,Exampleton" : "200001,Ash,Makebelieve"
      _ = try await bench.send(
        .post, RosterBench.roster(district) + "/imports", query: [("mapping", "m")],
        body: Array("N,F,L,S\n\(person),north\n".utf8))
    }
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u1", "Robin", "Exampleton-Smith", number: "100001", agents: ["g1"])
    // No main org, so that it is the first one.
    delta.users[0][21] = ""
    delta.roles = []
    let answer = try await bench.takeState(delta)
    #expect(answer.json["changes"] as? Int == 1)
    let robin = try #require(try await bench.person("100001"))
    #expect(robin.familyName == "Exampleton-Smith" && robin.school?.rawValue == "north")
    #expect(try await bench.person("100001", in: RosterBench.oak) == nil)
    delta.users = []
    delta.roles = [Self.role("u2", "student", at: "school:north")]
    let error = try await bench.refusal { _ = try await bench.takeState(delta) }
    #expect(error?.faults.map(\.code) == ["roster.reference"])
    #expect(error?.faults.first?.message.contains("several districts") == true)
  }

  @Test(
    "Whoever goes over to another district leaves the one and stands in the other", arguments: ["1.1", "1.2", "roles"])
  func transfers(kind: String) async throws {
    let version = kind == "1.1" ? "1.1" : "1.2"
    let bench = try await bench(Self.state(version: version))
    var delta = Export(version: version, mode: "delta")
    if kind != "roles" {
      delta.user("u1", "Robin", "Exampleton", at: ["o1"], number: "100001", agents: ["g1"], preferred: "Rob")
      delta.user("g1", "Gale", "Exampleton", role: "parent", at: ["o1"], email: "gale@home.example")
    } else {
      delta.roles = [Self.role("u1", "student", at: "o1"), Self.role("g1", "parent", at: "o1")]
    }
    if version == "1.2" { delta.roles.append(Self.role("u1", "student", at: "s1", gone: true)) }
    let answer = try await bench.takeState(delta, query: Self.any)
    #expect(answer.count("people", "left") == 1 && answer.count("people", "added", district: 1) == 1)
    #expect(try await bench.person("100001")?.isActive == false)
    let there = try #require(try await bench.person("100001", in: RosterBench.oak))
    #expect(there.isActive && there.givenName == "Robin" && there.school?.rawValue == "acorn-middle")
    #expect(there.preferredGivenName == (version == "1.1" ? nil : "Rob"))
    let shown = try await bench.send(.get, RosterBench.roster(RosterBench.oak) + "/persons/\(there.id)")
    #expect((shown.json["guardians"] as? [[String: String]])?.map { $0["email"] } == ["gale@home.example"])
    // Who stays stands as before.
    #expect(try await bench.person("100002")?.isActive == true)
    _ = try await bench.send(.post, "/api/v1/roster/undo")
    #expect(try await bench.person("100001")?.isActive == true)
    #expect(try await bench.person("100001", in: RosterBench.oak) == nil)
  }

  @Test("Whose last role goes has left, though the user is told as active")
  func lastRole() async throws {
    let bench = try await bench()
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u2", "Zoë", "Fictional", number: "100002")
    delta.roles = [Self.role("u2", "student", at: "s1", gone: true)]
    let answer = try await bench.takeState(delta, query: Self.any)
    #expect(answer.count("people", "left") == 1 && answer.json["changes"] as? Int == 1)
  }

  @Test("A number that another student of the new district has is a fault")
  func takenNumber() async throws {
    var export = Self.state()
    export.users[3][9] = "100001"
    let bench = try await bench(export)
    var delta = Export(version: "1.2", mode: "delta")
    delta.roles = [Self.role("u1", "student", at: "o1")]
    let error = try await bench.refusal { _ = try await bench.takeState(delta) }
    #expect(error?.faults.map(\.code) == ["roster.number-repeated"] && error?.faults.first?.line == 2)
  }

  @Test("Roles alone know guardians, and bring nobody back who has left but by an active role")
  func rolesAlone() async throws {
    let bench = try await bench()
    var without = Self.state()
    without.users.removeAll { $0[0] == "u2" }
    without.roles.removeAll { $0[3] == "u2" }
    _ = try await bench.takeState(without, query: Self.any)
    var delta = Export(version: "1.2", mode: "delta")
    delta.roles = [
      Self.role("g1", "parent", at: "d"), Self.role("u2", "student", at: "s1", gone: true),
    ]
    #expect(try await bench.takeState(delta).json["changes"] as? Int == 0)
    #expect(try await bench.person("100002")?.isActive == false)
    delta.roles = [Self.role("u2", "student", at: "s1")]
    #expect(try await bench.takeState(delta).count("people", "returned") == 1)
    delta.roles = [Self.role("g1", "teacher", at: "s1")]
    let error = try await bench.refusal { _ = try await bench.takeState(delta) }
    #expect(error?.faults.map { "\($0.line ?? 0) \($0.code) \($0.value ?? "")" } == ["2 roster.reference g1"])
  }

  @Test("A class that goes over to a school of another district leaves the one, with its memberships")
  func movedClass() async throws {
    let bench = try await bench()
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u1", "Robin", "Exampleton", at: ["o1"], number: "100001", agents: ["g1"])
    delta.user("g1", "Gale", "Exampleton", role: "parent", at: ["o1"])
    delta.roles.append(Self.role("u1", "student", at: "s1", gone: true))
    delta.schoolClass("c1", "Homeroom 5A", at: "o1")
    delta.enroll("u1", in: "c1")
    let answer = try await bench.takeState(delta, query: Self.any)
    for kind in ["classes", "memberships"] {
      #expect(answer.count(kind, "left") == 1 && answer.count(kind, "added", district: 1) == 1, "\(kind)")
    }
    let members = try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.oak, $0) }
    #expect(members?.map(\.person.sourcedID) == ["u1"])
  }
}
