import Storage
import Testing
import Vocabulary

@testable import Roster

/// What other features ask of the roster.
@Suite("The roster's directory")
struct DirectoryTests {
  @Test("A number finds the student before staff, and whoever has not left before those who have")
  func byNumber() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    export.user("t2", "Pat", "Teacherly", role: "teacher", number: "100001")
    try await bench.take(export)
    #expect(try await bench.person("100001")?.sourcedID == "u1")
    #expect(try await bench.person("") == nil)
    #expect(try await bench.person("999") == nil)
    var without = export
    without.users.removeAll { $0[0] == "u1" }
    without.roles.removeAll { $0[3] == "u1" }
    without.enrollments.removeAll { $0[5] == "u1" }
    try await bench.take(without, query: [("allowRemoval", "50")])
    #expect(try await bench.person("100001")?.sourcedID == "t2")
    let many = try await bench.write {
      try RosterDirectory().people(numbered: ["100001", "100002", "nobody's"], in: RosterBench.cedar, $0)
    }
    #expect(many.mapValues(\.sourcedID) == ["100001": "t2", "100002": "u2"])
  }

  @Test("A class has its members with their roles and days, without those who left; no such class is nil")
  func members() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    export.enrollments[1][9] = "2026-12-18"
    try await bench.take(export)
    let members = try #require(
      try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.cedar, $0) })
    let told = members.map { "\($0.person.sourcedID) \($0.role) \($0.begins ?? "-") \($0.ends ?? "-")" }.sorted()
    #expect(told == ["t1 teacher 2026-08-20 -", "u1 student 2026-08-20 -", "u2 student 2026-08-20 2026-12-18"])
    let none = try await bench.write { try RosterDirectory().members(ofClass: "c9", in: RosterBench.cedar, $0) }
    let elsewhere = try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.oak, $0) }
    #expect(none == nil && elsewhere == nil)
  }

  @Test("A member of a class is one from the first day to the last")
  func membership() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    export.enrollments[1][9] = "2026-12-18"
    try await bench.take(export)
    let members = try #require(
      try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.cedar, $0) })
    let ending = try #require(members.first { $0.ends != nil })
    let days = ["2026-08-19", "2026-08-20", "2026-12-18", "2026-12-19"].map { Self.day($0) }
    #expect(days.map(ending.isMember) == [false, true, true, false])
    let open = try #require(members.first { $0.ends == nil })
    #expect(days.map(open.isMember) == [false, true, true, true])
  }

  @Test("What stands as a day and is none says nothing: nobody's class is emptied by it")
  func noDays() async throws {
    let bench = try await RosterBench()
    try await bench.take(.cedar())
    // As it was taken up before days were checked.
    try await bench.write {
      _ = try $0.run("UPDATE roster_membership SET begins = '20/08/2026', ends = '06/10/2027' WHERE person = 'u1'")
    }
    let members = try #require(
      try await bench.write { try RosterDirectory().members(ofClass: "c1", in: RosterBench.cedar, $0) })
    let robin = try #require(members.first { $0.person.sourcedID == "u1" })
    #expect(robin.ends == "06/10/2027" && robin.isMember(on: Self.day("2026-11-23T00:00:00Z")))
  }

  @Test("Many numbers, or many ids, are looked up by an index of their own")
  func plans() async throws {
    let bench = try await RosterBench()
    try await bench.take(Export.cedar())
    try await bench.write { transaction in
      guard transaction.engine == .sqlite else { return }
      for condition: SQL in ["number <> '' AND number IN ('1', '2')", "person_id IN ('1', '2')"] {
        let plan = try transaction.rows(
          "EXPLAIN QUERY PLAN SELECT given_name FROM roster_person WHERE district_id = 'cedar-falls' AND \(condition)"
        ).map { try $0.get("detail", as: String.self) }
        #expect(plan.allSatisfy { $0.contains("AND number=?") || $0.contains("AND person_id=?") }, "\(plan)")
      }
    }
  }

  private static func day(_ text: String) -> CivilDate {
    CivilDate(daysSinceEpoch: Instant(rfc3339: text).map { $0.milliseconds / 86_400_000 } ?? 0)
  }
}
