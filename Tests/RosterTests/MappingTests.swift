import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("A district's own CSV through a saved mapping")
struct MappingTests {
  private static let path = RosterBench.roster(RosterBench.cedar)
  private static let students = """
    {"name": "students", "role": "student", "whole": true, "columns": {"number": "Student ID", "givenName": "First",
    "familyName": "Last", "school": "Building", "grade": "Gr"}}
    """

  private func bench(_ mapping: String = students) async throws -> RosterBench {
    let bench = try await RosterBench()
    let answer = try await bench.send(.post, Self.path + "/mappings", body: Array(mapping.utf8))
    #expect(answer.json["name"] as? String == "students")
    return bench
  }

  @discardableResult
  private func take(_ bench: RosterBench, _ csv: String, _ query: (String, String)...) async throws
    -> RosterBench.Answer
  {
    try await bench.send(
      .post, Self.path + "/imports", as: RosterBench.technician(RosterBench.cedar),
      query: [("mapping", "students")] + query, body: Array(csv.utf8))
  }

  @Test("People are known by their numbers, other columns are passed over, and the same file changes nothing")
  func takesUp() async throws {
    let bench = try await bench()
    try await bench.write { [registry = bench.registry] in
      try registry.addSchool(
        .init(
          id: SchoolID(rawValue: "north")!, district: RosterBench.cedar, name: "North High", createdAt: RosterBench.now),
        in: $0)
    }
    let file =
      "Student ID,Locker,Last,First,Gr,Building\r\n100001,7,Exampleton,Robin,05,north high\r\n100002,8,Fictional,Zoë,06,north\r\n,,,,,\r\n"
    let answer = try await take(bench, file)
    #expect(answer.count("people", "added") == 2 && answer.count("orgs", "added") == 1)
    let robin = try #require(try await bench.person("100001"))
    #expect(robin.school?.rawValue == "north" && robin.grades == ["05"] && robin.givenName == "Robin")
    #expect(try await take(bench, file).json["changes"] as? Int == 0)
  }

  @Test("It changes what its columns say of people of its role, and nothing else of an earlier export")
  func besideOneRoster() async throws {
    let bench = try await bench()
    try await bench.take(.cedar())
    let id = try await bench.person("100001")?.id
    let answer = try await take(
      bench, "Student ID,First,Last,Gr,Building\n100001,Robin,Newname,06,Heron High\n", ("allowRemoval", "50"))
    #expect(answer.count("people", "changed") == 1 && answer.count("people", "left") == 1)
    let robin = try #require(try await bench.person("100001"))
    #expect(robin.id == id && robin.familyName == "Newname" && robin.school?.rawValue == "heron-high")
    #expect(robin.preferredGivenName == "Rob" && robin.username == "robin.e")
    #expect(try await bench.person("100002")?.isActive == false)
    #expect(try await bench.person("T-7")?.isActive == true)
    #expect(try await bench.count("roster_guardian") == 2)
    _ = try await bench.send(.post, Self.path + "/undo")
    #expect(try await bench.person("100001")?.familyName == "Exampleton")
    #expect(try await bench.person("100002")?.isActive == true)
  }

  @Test("A file that is not whole leaves those of whom it does not tell")
  func notWhole() async throws {
    let bench = try await bench(Self.students.replacing("true", with: "false"))
    try await bench.take(.cedar())
    let answer = try await take(bench, "Student ID,First,Last,Gr,Building\n100003,Jo,Notreal,05,\n")
    #expect(answer.count("people", "added") == 1 && answer.count("people", "left") == 0)
  }

  private static let staff = #"""
    {"name": "staff", "role": "staff", "columns": {"number": "N", "givenName": "F", "familyName": "L"}}
    """#

  @Test("Staff of the same numbers are other people than the students")
  func otherRole() async throws {
    let bench = try await bench()
    _ = try await bench.send(.post, Self.path + "/mappings", body: Array(Self.staff.utf8))
    _ = try await bench.send(
      .post, Self.path + "/mappings",
      body: Array(
        Self.staff.replacing("\"N\"", with: "\"N\", \"id\": \"Id\"").replacing(
          "staff\", \"role", with: "known\", \"role"
        ).utf8))
    try await take(bench, "Student ID,First,Last,Gr,Building\n5501,Robin,Exampleton,05,\n")
    func send(_ mapping: String, _ csv: String) async throws -> RosterBench.Answer {
      try await bench.send(
        .post, Self.path + "/imports", query: [("mapping", mapping)], body: Array(csv.utf8))
    }
    let answer = try await send("staff", "N,F,L\n5501,Terry,Madeup\n")
    #expect(answer.count("people", "added") == 1 && answer.count("people", "changed") == 0)
    let robin = try #require(try await bench.person("5501"))
    #expect(robin.role == .student && robin.givenName == "Robin")
    // By an id that a student has, nobody becomes staff.
    let error = try await bench.refusal { _ = try await send("known", "Id,N,F,L\nn:5501,7,Pat,Teacherly\n") }
    #expect(
      error?.faults.map { "\($0.line ?? 0) \($0.field ?? "") \($0.value ?? "") \($0.code)" } == [
        "2 Id n:5501 roster.other-role"
      ])
    #expect(try await bench.person("5501")?.id == robin.id)
  }

  @Test("A file that is not whole gives no student the number of another of whom it does not tell")
  func takenNumber() async throws {
    let mapping = Self.students.replacing("true", with: "false").replacing(
      "\"columns\": {", with: "\"columns\": {\"id\": \"Id\", ")
    let bench = try await bench(mapping)
    let header = "Id,Student ID,First,Last,Gr,Building\n"
    try await take(bench, header + "a,1,Robin,Exampleton,05,\nb,2,Ash,Makebelieve,05,\n")
    let error = try await bench.refusal { try await take(bench, header + "c,2,Jo,Notreal,05,\n") }
    #expect(
      error?.faults.map { "\($0.line ?? 0) \($0.field ?? "") \($0.value ?? "") \($0.code)" } == [
        "2 Student ID 2 roster.number-repeated"
      ])
    // Told of both, they may change with each other.
    #expect(
      try await take(bench, header + "a,2,Robin,Exampleton,05,\nb,1,Ash,Makebelieve,05,\n").count("people", "changed")
        == 2)
  }

  @Test("Faults have line, column, value and rule")
  func faults() async throws {
    let bench = try await bench()
    func told(_ file: String) async throws -> [String] {
      let error = try await bench.refusal { try await take(bench, file) }
      return error?.faults.map { "\($0.line ?? 0) \($0.field ?? "") \($0.value ?? "") \($0.code)" } ?? []
    }
    #expect(try await told("") == ["1   csv.header"])
    #expect(try await told("Student ID,First,Last,Gr,Building\n") == ["1   roster.empty-file"])
    #expect(try await told("Student ID,First,Last,Gr\n1,A,B,5\n") == ["1 Building  csv.column"])
    let header = "Student ID,First,Last,Gr,Building\n"
    #expect(try await told(header + "1,A,B,5,nowhere\n") == ["2 Building nowhere roster.school"])
    #expect(try await told(header + ",A,B,5,\n2,,B,5,\n") == ["2 Student ID  csv.required", "3 First  csv.required"])
    #expect(try await told(header + "1,A,B,5,\n1,C,D,5,\n") == ["3 sourcedId 1 roster.repeated"])
    #expect(try await told(header + "1,A,B\n") == ["2   csv.field-count"])
    #expect(try await bench.count("roster_person") == 0)
  }

  @Test("A mapping that cannot be one is refused; one is listed, replaced and forgotten")
  func mappings() async throws {
    let bench = try await bench()
    for wrong in [
      #"{"name": "x", "role": "staff", "columns": {"number": "N", "givenName": "G"}}"#,
      #"{"name": "x", "role": "staff", "columns": {"number": "N", "givenName": "N", "familyName": "F"}}"#,
      #"{"name": "x", "role": "staff", "columns": {"number": "N", "givenName": "G", "familyName": "F", "nmber": "X"}}"#,
      #"{"name": "X Y", "role": "staff", "columns": {"number": "N", "givenName": "G", "familyName": "F"}}"#,
    ] {
      let error = try await bench.refusal {
        _ = try await bench.send(.post, Self.path + "/mappings", body: Array(wrong.utf8))
      }
      #expect(error?.kind == .invalid, "\(wrong)")
    }
    _ = try await bench.send(
      .post, Self.path + "/mappings", body: Array(Self.students.replacing("Building", with: "School").utf8))
    let items = try await bench.send(.get, Self.path + "/mappings").items
    #expect(items.count == 1 && (items[0]["columns"] as? [String: String])?["school"] == "School")
    #expect(try await bench.send(.delete, Self.path + "/mappings/students").status == 204)
    await #expect(throws: ServingError.notFound) { _ = try await take(bench, "a\n") }
    await #expect(throws: ServingError.notFound) {
      _ = try await bench.send(.delete, Self.path + "/mappings/students")
    }
  }
}
