import Storage
import Testing

@Suite("Statements")
struct StatementTests {
  @Test("A statement used again binds anew, in order", arguments: engines)
  func repeated(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let sums = try await database.read { transaction in
        try (1...200).map { number in
          try transaction.row("SELECT \(number) * 1000 + \(number + 1) AS sum, \("\(number)") AS text")
            .map { (try $0.get("sum", as: Int.self), try $0.get("text", as: String.self)) }
        }
      }
      for (number, found) in zip(1...200, sums) {
        #expect(found?.0 == number * 1000 + number + 1)
        #expect(found?.1 == "\(number)")
      }
    }
  }

  @Test("Hostile text is a value and never a statement", arguments: engines)
  func injection(_ engine: any EngineUnderTest) async throws {
    let hostile = "'); DROP TABLE sample_thing; --"
    try await withDatabase(engine) { database in
      try await database.write { try $0.insert(hostile) }
      #expect(try await database.ids() == [hostile])
    }
  }

  @Test("run tells how many rows it changed", arguments: engines)
  func changes(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let counts = try await database.write { transaction in
        for id in ["a", "b", "c"] { try transaction.insert(id) }
        return [
          try transaction.run("UPDATE sample_thing SET number = 1"),
          try transaction.run("UPDATE sample_thing SET number = 2 WHERE id = 'none'"),
          try transaction.run("CREATE TEMPORARY TABLE sample_other (id TEXT NOT NULL PRIMARY KEY)"),
          try transaction.run("DELETE FROM sample_thing WHERE id < \("c")"),
          try transaction.run(
            "INSERT INTO sample_thing (district_id, id) VALUES (\(cedar), 'c') ON CONFLICT DO NOTHING"),
        ]
      }
      #expect(counts == [3, 0, 0, 2, 0])
    }
  }

  @Test("RETURNING gives rows, and run performs it whole", arguments: engines)
  func returning(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let (first, count) = try await database.write { transaction in
        let first = try transaction.rows(
          "INSERT INTO sample_thing (district_id, id) VALUES ('d', 'a'), ('d', 'b') RETURNING id")
        return (first, try transaction.run("UPDATE sample_thing SET number = 4 RETURNING id"))
      }
      #expect(try first.map { try $0.get("id", as: String.self) }.sorted() == ["a", "b"])
      #expect(count == 2)
      let changed = try await database.read { try $0.rows("SELECT id FROM sample_thing WHERE number = 4").count }
      #expect(changed == 2)
    }
  }

  @Test("ON CONFLICT takes the excluded row", arguments: engines)
  func upsert(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let number = try await database.write { transaction in
        for number in [1, 2, 3] {
          try transaction.run(
            """
            INSERT INTO sample_thing (district_id, id, number) VALUES ('d', 'a', \(number))
            ON CONFLICT (district_id, id) DO UPDATE SET number = sample_thing.number * 10 + excluded.number
            """)
        }
        return try transaction.row("SELECT number FROM sample_thing")?.get("number", as: Int.self)
      }
      #expect(number == 123)
    }
  }

  @Test("CTEs, window functions, FILTER and IS NOT DISTINCT FROM work", arguments: engines)
  func subset(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let row = try #require(
        try await database.write { transaction in
          for number in [1, 2, nil, 4] { try transaction.insert("\(number ?? 0)", number: number) }
          return try transaction.row(
            """
            WITH ranked AS (SELECT id, number, ROW_NUMBER() OVER (ORDER BY id DESC) AS place FROM sample_thing)
            SELECT COUNT(*) FILTER (WHERE number IS NOT DISTINCT FROM \(Int?.none)) AS missing,
              MAX(id) FILTER (WHERE place = 1) AS first FROM ranked
            """)
        })
      #expect(try row.get("missing", as: Int.self) == 1)
      #expect(try row.get("first", as: String.self) == "4")
    }
  }

  @Test("A cursor stops where its body throws, and the transaction goes on", arguments: engines)
  func cursor(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let seen = try await database.write { transaction in
        try transaction.run(
          "INSERT INTO sample_thing (district_id, id) VALUES ($1, $2)",
          rows: (0..<100).map { [.text("d"), .text("\($0)")] })
        var seen = 0
        #expect(throws: Unexpected.self) {
          try transaction.each("SELECT id FROM sample_thing") { _ in
            seen += 1
            if seen == 3 { throw Unexpected() }
          }
        }
        try transaction.insert("after")
        return seen
      }
      #expect(seen == 3)
      #expect(try await database.ids().count == 101)
    }
  }

  @Test("The same statement may run within its own cursor", arguments: engines)
  func nested(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let pairs = try await database.write { transaction in
        for id in ["a", "b", "c"] { try transaction.insert(id) }
        var pairs: [String] = []
        try transaction.each("SELECT id FROM sample_thing ORDER BY id") { outer in
          try transaction.each("SELECT id FROM sample_thing ORDER BY id") { inner in
            pairs.append(try outer.get("id", as: String.self) + inner.get("id", as: String.self))
          }
        }
        return pairs
      }
      #expect(pairs == ["aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"])
    }
  }

  @Test("Many rows run through one statement, its values named in any order", arguments: engines)
  func manyRows(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let found = try await database.write { transaction in
        try transaction.run(
          "INSERT INTO sample_thing (number, id, district_id) VALUES ($2, $1 || '-$2', $1)",
          rows: (1...3).map { [.text("d\($0)"), .integer($0)] })
        return try transaction.rows("SELECT district_id, id, number FROM sample_thing ORDER BY number").map {
          "\(try $0.get("district_id", as: String.self)) \(try $0.get("id", as: String.self)) \(try $0.get("number", as: Int.self))"
        }
      }
      #expect(found == ["d1 d1-$2 1", "d2 d2-$2 2", "d3 d3-$2 3"])
    }
  }

  @Test(
    "Many rows are changed by one statement, absent values too, and rows to join with are found", arguments: engines)
  func manyChanges(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let found = try await database.write { transaction in
        for id in ["a", "b", "c"] { try transaction.insert(id) }
        let district: String = try transaction.row("SELECT district_id FROM sample_thing")!.get("district_id")
        try transaction.run(
          "UPDATE sample_thing SET number = $3 + 1, data = $4 WHERE district_id = $1 AND id = $2",
          rows: [
            [.text(district), .text("a"), .integer(1), .bytes([1])], [.text(district), .text("c"), .null, .null],
            [.text(district), .text("b"), .integer(2), .bytes([])], [.text("another"), .text("a"), .integer(7), .null],
          ])
        let wanted = SQL.wanted([[district, "c"], [district, "a"], ["another", "b"]])
        return try transaction.rows(
          """
          SELECT id, number FROM \(wanted) CROSS JOIN sample_thing
          WHERE district_id = wanted.column1 AND id = wanted.column2 ORDER BY id
          """
        ).map { (try $0.get("id", as: String.self), try $0.get("number", as: Int?.self)) }
      }
      #expect(found.map(\.0) == ["a", "c"])
      #expect(found.map(\.1) == [2, nil])
    }
  }

  @Test("Rows of the wrong width, or an interpolated value among named ones, are refused", arguments: engines)
  func wrongRows(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let insert: SQL = "INSERT INTO sample_thing (district_id, id) VALUES ($1, $2)"
      for row in [[.text("d")], [.text("d"), .text("i"), .null]] as [[SQLValue]] {
        let fault = try await storageFault { try await database.write { try $0.run(insert, rows: [row]) } }
        #expect(fault == .failed)
      }
      let mixed: SQL = "INSERT INTO sample_thing (district_id, id) VALUES ($1, \("i"))"
      let fault = try await storageFault { try await database.write { try $0.run(mixed, rows: [[.text("d")]]) } }
      #expect(fault == .failed)
      #expect(try await database.ids().isEmpty)
    }
  }

  @Test("Lists of every length match their elements", arguments: engines)
  func lists(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      try await database.write { transaction in
        for number in 0..<40 { try transaction.insert("\(number)", number: number) }
      }
      for length in [0, 1, 2, 3, 4, 5, 8, 9, 33] {
        let wanted = Array(0..<length)
        let found = try await database.read { transaction in
          try transaction.rows("SELECT number FROM sample_thing WHERE number IN \(list: wanted) ORDER BY number")
            .map { try $0.get("number", as: Int.self) }
        }
        #expect(found == wanted)
      }
    }
  }

  @Test("A malformed statement is an error", arguments: engines)
  func malformed(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let nowhere: SQL = "INSERT INTO nowhere VALUES (1)"
      let written = try await storageFault { try await database.write { _ = try $0.run(nowhere) } }
      let read = try await storageFault { try await database.read { _ = try $0.rows("SELEC 1") } }
      #expect([written, read] == [.failed, .failed])
    }
  }
}
