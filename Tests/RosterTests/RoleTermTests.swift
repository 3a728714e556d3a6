import Serving
import Testing
import Vocabulary

@testable import Roster

/// The day of the import is 2026-09-21.
@Suite("Roles that have ended, or have not begun")
struct RoleTermTests {
  private static let any = [("allowRemoval", "100")]

  /// A student with a role in each of two districts, and one beside.
  private static func state() -> Export {
    var export = Export()
    export.org("st", "Example State", type: "state", parent: "")
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "st")
    export.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "st")
    export.org("s1", "Otter Creek Elementary", parent: "d")
    export.org("o1", "Acorn Middle", parent: "d2")
    export.user("u1", "Robin", "Exampleton", at: ["s1", "o1"], number: "100001")
    export.user("u2", "Zoë", "Fictional", number: "100002")
    export.schoolClass("c1", "Homeroom 5A")
    export.enroll("u1", in: "c1")
    export.enroll("u2", in: "c1")
    return export
  }

  private static func role(_ user: String, at org: String, _ begins: String, _ ends: String) -> [String] {
    ["\(user)-\(org)-\(begins)", "active", "2026-09-20T00:00:00Z", user, "primary", "student", begins, ends, org, ""]
  }

  private func notes(_ answer: RosterBench.Answer) -> [String] { answer.json["notes"] as? [String] ?? [] }

  @Test(
    "A student who went over to another district stands there alone; what the former one has of them is passed over")
  func transferred() async throws {
    let bench = try await RosterBench()
    var export = Self.state()
    #expect(try await notes(bench.takeState(export)) == [])
    #expect(try await bench.person("100001")?.isActive == true)
    export.roles[0][7] = "2026-09-20"
    let answer = try await bench.takeState(export, query: Self.any)
    #expect(answer.count("people", "left") == 1 && answer.count("memberships", "left") == 1)
    #expect(
      notes(answer) == [
        "roles.csv: 1 row passed over, as of 2026-09-21: ended 1, not begun 0. Whoever has no other role in a district does not stand in its roster.",
        "enrollments.csv: 1 row passed over, of people without a role in the class's district on 2026-09-21.",
      ])
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("100001", in: RosterBench.oak)?.isActive == true)
    #expect(try await bench.takeState(export).json["changes"] as? Int == 0)
  }

  @Test(
    "A role holds from its first day to its last",
    arguments: [
      ("", "", true), ("2026-09-21", "2026-09-21", true), ("2026-09-22", "", false), ("", "2026-09-20", false),
      ("2020-08-20", "2030-06-10", true), ("2026-10-01", "2026-09-01", false),
    ])
  func days(begins: String, ends: String, holds: Bool) async throws {
    let bench = try await RosterBench()
    var export = Self.state()
    let place = try #require(export.roles.firstIndex { $0[3] == "u2" })
    (export.roles[place][6], export.roles[place][7]) = (begins, ends)
    // Whoever has no role that day is nobody there, and no fault.
    _ = try await bench.takeState(export)
    #expect((try await bench.person("100002") != nil) == holds)
    #expect(try await bench.count("roster_membership") == (holds ? 2 : 1))
  }

  @Test(
    "In a file of changes a role that has ended is gone, unless it was renewed; one that is to come changes nothing")
  func changes() async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state())
    var delta = Export(version: "1.2", mode: "delta")
    // Next year's, and the last one's after the one of this year.
    delta.roles = [Self.role("u2", at: "s1", "2027-08-20", ""), Self.role("u2", at: "o1", "2027-08-20", "")]
    #expect(try await bench.takeState(delta).json["changes"] as? Int == 0)
    delta.roles = [Self.role("u2", at: "s1", "2026-08-20", ""), Self.role("u2", at: "s1", "2025-08-20", "2026-06-10")]
    #expect(try await bench.takeState(delta).json["changes"] as? Int == 0)
    #expect(try await bench.person("100002")?.isActive == true)
    delta.roles = [Self.role("u1", at: "s1", "2025-08-20", "2026-09-20")]
    let moved = try await bench.takeState(delta, query: Self.any)
    #expect(moved.count("people", "left") == 1 && moved.json["changes"] as? Int == 1)
    #expect(try await bench.person("100001")?.isActive == false)
    #expect(try await bench.person("100001", in: RosterBench.oak)?.isActive == true)
    // Told of as a user too; the class's row that comes along is passed over, and stands no more.
    delta.user("u2", "Zoë", "Fictional", number: "100002")
    delta.roles = [Self.role("u2", at: "s1", "2026-08-20", "2026-09-20")]
    delta.enroll("u2", in: "c1")
    let left = try await bench.takeState(delta, query: Self.any)
    #expect(left.count("people", "left") == 1 && left.count("memberships", "left") == 1)
    #expect(try await bench.person("100002")?.isActive == false)
  }

  @Test("Somebody new whose role is to come is not there yet, and no fault")
  func coming() async throws {
    let bench = try await RosterBench()
    _ = try await bench.takeState(Self.state())
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("u3", "Sam", "Notyet", number: "100003")
    delta.roles = [Self.role("u3", at: "s1", "2026-09-22", "")]
    let answer = try await bench.takeState(delta)
    #expect(answer.json["changes"] as? Int == 0 && notes(answer).count == 1)
    #expect(try await bench.person("100003") == nil)
  }
}
