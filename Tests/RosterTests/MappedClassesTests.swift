import Registry
import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Classes and guardians of a district's own CSV")
struct MappedClassesTests {
  private static let path = RosterBench.roster(RosterBench.cedar)
  private static let any = ("allowRemoval", "100")

  private func mapping(_ more: String, role: String = "student", whole: Bool = true) -> String {
    """
    {"name": "m", "role": "\(role)", "whole": \(whole), "columns": {"number": "N", "givenName": "F", "familyName": "L",
    \(more)}}
    """
  }

  private func bench(_ more: String, role: String = "student", whole: Bool = true) async throws -> RosterBench {
    let bench = try await RosterBench()
    try await save(mapping(more, role: role, whole: whole), on: bench)
    return bench
  }

  private func save(_ mapping: String, on bench: RosterBench) async throws {
    _ = try await bench.send(.post, Self.path + "/mappings", body: Array(mapping.utf8))
  }

  @discardableResult
  private func take(_ bench: RosterBench, _ csv: String, _ query: (String, String)...) async throws
    -> RosterBench.Answer
  {
    try await bench.send(
      .post, Self.path + "/imports", as: RosterBench.technician(RosterBench.cedar), query: [("mapping", "m")] + query,
      body: Array(csv.utf8))
  }

  private func faults(_ bench: RosterBench, _ csv: String) async throws -> [String] {
    let error = try await bench.refusal { try await take(bench, csv) }
    return error?.faults.map { "\($0.line ?? 0) \($0.field ?? "") \($0.value ?? "") \($0.code)" } ?? []
  }

  /// Numbers of the members, in their order; nil where there is no such class.
  private func members(_ bench: RosterBench, _ schoolClass: String) async throws -> [String]? {
    try await bench.write {
      try RosterDirectory().members(ofClass: schoolClass, in: RosterBench.cedar, $0)?.filter {
        $0.isMember(on: RosterBench.today)
      }.map { "\($0.person.number ?? "") \($0.role)" }.sorted()
    }
  }

  private static let classes = #""class": "Section", "classTitle": "Course""#

  @Test("A row for each class, or one with all of them, say the same, and again change nothing")
  func rows() async throws {
    let bench = try await bench(Self.classes)
    let file = """
      N,F,L,Section,Course
      1,Robin,Exampleton,BIO 101-2,Biology
      2,Zoë,Fictional,BIO 101-2,Biology
      1,Robin,Exampleton,ALG-2,Algebra
      1,Robin,Exampleton,ALG-2,Algebra
      3,Jo,Notreal,,

      """
    let first = try await take(bench, file)
    #expect(first.count("people", "added") == 3 && first.count("classes", "added") == 2)
    #expect(first.count("memberships", "added") == 3)
    #expect(try await members(bench, "BIO 101-2") == ["1 student", "2 student"])
    #expect(try await members(bench, "ALG-2") == ["1 student"])
    #expect(try await take(bench, file).json["changes"] as? Int == 0)
    let one = """
      N,F,L,Section,Course
      1,Robin,Exampleton,ALG-2; BIO 101-2,Algebra;Biology
      2,Zoë,Fictional,BIO 101-2,Biology
      3,Jo,Notreal,,

      """
    #expect(try await take(bench, one).json["changes"] as? Int == 0)
    let robin = try #require(try await bench.person("1"))
    let titles = try await bench.write { try RosterDirectory().classes(of: robin, $0).map(\.title) }
    #expect(titles == ["Algebra", "Biology"])
  }

  @Test("Who is in which class is what the file says last; whoever leaves is in none; undo puts it back")
  func changes() async throws {
    let bench = try await bench(#""class": "Section""#)
    try await take(bench, "N,F,L,Section\n1,Robin,Exampleton,a;b\n2,Zoë,Fictional,a\n3,Jo,Notreal,b\n")
    let before = try await bench.everything()
    let answer = try await take(bench, "N,F,L,Section\n1,Robin,Exampleton,b;c\n2,Zoë,Fictional,\n", Self.any)
    #expect(answer.count("memberships", "added") == 1 && answer.count("memberships", "left") == 3)
    #expect(answer.count("people", "left") == 1 && answer.count("classes", "added") == 1)
    #expect(try await [members(bench, "a"), members(bench, "b")] == [[], ["1 student"]])
    #expect(try await members(bench, "c") == ["1 student"])
    _ = try await bench.send(.post, Self.path + "/undo")
    #expect(try await bench.everything() == before)
  }

  @Test("A file that is not whole, and one of another role, leave the classes of those of whom they do not tell")
  func others() async throws {
    let bench = try await bench(#""class": "Section""#, whole: false)
    try await take(bench, "N,F,L,Section\n1,Robin,Exampleton,a\n2,Zoë,Fictional,a\n")
    try await take(bench, "N,F,L,Section\n1,Robin,Exampleton,b\n", Self.any)
    #expect(try await [members(bench, "a"), members(bench, "b")] == [["2 student"], ["1 student"]])
    try await save(mapping(#""class": "Section""#, role: "staff"), on: bench)
    try await take(bench, "N,F,L,Section\nT-1,Terry,Madeup,a;b\n")
    #expect(try await members(bench, "a") == ["2 student", "T-1 teacher"])
    #expect(try await members(bench, "b") == ["1 student", "T-1 teacher"])
  }

  @Test("Classes of an export are found by their ids and codes, and its memberships of whom the file tells are over")
  func besideOneRoster() async throws {
    let bench = try await bench(#""id": "Id", "class": "Section""#, whole: false)
    var export = Export.cedar()
    export.schoolClass("c2", "Homeroom 5B", code: "5B")
    try await bench.take(export)
    let answer = try await take(bench, "Id,N,F,L,Section\nu1,100001,Robin,Exampleton,5B\n", Self.any)
    #expect(answer.count("classes", "added") == 0 && answer.count("classes", "changed") == 0)
    #expect(try await members(bench, "c1") == ["100002 student", "T-7 teacher"])
    #expect(try await members(bench, "c2") == ["100001 student"])
    // An export of everybody says it all again.
    try await bench.take(export, query: [Self.any])
    #expect(try await members(bench, "c1") == ["100001 student", "100002 student", "T-7 teacher"])
    #expect(try await members(bench, "c2") == [])
  }

  @Test("Faults of classes have line, column, value and rule")
  func classFaults() async throws {
    let bench = try await bench(Self.classes)
    let header = "N,F,L,Section,Course\n"
    #expect(try await faults(bench, header + "1,A,B,x,One\n2,C,D,x,Two\n") == ["3 Course Two roster.class"])
    #expect(try await faults(bench, header + "1,A,B,x;y,One\n") == ["2 Course One roster.class"])
    let long = String(repeating: "x", count: 65)
    #expect(try await faults(bench, header + "1,A,B,\(long),\n") == ["2 Section \(long) roster.class"])
    let many = (0..<65).map { "c\($0)" }.joined(separator: ";")
    #expect(try await faults(bench, header + "1,A,B,\(many),\n") == ["2 Section \(many.prefix(100))… roster.too-many"])
    #expect(try await faults(bench, header + "1,A,B,x,\n1,A,C,y,\n") == ["3 N 1 roster.repeated"])
    #expect(try await faults(bench, header + "1,,B,x,\n1,A,B,y,\n") == ["2 F  csv.required"])
    #expect(try await bench.count("roster_person") == 0)
  }

  @Test("Classes, and who is in them, have a limit; the first row past it is told once")
  func limits() async throws {
    let bench = try await bench(Self.classes)
    let mapping = ColumnMapping(
      columns: ["number": "N", "givenName": "F", "familyName": "L", "class": "Section"], role: .student, whole: true)
    let file = Array("N,F,L,Section\n1,A,B,x;y\n2,C,D,x\n3,E,F,x\n4,G,H,x\n".utf8)
    func faults(classes: Int, memberships: Int) async throws -> [String] {
      var limits = RowLimits.district
      (limits.classes, limits.enrollments) = (classes, memberships)
      return try await bench.write { [contacts = bench.desk.contacts, limits] transaction in
        do {
          _ = try ImportReading.read(
            csv: file, mapping: mapping, only: RosterBench.cedar, on: RosterBench.today, schools: [],
            contacts: contacts, limits: limits, in: transaction)
          return []
        } catch let error as RosterError { return error.faults.map { "\($0.line ?? 0) \($0.code)" } }
      }
    }
    #expect(try await faults(classes: 2, memberships: 5) == [])
    #expect(try await faults(classes: 1, memberships: 5) == ["2 roster.too-many"])
    #expect(try await faults(classes: 2, memberships: 3) == ["4 roster.too-many"])
  }

  private static let guardians = """
    "guardianName": "G1", "guardianPhone": "P1", "guardianEmail": "E1", "secondGuardianName": "G2", "secondGuardianPhone": "P2"
    """

  @Test("Guardians of a row are shown with the student, found by their contacts, changed and gone with the file's word")
  func guardianColumns() async throws {
    let bench = try await bench(Self.guardians)
    let header = "N,F,L,G1,P1,E1,G2,P2\n"
    let file =
      header
      + "1,Robin,Exampleton,Gale Exampleton,(555) 010-0199,gale@home.example,Kim,555-010-0123\n2,Zoë,Fictional,,,,,\n"
    let answer = try await take(bench, file)
    #expect(answer.count("guardians", "added") == 2 && answer.count("people", "added") == 2)
    #expect(try await take(bench, file).json["changes"] as? Int == 0)
    let robin = try #require(try await bench.person("1"))
    func shown() async throws -> [[String: String]] {
      let one = try await bench.send(.get, Self.path + "/persons/\(robin.id)")
      return one.json["guardians"] as? [[String: String]] ?? []
    }
    func found(_ contact: String) async throws -> Int {
      try await bench.send(.get, Self.path + "/persons", query: [("guardian", contact)]).items.count
    }
    #expect(
      try await shown() == [
        ["familyName": "Gale Exampleton", "email": "gale@home.example", "phone": "(555) 010-0199"],
        ["familyName": "Kim", "phone": "555-010-0123"],
      ])
    #expect(try await [found("GALE@home.example"), found("5550100123"), found("5550100000")] == [1, 1, 0])
    let before = try await bench.everything()
    let changed = header + "1,Robin,Exampleton,Gale Exampleton,(555) 010-0000,,,\n2,Zoë,Fictional,,,,,\n"
    let second = try await take(bench, changed, Self.any)
    #expect(second.count("guardians", "changed") == 1 && second.count("guardians", "left") == 1)
    #expect(try await shown() == [["familyName": "Gale Exampleton", "phone": "(555) 010-0000"]])
    #expect(try await [found("GALE@home.example"), found("5550100123"), found("5550100000")] == [0, 0, 1])
    _ = try await bench.send(.post, Self.path + "/undo")
    #expect(try await bench.everything() == before)
  }

  @Test("A row for each class tells of the guardians alike; a mapping that cannot be one is refused")
  func both() async throws {
    let bench = try await bench(#""class": "Section", "guardianPhone": "P""#)
    let header = "N,F,L,Section,P\n"
    try await take(bench, header + "1,Robin,Exampleton,a,555-010-0199\n1,Robin,Exampleton,b,555-010-0199\n")
    #expect(try await bench.count("roster_guardian") == 1)
    let other = header + "1,Robin,Exampleton,a,555-010-0199\n1,Robin,Exampleton,b,555-010-0000\n"
    #expect(try await faults(bench, other) == ["3 N 1 roster.repeated"])
    for wrong in [
      mapping(#""classTitle": "T""#), mapping(#""guardianPhone": "P""#, role: "staff"),
      mapping(#""secondGuardianEmail": "P""#, role: "staff"),
    ] {
      let error = try await bench.refusal { try await save(wrong, on: bench) }
      #expect(error?.kind == .invalid && error?.faults.count == 1, "\(wrong)")
    }
  }
}
