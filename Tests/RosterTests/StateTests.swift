import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("A state's roster")
struct StateTests {
  private static func state() -> Export {
    var export = Export()
    export.org("st", "Example State", type: "state", parent: "")
    export.org("d", "Cedar Falls", type: "district", identifier: "CEDAR-FALLS", parent: "st")
    export.org("d2", "Oak Park", type: "district", identifier: "2500", parent: "st")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.org("o1", "Acorn Middle", parent: "d2")
    export.user("u1", "Robin", "Exampleton", number: "100001")
    export.user("v1", "Ash", "Makebelieve", at: ["o1"], number: "100001")
    export.user("t1", "Terry", "Madeup", role: "teacher", at: ["s1", "o1"], number: "T-7")
    export.user("x1", "Max", "Stateson", role: "administrator", at: ["st"])
    return export
  }

  private func bench() async throws -> RosterBench {
    let bench = try await RosterBench()
    let answer = try await bench.send(
      .patch, RosterBench.roster(RosterBench.oak), body: Array(#"{"identifier": "2500"}"#.utf8))
    #expect(answer.json["identifier"] as? String == "2500")
    return bench
  }

  @Test("Orgs of type district are ours by identifier, and each person is of the district of their schools")
  func districts() async throws {
    let bench = try await bench()
    let answer = try await bench.takeState(Self.state())
    let names = (answer.json["districts"] as? [[String: Any]])?.map { $0["district"] as? String }
    #expect(names == ["cedar-falls", "oak-park"])
    #expect(answer.count("people", "added") == 2 && answer.count("people", "added", district: 1) == 2)
    #expect(try await bench.person("100001")?.givenName == "Robin")
    #expect(try await bench.person("100001", in: RosterBench.oak)?.givenName == "Ash")
    // Who works in two districts is somebody in each.
    let (here, there) = (try await bench.person("T-7"), try await bench.person("T-7", in: RosterBench.oak))
    #expect(here != nil && there != nil && here?.id != there?.id)
    #expect(try await bench.actions() == ["roster.import", "roster.change", "roster.import"])
  }

  @Test("Only the state chooses what a source calls a district, and of two none may have the same")
  func identifiers() async throws {
    let bench = try await bench()
    func set(_ identifier: String, _ district: DistrictID, as caller: Caller = RosterBench.state) async throws {
      _ = try await bench.send(
        .patch, RosterBench.roster(district), as: caller, body: Array("{\"identifier\": \"\(identifier)\"}".utf8))
    }
    let technician = RosterBench.technician(RosterBench.cedar)
    await #expect(throws: ServingError(.forbidden, "")) { try await set("oak-park", RosterBench.cedar, as: technician) }
    for taken in ["OAK-park", "2500"] {
      let error = try await bench.refusal { try await set(taken, RosterBench.cedar) }
      #expect(error?.kind == .invalid && error?.faults.first?.field == "identifier")
    }
    _ = try await bench.send(
      .patch, RosterBench.roster(RosterBench.cedar), as: technician, body: Array(#"{"leftDays": 90}"#.utf8))
    try await set("1400", RosterBench.cedar)
    let bodies = try await bench.write { transaction in
      try transaction.rows("SELECT body FROM audit_entry WHERE action = 'roster.change' ORDER BY position").map {
        String(decoding: try $0.get("body", as: [UInt8].self), as: UTF8.self)
      }
    }
    #expect(bodies.map { $0.contains("identifierChanged") } == [true, false, true])
    #expect(!bodies.joined().contains("1400"))
  }

  @Test(
    "A district's id is its own, whatever another is called; two that answer to one org, or two orgs of one, are faults"
  )
  func mistaken() async throws {
    let bench = try await bench()
    // As it could be set before it was looked at.
    func call(_ district: DistrictID, _ identifier: String) async throws {
      try await bench.write {
        var settings = try RosterSettings.of(district, $0)
        settings.identifier = identifier
        try settings.store(district, $0)
      }
    }
    var export = Self.state()
    export.orgs[2][5] = "oak-park"
    try await call(RosterBench.cedar, "oak-park")
    _ = try await bench.takeState(export)
    #expect(try await bench.person("100001", in: RosterBench.oak)?.givenName == "Ash")
    #expect(try await bench.person("100001")?.givenName == "Robin")
    try await call(RosterBench.cedar, "77")
    try await call(RosterBench.oak, "77")
    export.orgs[2][5] = "77"
    let several = try await bench.refusal { _ = try await bench.takeState(export) }
    #expect(several?.faults.map(\.code) == ["roster.district"] && several?.faults.first?.line == 4)
    export.orgs[2][5] = "cedar-falls"
    let twice = try await bench.refusal { _ = try await bench.takeState(export) }
    #expect(twice?.faults.map(\.code) == ["roster.district"])
    #expect(twice?.faults.first?.message.contains("'cedar-falls' already") == true)
  }

  @Test("A district that the file does not name keeps its roster")
  func unnamed() async throws {
    let bench = try await bench()
    _ = try await bench.takeState(Self.state())
    var cedar = Self.state()
    cedar.orgs.removeAll { $0[0] == "d2" || $0[0] == "o1" }
    cedar.users.removeAll { $0[0] == "v1" }
    cedar.roles.removeAll { $0[8] == "o1" }
    let answer = try await bench.takeState(cedar)
    #expect((answer.json["districts"] as? [[String: Any]])?.count == 1)
    #expect(try await bench.person("100001", in: RosterBench.oak)?.isActive == true)
  }

  @Test("The guard looks at each district by itself")
  func guarded() async throws {
    let bench = try await bench()
    _ = try await bench.takeState(Self.state())
    var less = Self.state()
    less.users.removeAll { $0[0] == "v1" }
    less.roles.removeAll { $0[3] == "v1" }
    let error = try await bench.refusal { _ = try await bench.takeState(less) }
    #expect(error?.kind == .removesTooMany && error?.message.contains("oak-park: 1 of 1 students") == true)
    #expect(error?.message.contains("cedar-falls") == false)
  }

  @Test("A district of the file that is none of ours, and a school below none, are faults")
  func strangers() async throws {
    let bench = try await bench()
    var export = Self.state()
    export.orgs[2][5] = "9999"
    let stranger = try await bench.refusal { _ = try await bench.takeState(export) }
    #expect(stranger?.faults.map(\.code) == ["roster.district"] && stranger?.faults.first?.value == "9999")
    export = Self.state()
    export.orgs[4][6] = "nowhere"
    let orphan = try await bench.refusal { _ = try await bench.takeState(export) }
    #expect(orphan?.faults.map(\.code) == ["roster.reference"] && orphan?.faults.first?.line == 6)
  }

  @Test("A district's own file may tell of that district alone")
  func ownOnly() async throws {
    let bench = try await bench()
    let found = try await bench.faults(Self.state())
    #expect(found == ["orgs.csv 4 identifier 2500 roster.district"])
    let foreign = try await bench.faults(.cedar(), of: RosterBench.oak)
    #expect(foreign == ["orgs.csv 2 identifier cedar-falls roster.district"])
    // One without an identifier is who sends it.
    var plain = Export.cedar()
    plain.orgs[0][5] = ""
    #expect(try await bench.take(plain).count("people", "added") == 3)
    #expect(try await bench.person("100001", in: RosterBench.oak) == nil)
  }

  @Test("The state's import is undone in every district that it changed, unless one was changed since")
  func undo() async throws {
    let bench = try await bench()
    _ = try await bench.takeState(Self.state())
    let first = try await bench.everything()
    var more = Self.state()
    more.user("u5", "New", "Comer", number: "100005")
    more.user("v5", "Newer", "Comer", at: ["o1"], number: "100005")
    _ = try await bench.takeState(more)
    let undone = try await bench.send(.post, "/api/v1/roster/undo")
    #expect((undone.json["districts"] as? [[String: Any]])?.count == 2)
    #expect(try await bench.everything() == first)
    _ = try await bench.takeState(more)
    var own = Export()
    own.org("s1", "Otter Creek Elementary", parent: "")
    own.user("u1", "Robin", "Exampleton-Smith", number: "100001")
    try await bench.take(own, query: [("allowRemoval", "100")])
    let error = try await bench.refusal { _ = try await bench.send(.post, "/api/v1/roster/undo") }
    #expect(error?.kind == .notLatest && error?.message.contains("cedar-falls") == true)
  }
}
