import Foundation
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Roster

/// People by whatever is known of them.
@Suite("The roster's search")
struct SearchTests {
  private static let all = TenantScope.state

  /// `cedar` with people whose names are hard.
  private static func export() -> Export {
    var export = Export.cedar()
    export.user("u3", "José María", "Núñez-O'Brien", number: "100003", preferred: "Chema")
    export.user("u4", "Jon", "Exampleton", at: ["s2"], number: "100004")
    export.user("u5", "Łukasz", "Weiß", number: "100005")
    export.user("u6", "Smith", "Fictional", number: "100006")
    export.user("u7", "Анна", "Примерова", number: "100007")
    return export
  }

  private func bench() async throws -> RosterBench {
    let bench = try await RosterBench()
    try await bench.take(Self.export())
    return bench
  }

  private func found(
    _ bench: RosterBench, _ text: String, in scope: TenantScope = all,
    schools: [DistrictID: Set<SchoolID>]? = nil, limit: Int = 20
  ) async throws -> [String] {
    try await bench.database.read(in: scope) { [desk = bench.desk] transaction in
      try desk.search(text, in: scope, schools: schools, limit: limit, transaction).map {
        "\($0.person.sourcedID) \($0.match.rawValue)"
      }
    }
  }

  @Test(
    "A name is found in any order, with accents or without, as called and as registered, begun and with a typing error",
    arguments: [
      ("Robin Exampleton", ["u1 name"]), ("exampleton ROBIN", ["u1 name"]), ("rob exampleton", ["u1 name"]),
      ("zoe fictional", ["u2 name"]), ("Zoë", ["u2 name"]), ("ZOE\u{308} jr", ["u2 name"]),
      ("nunez obrien", ["u3 name"]), ("O’Brien Núñez", ["u3 name"]), ("chema", ["u3 name"]),
      ("maria jose nunez", ["u3 name"]), ("lukasz weiss", ["u5 name"]), ("анна", ["u7 name"]),
      ("exampl robi", ["u1 beginning"]), ("fict zo", ["u2 beginning"]),
      ("exmapleton robin", ["u1 similar"]), ("exampletan jon", ["u4 similar"]), ("robn exampleton", ["u1 similar"]),
      ("exampletonn robinn", ["u1 similar"]), ("exmpletonn rob", ["u1 similar"]), ("примерова ана", ["u7 similar"]),
      ("exmapletno robin", ["u1 similar"]), ("jon ecampletan", ["u4 similar"]), ("xampleto robin", ["u1 similar"]),
      ("robin eexampleetonn", []), ("robin exmapletno jon", []), ("nobody", []), ("", []), ("   ", []), ("%", []),
      ("_ _", []), ("'; DROP TABLE roster_name", []),
    ])
  func names(_ text: String, _ expected: [String]) async throws {
    #expect(try await found(try await bench(), text) == expected)
  }

  @Test("A text has as many characters in every script: what is long in bytes alone is looked for")
  func scripts() async throws {
    let bench = try await bench()
    let long = String(repeating: "анна примерова ", count: 13)
    #expect(long.count == 195 && long.utf8.count > 350)
    #expect(try await found(bench, long) == ["u7 name"])
    #expect(try await found(bench, long + "анна анна") == [], "over 200 characters")
  }

  @Test("What is written exactly comes before what is begun, and that before an error; who has left comes last")
  func ranks() async throws {
    let bench = try await RosterBench()
    var export = Export.cedar()
    export.user("a", "Mara", "Kestrel", number: "1")
    export.user("b", "Marabel", "Kestrel", number: "2")
    export.user("c", "Maria", "Kestrel", number: "3")
    export.user("d", "Mara", "Kestrel", number: "4")
    try await bench.take(export)
    let all = try await found(bench, "mara kestrel")
    #expect(Set(all.prefix(2)) == ["a name", "d name"] && all.dropFirst(2) == ["b beginning", "c similar"], "\(all)")
    var without = export
    without.users.removeAll { $0[0] == "a" }
    without.roles.removeAll { $0[3] == "a" }
    try await bench.take(without, query: [("allowRemoval", "50")])
    #expect(try await found(bench, "mara kestrel") == ["d name", "a name", "b beginning", "c similar"])
    #expect(try await found(bench, "mara kestrel", limit: 1) == ["d name"])
  }

  @Test("Numbers, e-mail addresses and guardians' contacts find exactly whom they name")
  func exact() async throws {
    let bench = try await bench()
    #expect(try await found(bench, "100001") == ["u1 number"])
    #expect(try await found(bench, "10000") == [])
    #expect(try await found(bench, "T-7") == ["t1 number"])
    #expect(try await found(bench, "t-7", in: .district(RosterBench.cedar)) == ["t1 number"])
    #expect(try await found(bench, "ROBIN@students.example") == ["u1 email"])
    #expect(try await found(bench, " gale@home.EXAMPLE ").sorted() == ["u1 guardian", "u2 guardian"])
    #expect(try await found(bench, "+1 (555) 010-0199").sorted() == ["u1 guardian", "u2 guardian"])
    #expect(try await found(bench, "5550100123") == ["u2 guardian"])
    #expect(try await found(bench, "gale") == [], "a guardian is found by the whole contact alone")
  }

  @Test("A district finds its own people alone, a school its own, and the state everybody")
  func tenants() async throws {
    let bench = try await bench()
    var oak = Export()
    oak.org("d", "Oak Park", type: "district", identifier: "oak-park", parent: "")
    oak.org("s1", "Oak School")
    oak.user("o1", "Robin", "Exampleton", number: "100001", agents: ["og"])
    oak.user("og", "Gale", "Exampleton", role: "parent", email: "gale@home.example")
    try await bench.take(oak, of: RosterBench.oak)
    let (cedar, other) = (TenantScope.district(RosterBench.cedar), TenantScope.district(RosterBench.oak))
    for text in ["robin exampleton", "robn exampleton", "exampl robin", "100001", "gale@home.example"] {
      #expect(try await found(bench, text, in: other).map { $0.prefix(2) } == ["o1"], "\(text)")
      #expect(try await found(bench, text, in: cedar).allSatisfy { $0.hasPrefix("u") }, "\(text)")
      #expect(try await found(bench, text).contains { $0.hasPrefix("o1") }, "\(text)")
      #expect(try await found(bench, text, in: .districts([RosterBench.oak, RosterBench.cedar])).count >= 2, "\(text)")
    }
    let high = [RosterBench.cedar: Set([SchoolID(rawValue: "heron-high")!])]
    #expect(try await found(bench, "exampleton", in: cedar, schools: high) == ["u4 name"])
    #expect(try await found(bench, "exampletn", in: cedar, schools: high) == ["u4 similar"])
    #expect(try await found(bench, "100001", in: cedar, schools: high) == [])
    #expect(try await found(bench, "gale@home.example", in: cedar, schools: high) == [])
    #expect(try await found(bench, "exampleton", schools: high).sorted() == ["o1 name", "u4 name"])
  }

  /// The whole index, made from the people, to be compared with the kept one.
  private func expected(_ bench: RosterBench) async throws -> (names: [String], words: [String], keys: [String]) {
    try await bench.write { transaction in
      var (names, words, keys): ([String], [String: Int], [String]) = ([], [:], [])
      for row in try transaction.rows("SELECT district_id, person_id FROM roster_person") {
        let (district, id): (DistrictID, PersonID) = (try row.get("district_id"), try row.get("person_id"))
        let person = try #require(try RosterDirectory().person(id, in: district, transaction))
        let texts = [
          person.preferredGivenName, person.givenName, person.preferredFamilyName, person.familyName,
          person.preferredMiddleName, person.middleName,
        ]
        for word in Set(texts.compactMap(\.self).flatMap { NameWords.of($0) }) {
          names.append("\(district) \(word) \(id)")
          words["\(district) \(word)", default: 0] += 1
          if words["\(district) \(word)"] == 1 {
            keys += DeletionKeys.stored(for: word).map { "\(district) \(word) \($0)" }
          }
        }
      }
      return (names.sorted(), words.map { "\($0.key) \($0.value)" }.sorted(), keys.sorted())
    }
  }

  private func kept(_ bench: RosterBench) async throws -> (names: [String], words: [String], keys: [String]) {
    try await bench.write { transaction in
      func lines(_ query: SQL, _ number: String?) throws -> [String] {
        try transaction.rows(query).map { row in
          let last = try number.map { String(try row.get($0, as: Int64.self)) } ?? row.get("person_id", as: String.self)
          return "\(try row.get("district_id", as: String.self)) \(try row.get("word", as: String.self)) \(last)"
        }.sorted()
      }
      return (
        try lines("SELECT * FROM roster_name", nil), try lines("SELECT * FROM roster_word", "people"),
        try lines("SELECT * FROM roster_word_key", "key")
      )
    }
  }

  private func isWhole(_ bench: RosterBench, _ moment: String) async throws {
    let (expected, kept) = (try await expected(bench), try await kept(bench))
    #expect(expected.names == kept.names, "\(moment)")
    #expect(expected.words == kept.words, "\(moment)")
    #expect(expected.keys == kept.keys, "\(moment)")
  }

  @Test("The index is what the people's names make it, through imports, undoing, leaving and erasure")
  func maintained() async throws {
    let bench = try await RosterBench()
    try await bench.take(Self.export())
    try await isWhole(bench, "after the first import")
    var changed = Self.export()
    changed.users[0][8] = "Robyn"
    changed.users.removeAll { $0[0] == "u3" }
    changed.roles.removeAll { $0[3] == "u3" }
    changed.user("u9", "Wren", "Newcomer", number: "100009")
    try await bench.take(changed, query: [("allowRemoval", "50")])
    try await isWhole(bench, "after a change")
    #expect(try await found(bench, "wren") == ["u9 name"])
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/undo")
    try await isWhole(bench, "after the undoing")
    #expect(try await found(bench, "wren") == [])
    #expect(try await found(bench, "chema") == ["u3 name"])
    try await bench.take(changed, query: [("allowRemoval", "50")])
    let id = try #require(try await bench.person("100003")?.id)
    _ = try await bench.send(.delete, RosterBench.roster(RosterBench.cedar) + "/persons/\(id)")
    try await isWhole(bench, "after an erasure")
    #expect(try await bench.everything().joined().contains("Chema") == false)
    let words = try await bench.write {
      try $0.rows("SELECT word FROM roster_word").map { try $0.get("word", as: String.self) }
    }
    #expect(!words.contains("chema") && !words.contains("nunez") && words.contains("exampleton"))
  }

  @Test("People of before the index are written again by the next import, and found")
  func former() async throws {
    let bench = try await bench()
    try await bench.write { transaction in
      for table in ["roster_name", "roster_word", "roster_word_key"] {
        try transaction.run(SQL(stringLiteral: "DELETE FROM \(table)"))
      }
      // What the migration does to them.
      try transaction.run("UPDATE roster_person SET hash = -1")
    }
    #expect(try await found(bench, "chema") == [])
    try await bench.take(Self.export())
    #expect(try await found(bench, "chema") == ["u3 name"])
    try await isWhole(bench, "after the next import")
  }

  // MARK: - Plans

  /// Many people of some districts, whose rows are written as an import writes them.
  private func fill(_ bench: RosterBench, people: Int) async throws {
    for district in [RosterBench.cedar, RosterBench.oak] {
      try await bench.write { transaction in
        for first in stride(from: 0, to: people, by: 500) {
          let change = RosterChange(transaction: transaction, district: district, number: 1, now: RosterBench.now)
          let rows = (first..<(first + 500)).map { number in
            let names = [
              "Given\(number % 97)", "", "Family\(number % 1201)", "", "", "", "user\(number)", "", "05", "", "",
            ]
            return StoredRow(
              id: "u\(number)", body: PersonRow(fields: ["student", "student", "\(number)"] + names).body, leftAt: nil,
              hash: 0)
          }
          try PersonStore.write(rows, areNew: true, change, schools: [:])
        }
        try transaction.run("INSERT INTO roster_district (district_id) VALUES (\(district))")
      }
    }
    // As the server's own housekeeping would some time later.
    if TestDatabase.isPostgres { try await bench.write { _ = try $0.run("ANALYZE") } }
  }

  @Test("No search reads a table through, whatever is typed and whoever asks")
  func plans() async throws {
    let bench = try await RosterBench()
    try await fill(bench, people: 10_000)
    let tables = ["roster_person", "roster_name", "roster_word", "roster_word_key", "roster_guardian_contact"]
    let texts = [
      "given5 family5", "family1200", "famiyl77 given9", "giv fam", "g", "family", "5999", "x@home.example",
      "555 010 0199",
      "gien3 famliy12 nothing",
    ]
    for scope in [TenantScope.district(RosterBench.cedar), .districts([RosterBench.cedar, RosterBench.oak]), .state] {
      for text in texts {
        let lines = try await bench.database.read(in: scope) { [desk = bench.desk] transaction in
          let noted = NotedPlans(transaction)
          _ = try desk.search(text, in: scope, schools: nil, limit: 20, noted)
          return noted.lines
        }
        let through = lines.filter { line in
          tables.contains {
            line.hasSuffix("SCAN \($0)") || line.contains("SCAN \($0) ") || line.contains("Seq Scan on \($0) ")
          }
        }
        #expect(through == [], "\(text) in \(scope)")
        // By what names somebody they are found, not looked through: PostgreSQL may, where it cannot ask the index.
        for (asked, column) in [("5999", "number_folded"), ("x@home.example", "email_folded")] where text == asked {
          let found = lines.filter {
            $0.contains(column) && ($0.contains("Index Cond") || $0.contains("USING"))
          }
          #expect(!found.isEmpty, "\(lines)")
        }
      }
    }
    let found = try await found(bench, "famliy77 given77", in: .district(RosterBench.cedar))
    #expect(found.contains { $0.hasSuffix("similar") }, "\(found)")
  }
}
