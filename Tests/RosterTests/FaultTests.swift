import Archive
import Testing
import Vocabulary

@testable import Roster

@Suite("What is wrong with a roster")
struct FaultTests {
  private static let cases: [(String, @Sendable (inout Export) -> Void, [String])] = [
    ("an id twice", { $0.users.append($0.users[0]) }, ["users.csv 7 sourcedId u1 roster.repeated"]),
    (
      "no id", { $0.users[0][0] = "" },
      [
        "users.csv 2 sourcedId  csv.required", "roles.csv 2 userSourcedId u1 roster.reference",
        "enrollments.csv 2 userSourcedId u1 roster.reference",
      ]
    ),
    ("an id with a space", { $0.orgs[1][0] = "s 1" }, ["orgs.csv 3 sourcedId s 1 roster.id"]),
    (
      "no family name", { $0.users[0][7] = " " },
      [
        "users.csv 2 familyName  csv.required", "enrollments.csv 2 userSourcedId u1 roster.reference",
      ]
    ),
    (
      "a control character", { $0.users[1][6] = "Z\u{7}oe" },
      [
        "users.csv 3 givenName Z\u{7}oe roster.text", "enrollments.csv 3 userSourcedId u2 roster.reference",
      ]
    ),
    (
      "an unknown role", { $0.roles[0][5] = "wizard" },
      [
        "roles.csv 2 role wizard roster.role", "users.csv 2 sourcedId u1 roster.reference",
        "enrollments.csv 2 userSourcedId u1 roster.reference",
      ]
    ),
    (
      "a role's days that are none", { ($0.roles[0][6], $0.roles[1][7]) = ("06/10/2026", "2026-13-01") },
      [
        "roles.csv 2 beginDate 06/10/2026 roster.date", "roles.csv 3 endDate 2026-13-01 roster.date",
        "users.csv 2 sourcedId u1 roster.reference", "users.csv 3 sourcedId u2 roster.reference",
        "enrollments.csv 2 userSourcedId u1 roster.reference", "enrollments.csv 3 userSourcedId u2 roster.reference",
      ]
    ),
    (
      "roles of nobody",
      { export in
        for user in ["u8", "u9"] {
          export.roles.append(["\(user)-s1", "", "", user, "primary", "student", "", "", "s1", ""])
        }
      },
      ["roles.csv 8 userSourcedId u8 roster.reference", "roles.csv 9 userSourcedId u9 roster.reference"]
    ),
    ("a role at no org", { $0.roles[3][8] = "s9" }, ["roles.csv 5 orgSourcedId s9 roster.reference"]),
    ("an unknown type", { $0.orgs[1][4] = "castle" }, ["orgs.csv 3 type castle roster.type"]),
    (
      "a student's number twice", { $0.users[1][9] = "100001" },
      [
        "users.csv 3 identifier 100001 roster.number-repeated"
      ]
    ),
    (
      "a guardian who is not there", { $0.users[0][13] = "g1,g9" },
      [
        "users.csv 2 agentSourcedIds g9 roster.reference"
      ]
    ),
    (
      "a part of a district below nothing", { $0.org("s9", "Annex", type: "department", parent: "d9") },
      ["orgs.csv 5 parentSourcedId d9 roster.reference"]
    ),
    (
      "a parent's id too long", { $0.orgs[1][6] = String(repeating: "d", count: 256) },
      ["orgs.csv 3 parentSourcedId \(String(repeating: "d", count: 100))… roster.text"]
    ),
    (
      "too many guardians", { $0.users[0][13] = (1...33).map { "g\($0)" }.joined(separator: ",") },
      ["users.csv 2 agentSourcedIds \((1...33).map { "g\($0)" }.joined(separator: ",").prefix(100))… roster.too-many"]
        + (3...32).map { "users.csv 2 agentSourcedIds g\($0) roster.reference" }
    ),
    (
      "too many roles",
      { export in
        for number in 1...64 {
          export.roles.append(["x\(number)", "", "", "u1", "secondary", "student", "", "", "s2", ""])
        }
      },
      ["users.csv 2 sourcedId u1 roster.too-many", "enrollments.csv 2 userSourcedId u1 roster.reference"]
    ),
    ("a class twice", { $0.classes.append($0.classes[0]) }, ["classes.csv 3 sourcedId c1 roster.repeated"]),
    (
      "a class at no school", { $0.classes[0][9] = "s9" },
      [
        "classes.csv 2 schoolSourcedId s9 roster.reference", "enrollments.csv 2 classSourcedId c1 roster.reference",
        "enrollments.csv 3 classSourcedId c1 roster.reference", "enrollments.csv 4 classSourcedId c1 roster.reference",
      ]
    ),
    (
      "a member who is not there", { $0.enrollments[0][5] = "u9" },
      [
        "enrollments.csv 2 userSourcedId u9 roster.reference"
      ]
    ),
    (
      "days that are none", { ($0.enrollments[0][8], $0.enrollments[1][9]) = ("08/20/2026", "2027-02-29") },
      [
        "enrollments.csv 2 beginDate 08/20/2026 roster.date", "enrollments.csv 3 endDate 2027-02-29 roster.date",
      ]
    ),
    ("a member's role", { $0.enrollments[0][6] = "pupil" }, ["enrollments.csv 2 role pupil roster.role"]),
    (
      "a status in a whole file", { $0.users[3][1] = "active" },
      [
        "users.csv 5 dateLastModified active roster.mode"
      ].map { $0.replacing("dateLastModified", with: "status") }
    ),
    ("too few cells", { $0.enrollments[1].removeLast() }, ["enrollments.csv 3   csv.field-count"]),
    (
      "another version", { $0.manifest["oneroster.version"] = "1.0" },
      [
        "manifest.csv  oneroster.version 1.0 roster.manifest"
      ]
    ),
    (
      "a mode that there is not", { $0.manifest["file.users"] = "some" },
      [
        "manifest.csv  file.users some roster.manifest"
      ]
    ),
    (
      "a file that the manifest does not name", { $0.manifest["file.users"] = "absent" },
      [
        "manifest.csv  file.users absent roster.manifest"
      ]
    ),
    (
      "a file that is not there", { $0.files["classes.csv"] = .some(nil) },
      [
        "manifest.csv  file.classes bulk roster.manifest"
      ]
    ),
    ("no manifest", { $0.files["manifest.csv"] = .some(nil) }, ["manifest.csv    roster.manifest"]),
    (
      "a file without rows", { $0.files["classes.csv"] = Export.classColumns + "\r\n" },
      [
        "classes.csv 1   roster.empty-file", "enrollments.csv 2 classSourcedId c1 roster.reference",
        "enrollments.csv 3 classSourcedId c1 roster.reference", "enrollments.csv 4 classSourcedId c1 roster.reference",
      ]
    ),
    ("an empty file", { $0.files["orgs.csv"] = "" }, ["orgs.csv 1   csv.header"]),
    (
      "a misspelt column",
      {
        $0.files["orgs.csv"] = Export.csv(
          "sourcedId,status,dateLastModified,Name,type,identifier,parentSourcedId", $0.orgs)
      },
      [
        "orgs.csv 1 Name  csv.column", "orgs.csv 1 name  csv.column",
      ]
    ),
    (
      "a folder in the archive", { $0.files = ["export/manifest.csv": "propertyName,value\n"] },
      [
        "export/manifest.csv    roster.files"
      ]
    ),
  ]

  @Test("Each fault is told with file, line, column, value and rule, and nothing is changed", arguments: cases.indices)
  func each(index: Int) async throws {
    let (name, change, expected) = Self.cases[index]
    let bench = try await RosterBench()
    var export = Export.cedar()
    change(&export)
    #expect(try await bench.faults(export) == expected, "\(name)")
    #expect(try await bench.count("roster_person") == 0)
    #expect(try await bench.count("audit_entry") == 0)
  }

  @Test("Of very many faults the first thousand are listed, and all are counted")
  func many() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    for number in 0..<2500 { export.user("x\(number)", "", "Nobody") }
    let error = try await bench.refusal { try await bench.take(export) }
    #expect(error?.faults.count == 1000 && error?.message.contains("2500 faults") == true)
  }

  @Test("A column of one's own that begins with 'metadata.' is passed over, and so is what nobody reads")
  func ownColumns() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    export.files["orgs.csv"] = Export.csv(
      Export.orgColumns + ",metadata.colour", export.orgs.map { $0 + ["te\u{1}al"] })
    export.files["demographics.csv"] = "anything at all"
    #expect(try await bench.faults(export) == [])
    #expect(try await bench.count("roster_person") == 3)
  }

  @Test("What is no archive is refused by code")
  func junk() async throws {
    let bench = try await RosterBench()
    for body in [Array("sourcedId,status\n".utf8), [0x50, 0x4b, 0x05, 0x06]] {
      let error = try await bench.refusal {
        _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/imports", body: body)
      }
      #expect(error?.kind == .archive)
    }
  }

  @Test("A file that would remove more than its share is refused, district by district, unless that share is allowed")
  func removal() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    for number in 0..<17 { export.user("n\(number)", "Sam\(number)", "Inventedson", number: "2000\(number)") }
    try await bench.take(export)
    var half = export
    half.users.removeLast(3)
    half.roles.removeLast(3)
    let preview = try await bench.take(half, query: [("preview", "true")])
    #expect((preview.json["refusal"] as? String)?.contains("3 of 19 students (15.8 %)") == true, "\(preview.json)")
    let error = try await bench.refusal { try await bench.take(half) }
    #expect(error?.kind == .removesTooMany && error?.message.contains("more than 10 %") == true)
    #expect(try await bench.person("200016")?.isActive == true)
    let answer = try await bench.take(half, query: [("allowRemoval", "16")])
    #expect(answer.count("people", "left") == 3)
    var some = half
    some.users.removeLast()
    some.roles.removeLast()
    #expect(try await bench.take(some).count("people", "left") == 1)
  }

  @Test("Half a file of classes, guardians or memberships is stopped too, and a new term is not")
  func otherKinds() async throws {
    let bench = try await RosterBench()
    var whole = Export.cedar()
    for number in 2...20 {
      whole.schoolClass("c\(number)", "Room \(number)")
      whole.enroll("u1", in: "c\(number)")
      whole.user("h\(number)", "Gale", "Pretend", role: "parent")
    }
    try await bench.take(whole)
    func told(_ export: Export) async throws -> String {
      try await bench.refusal { try await bench.take(export) }?.message ?? ""
    }
    var classes = whole
    classes.classes.removeLast(10)
    classes.enrollments.removeLast(10)
    let message = try await told(classes)
    #expect(message.contains("cedar-falls: 10 of 20 classes (50.0 %), 10 of 22 memberships (45.5 %)"), "\(message)")
    var guardians = whole
    guardians.users.removeAll { $0[0].hasPrefix("h") }
    guardians.roles.removeAll { $0[3].hasPrefix("h") }
    #expect(try await told(guardians).contains("19 of 21 guardians"))
    var term = whole
    for index in term.classes.indices { term.classes[index][0] += "-spring" }
    for index in term.enrollments.indices {
      term.enrollments[index][0] += "-spring"
      term.enrollments[index][3] += "-spring"
    }
    let answer = try await bench.take(term)
    #expect(answer.count("classes", "left") == 20 && answer.count("memberships", "added") == 22)
  }
}
