import Serving
import Storage
import Testing
import Vocabulary

@testable import Roster

@Suite("Birth dates and sexes, which are read on request alone")
struct DemographicsTests {
  private static let roster = RosterBench.roster(RosterBench.cedar)
  private static let asked = [("demographics", "true")]
  private static let administrator = Caller(
    principal: .random(), name: "administration", grants: [Grant(.districtAdmin, at: .district(RosterBench.cedar))])

  private static func export(_ born: String = "2015-03-09", _ sex: String = "female") -> Export {
    var export = Export.cedar()
    export.demographics("u1", born, sex)
    export.demographics("u2", "2014-12-31", "")
    // A guardian is a user too.
    export.demographics("g1", "1980-02-29", "male")
    return export
  }

  private func choose(_ choice: String, _ bench: RosterBench, as caller: Caller = administrator) async throws {
    _ = try await bench.send(
      .patch, Self.roster, as: caller, body: Array(#"{"demographics": "\#(choice)"}"#.utf8))
  }

  private func bench(_ choice: String = "on-request") async throws -> RosterBench {
    let bench = try await RosterBench()
    try await choose(choice, bench)
    return bench
  }

  private func shown(_ number: String, _ bench: RosterBench) async throws -> [String?] {
    let id = try #require(try await bench.person(number)?.id)
    let person = try await bench.send(.get, "\(Self.roster)/persons/\(id)").json
    return [person["birthDate"] as? String, person["sex"] as? String]
  }

  private func notes(_ answer: RosterBench.Answer) -> String {
    (answer.json["notes"] as? [String] ?? []).joined(separator: " ")
  }

  @Test("Where nobody asks, nothing of the file is read, not even its faults, and preview and import say so")
  func ignored() async throws {
    let bench = try await bench()
    var export = Export.cedar()
    export.files["demographics.csv"] = "no such column\n\u{0}\n"
    for query in [[("preview", "true")], []] {
      let answer = try await bench.take(export, query: query)
      #expect(notes(answer) == "demographics.csv was ignored: nothing of it was read, for nobody asked for it.")
    }
    #expect(try await bench.count("roster_demographics") == 0)
    #expect(notes(try await bench.take(.cedar())) == "")
  }

  @Test("Where the district keeps none, which is so until it chooses, a file that is asked for is not read either")
  func never() async throws {
    for bench in [try await RosterBench(), try await bench("never")] {
      #expect(try await bench.send(.get, Self.roster).json["demographics"] as? String == "never")
      let answer = try await bench.take(Self.export("nonsense"), query: Self.asked)
      #expect(notes(answer).contains("'cedar-falls' keeps no demographics"))
      #expect(try await bench.count("roster_demographics") == 0)
      #expect(try await shown("100001", bench) == [nil, nil])
    }
  }

  @Test("Where it is asked for and allowed, both are kept sealed and shown with one person, in no list and no journal")
  func kept() async throws {
    let bench = try await bench()
    let answer = try await bench.take(Self.export(), query: Self.asked)
    #expect(answer.count("demographics", "added") == 2 && notes(answer).hasSuffix("of whom none are kept: 1."))
    #expect(try await shown("100001", bench) == ["2015-03-09", "female"])
    #expect(try await shown("100002", bench) == ["2014-12-31", nil])
    #expect(try await bench.send(.get, Self.roster + "/persons").items.allSatisfy { $0["birthDate"] == nil })
    let stored = try await bench.write { transaction in
      var text = ""
      for table in ["roster_demographics", "roster_person", "roster_former", "audit_entry"] {
        for row in try transaction.rows(SQL(stringLiteral: "SELECT * FROM \(table)")) {
          for value in row.values {
            switch value {
            case .text(let told): text += told
            case .bytes(let bytes): text += String(decoding: bytes, as: UTF8.self)
            default: break
            }
          }
        }
      }
      return text
    }
    for secret in ["2015-03-09", "female", "2014-12-31", "Elsewhere", "01652"] { #expect(!stored.contains(secret)) }
    #expect(stored.contains(#""demographics":{"added":2"#))
    let again = try await bench.take(Self.export(), query: Self.asked)
    #expect(again.json["changes"] as? Int == 0 && again.count("demographics", "unchanged") == 2)
  }

  @Test("The same birth date and sex of two people is not to be seen in the database, nor does one's open as another's")
  func apart() async throws {
    let bench = try await bench()
    var export = Export.cedar()
    for user in ["u1", "u2"] { export.demographics(user, "2015-03-09", "female") }
    try await bench.take(export, query: Self.asked)
    let rows = try await bench.write { transaction in
      try transaction.rows("SELECT sealed, hash FROM roster_demographics ORDER BY sourced_id").map {
        (sealed: try $0.get("sealed", as: [UInt8].self), hash: try $0.get("hash", as: Int64.self))
      }
    }
    #expect(rows.count == 2 && rows[0].hash != rows[1].hash && rows[0].sealed != rows[1].sealed)
    let key = bench.desk.contacts
    #expect(try !key.open(rows[0].sealed, of: "demographics of u1", in: RosterBench.cedar).isEmpty)
    #expect(throws: RosterError(.contactKey, "")) {
      try key.open(rows[0].sealed, of: "demographics of u2", in: RosterBench.cedar)
    }
  }

  @Test("Undo puts back what was before: changed, gone and added")
  func undo() async throws {
    let bench = try await bench()
    try await bench.take(Self.export(), query: Self.asked)
    let before = try await bench.everything()
    var changed = Self.export("2015-03-10", "other")
    changed.demographics.removeAll { $0[0] == "u2" }
    changed.demographics("t1", "1990-01-01", "unspecified")
    let answer = try await bench.take(changed, query: Self.asked)
    for what in ["changed", "left", "added"] { #expect(answer.count("demographics", what) == 1, "\(what)") }
    #expect(try await shown("100001", bench) == ["2015-03-10", "other"])
    #expect(try await shown("100002", bench) == [nil, nil])
    _ = try await bench.send(.post, Self.roster + "/undo")
    #expect(try await bench.everything() == before)
    #expect(try await shown("100001", bench) == ["2015-03-09", "female"])
    // An import that does not ask leaves them as they are.
    try await bench.take(.cedar())
    #expect(try await shown("100001", bench) == ["2015-03-09", "female"])
  }

  @Test("They are erased with the person")
  func erased() async throws {
    let bench = try await bench()
    try await bench.take(Self.export(), query: Self.asked)
    let id = try #require(try await bench.person("100002")?.id)
    var without = Export.cedar()
    without.users.removeAll { $0[0] == "u2" }
    without.roles.removeAll { $0[3] == "u2" }
    without.enrollments.removeAll { $0[5] == "u2" }
    try await bench.take(without, query: [("allowRemoval", "50")])
    #expect(try await bench.count("roster_demographics") == 2)
    _ = try await bench.send(.delete, "\(Self.roster)/persons/\(id)")
    #expect(try await bench.count("roster_demographics") == 1)
    _ = try await bench.send(.post, Self.roster + "/undo")
    #expect(try await bench.count("roster_demographics") == 1)
  }

  @Test("A district that chooses to keep none has none any more, and undo brings none back; its IT staff do not choose")
  func choice() async throws {
    let bench = try await bench()
    try await bench.take(Self.export(), query: Self.asked)
    try await bench.take(Self.export("2015-03-10"), query: Self.asked)
    await #expect(throws: ServingError(.forbidden, "")) {
      try await choose("never", bench, as: RosterBench.technician(RosterBench.cedar))
    }
    #expect(try await bench.count("roster_demographics") == 2)
    try await choose("never", bench)
    _ = try await bench.send(.post, Self.roster + "/undo")
    #expect(try await bench.count("roster_demographics") == 0)
    #expect(try await bench.count("roster_former") == 0)
    let journal = try await bench.write { transaction in
      try transaction.rows("SELECT body FROM audit_entry WHERE action = 'roster.change' ORDER BY position").map {
        String(decoding: try $0.get("body", as: [UInt8].self), as: UTF8.self)
      }
    }
    #expect(journal == [#"{"demographics":"on-request"}"#, #"{"demographics":"never","demographicsErased":2}"#])
  }

  @Test("A file that was read before the district chose otherwise is refused")
  func meanwhile() async throws {
    let bench = try await bench()
    let archive = try Self.export().archive
    let plan = try await bench.desk.plan(
      archive, only: RosterBench.cedar, on: RosterBench.today, demographics: true, in: .state
    ).get()
    try await choose("never", bench)
    let error = try await bench.refusal {
      try await bench.write { [desk = bench.desk] transaction in
        _ = try desk.apply(
          plan, .init(only: RosterBench.cedar, allowed: 10), file: Digest.sha256(archive),
          by: .random(), at: RosterBench.now, transaction)
      }
    }
    #expect(error?.kind == .changedMeanwhile)
  }

  @Test("Of what is asked for every fault is told")
  func faults() async throws {
    let bench = try await bench()
    var export = Export.cedar()
    export.demographics("u1", "2015-02-29", "")
    export.demographics("u2", "03/09/2015", "")
    export.demographics("t1", "1990-01-01", "F")
    export.demographics("nobody", "1990-01-01", "")
    export.demographics("g1", "not looked at", "")
    let error = try await bench.refusal { try await bench.take(export, query: Self.asked) }
    #expect(error?.kind == .faults)
    #expect(
      error?.faults.map { "\($0.file ?? "") \($0.line ?? 0) \($0.field ?? "") \($0.code)" } == [
        "demographics.csv 2 birthDate roster.date", "demographics.csv 3 birthDate roster.date",
        "demographics.csv 4 sex roster.sex", "demographics.csv 5 sourcedId roster.reference",
      ])
    let missing = Export.cedar().telling("file.demographics", "bulk")
    let absent = try await bench.refusal { try await bench.take(missing, query: Self.asked) }
    #expect(absent?.faults.map(\.code) == ["roster.manifest"])
    #expect(try await bench.take(missing).count("people", "added") == 3)
  }

  @Test("A file of changes tells of some, and of who has none any more")
  func changes() async throws {
    let bench = try await bench()
    try await bench.take(Self.export(), query: Self.asked)
    var delta = Export(version: "1.2", mode: "delta")
    delta.demographics("u1", "2015-03-11", "female")
    delta.demographics("u2", "", "")
    let answer = try await bench.take(delta, query: Self.asked)
    #expect(answer.count("demographics", "changed") == 1 && answer.count("demographics", "left") == 1)
    #expect(try await shown("100001", bench) == ["2015-03-11", "female"])
    #expect(try await bench.count("roster_demographics") == 1)
  }

  @Test("A state's file is read for the districts that chose it, and for no other")
  func state() async throws {
    let bench = try await bench()
    var export = Self.export()
    export.org("d2", "Oak Park", type: "district", identifier: "oak-park", parent: "")
    export.org("s9", "Owl Elementary", identifier: "9", parent: "d2")
    export.user("u9", "Ash", "Pretend", at: ["s9"], number: "900009")
    export.demographics("u9", "not looked at", "")
    let answer = try await bench.takeState(export, query: Self.asked)
    #expect(answer.count("demographics", "added") == 2 && answer.count("demographics", "added", district: 1) == 0)
    let districts = try await bench.write { transaction in
      try transaction.rows("SELECT DISTINCT district_id FROM roster_demographics").map {
        try $0.get("district_id", as: String.self)
      }
    }
    #expect(districts == ["cedar-falls"])
  }

  @Test("A day is written as the standard says, and is one of the calendar")
  func days() {
    #expect(CivilDate(written: "2016-02-29")?.description == "2016-02-29")
    for text in [
      "", "2015-02-29", "2015-3-09", "1899-12-31", "2015-03-09T00:00", "20150-3-09", "٢٠١٥-03-09", "2015-03-0x",
      "+015-03-09",
      "----------",
    ] { #expect(CivilDate(written: text) == nil, "\(text)") }
  }
}

extension Export {
  fileprivate func telling(_ property: String, _ value: String) -> Export {
    var export = self
    export.manifest[property] = value
    return export
  }
}
