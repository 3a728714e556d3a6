import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Undoing an import")
struct UndoTests {
  private static let undo = RosterBench.roster(RosterBench.cedar) + "/undo"

  @Test("The former set is there again, row by row: changed, left, returned and added", arguments: ["1.1", "1.2"])
  func formerSet(version: String) async throws {
    let bench = try await RosterBench()
    var first = Export.cedar(version: version)
    first.user("u3", "Jo", "Notreal", number: "100003", agents: ["g1"])
    first.enroll("u3", in: "c1")
    try await bench.take(first)
    // One has left before.
    try await bench.take(.cedar(version: version), query: [("allowRemoval", "50")])
    let before = try await bench.everything()
    var second = first
    let names = version == "1.1" ? 9 : 7
    second.users[0][names] = "Exampleton-Smith"
    second.users[3][version == "1.1" ? 12 : 10] = "new@home.example"
    second.users.removeAll { $0[0] == "u2" || $0[0] == "g2" }
    second.roles.removeAll { $0[3] == "u2" || $0[3] == "g2" }
    second.enrollments.removeAll { $0[5] == "u2" }
    second.user("u4", "Lee", "Pretend", number: "100004", agents: ["g1"])
    second.classes[0][3] = "Homeroom 5B"
    let answer = try await bench.take(second, query: [("allowRemoval", "50")])
    #expect(answer.count("people", "changed") == 1 && answer.count("people", "returned") == 1)
    #expect(answer.count("people", "left") == 1 && answer.count("people", "added") == 1)
    #expect(try await bench.everything() != before)
    let undone = try await bench.send(.post, Self.undo)
    #expect((undone.json["districts"] as? [[String: Any]])?.count == 1)
    #expect(try await bench.everything() == before)
    #expect(try await bench.count("roster_former") == 0)
    #expect(try await bench.actions().last == "roster.undo")
  }

  @Test("Whom an import added and who has a device by then stays as one who left, and is the same person afterwards")
  func holders() async throws {
    let bench = try await RosterBench()
    try await bench.take(.cedar())
    let (robin, zoe) = (try await bench.person("100001")?.id, try await bench.person("100002")?.id)
    let holder = try #require(robin)
    try await bench.hold(holder)
    _ = try await bench.send(.post, Self.undo)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("100002") == nil)
    #expect(try await bench.count("roster_person") == 1)
    #expect(try await bench.take(.cedar()).count("people", "returned") == 1)
    #expect(try await bench.person("100001")?.id == robin)
    #expect(try await bench.person("100002")?.id != zoe)
  }

  @Test("Whom the ledger names stays the same person too, though the device came back, without its charger")
  func named() async throws {
    let bench = try await RosterBench()
    try await bench.take(.cedar())
    let robin = try #require(try await bench.person("100001")?.id)
    try await bench.hold(robin, isBack: true)
    _ = try await bench.send(.post, Self.undo)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.count("roster_person") == 1)
    #expect(try await bench.take(.cedar()).count("people", "returned") == 1)
    #expect(try await bench.person("100001")?.id == robin)
    let tenures = try await bench.write { [registry = bench.registry] in
      try registry.tenures(of: robin, in: RosterBench.cedar, $0)
    }
    #expect(tenures.count == 1)
  }

  @Test("Only the last import is undone, and once; the list says so")
  func once() async throws {
    let bench = try await RosterBench()
    let nothing = try await bench.refusal { _ = try await bench.send(.post, Self.undo) }
    #expect(nothing?.kind == .nothingToUndo)
    try await bench.take(.cedar())
    _ = try await bench.send(.post, Self.undo)
    #expect(try await bench.everything().isEmpty)
    let again = try await bench.refusal { _ = try await bench.send(.post, Self.undo) }
    #expect(again?.kind == .nothingToUndo)
    let list = try await bench.send(.get, RosterBench.roster(RosterBench.cedar) + "/imports").items
    #expect(list.map { $0["kind"] as? String } == ["undo", "import"])
    #expect(list.map { $0["undone"] as? Bool } == [false, true])
    // The next file begins anew.
    #expect(try await bench.take(.cedar()).count("people", "added") == 3)
  }

  @Test("A file that was compared before another changed the roster is refused")
  func changedMeanwhile() async throws {
    let bench = try await RosterBench()
    let archive = try Export.cedar().archive
    let plan = try await bench.desk.plan(
      archive, only: RosterBench.cedar, on: RosterBench.today, in: .district(RosterBench.cedar)
    ).get()
    try await bench.take(.cedar())
    let error = try await bench.refusal {
      try await bench.write { [desk = bench.desk] transaction in
        _ = try desk.apply(
          plan, .init(only: RosterBench.cedar, allowed: 10), file: Digest.sha256(archive), by: .random(),
          at: RosterBench.now, transaction)
      }
    }
    #expect(error?.kind == .changedMeanwhile)
  }
}
