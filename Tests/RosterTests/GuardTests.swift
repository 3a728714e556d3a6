import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("What the guard counts, and how much is read")
struct GuardTests {
  private static func export(students: Int, staff: Int) -> Export {
    var export = Export()
    export.org("s1", "Otter Creek Elementary", parent: "")
    for number in 0..<students { export.user("u\(number)", "Robin", "Exampleton", number: "1\(number)") }
    for number in 0..<staff { export.user("t\(number)", "Terry", "Madeup", role: "teacher", number: "T-\(number)") }
    return export
  }

  @Test("Students and staff are counted apart: all teachers are not few because there are many children")
  func apart() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.export(students: 40, staff: 2))
    let without = Self.export(students: 39, staff: 0)
    let error = try await bench.refusal { try await bench.take(without) }
    #expect(error?.kind == .removesTooMany)
    #expect(error?.message.contains("cedar-falls: 2 of 2 staff (100.0 %).") == true)
    let preview = try await bench.take(without, query: [("preview", "true")])
    let district = (preview.json["districts"] as? [[String: Any]])?.first
    let (students, staff) = (district?["students"] as? [String: Double], district?["staff"] as? [String: Double])
    #expect(students == ["standing": 40, "left": 1, "removal": 2.5])
    #expect(staff == ["standing": 2, "left": 2, "removal": 100])
    #expect((preview.json["refusal"] as? String)?.contains("2 of 2 staff") == true)
    // In a file of changes too.
    var delta = Export(version: "1.2", mode: "delta")
    delta.user("t0", "", "")
    delta.users[0][1] = "tobedeleted"
    delta.roles = []
    let changes = try await bench.refusal { try await bench.take(delta) }
    #expect(changes?.message.contains("1 of 2 staff (50.0 %)") == true)
  }

  @Test("A CSV of one's own is measured against the people of its role")
  func mapped() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.export(students: 40, staff: 2))
    let mapping =
      #"{"name": "m", "role": "staff", "whole": true, "columns": {"number": "N", "givenName": "F", "familyName": "L"}}"#
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/mappings", body: Array(mapping.utf8))
    let error = try await bench.refusal {
      _ = try await bench.send(
        .post, RosterBench.roster(RosterBench.cedar) + "/imports", query: [("mapping", "m")],
        body: Array("N,F,L\nT-0,Terry,Madeup\n".utf8))
    }
    #expect(error?.message.contains("1 of 2 staff (50.0 %)") == true)
  }

  @Test("Rows have a limit in each file, and one in all together; the first row past it is named")
  func limits() async throws {
    let bench = try await RosterBench()
    let archive = try Export.cedar().archive
    func faults(_ limits: RowLimits) async throws -> [String] {
      try await bench.write { [contacts = bench.desk.contacts] transaction in
        do {
          _ = try ImportReading.read(
            archive, only: RosterBench.cedar, on: RosterBench.today, contacts: contacts, limits: limits, in: transaction
          )
          return []
        } catch let error as RosterError {
          return error.faults.filter { $0.code == "csv.too-many-rows" }.map {
            "\($0.file ?? "") \($0.line ?? 0) \($0.message)"
          }
        }
      }
    }
    // 3 orgs, 1 class, 6 roles, 5 users, 3 enrollments.
    let enough = RowLimits(orgs: 3, classes: 1, users: 5, roles: 6, enrollments: 3, all: 18)
    #expect(try await faults(enough) == [])
    var fewer = enough
    fewer.users = 4
    #expect(try await faults(fewer) == ["users.csv 6 The file has over 4 rows."])
    fewer = enough
    fewer.all = 17
    #expect(
      try await faults(fewer) == [
        "enrollments.csv 4 With the files before it the archive has over 17 rows; no more are read of one."
      ])
    #expect(
      RowLimits.district.all < RowLimits.state.all && RowLimits.district.enrollments < RowLimits.state.enrollments)
  }
}
