import Storage
import Testing
import Vocabulary

@Suite("Values come back as they went in")
struct ValueTests {
  @Test("Text of every kind comes back", arguments: engines)
  func text(_ engine: any EngineUnderTest) async throws {
    let texts = [
      "", "plain", "Ünïcödé ✓ 学校 👩🏽‍🏫 e\u{301}", "it's \"quoted\" $1 ?1 -- ; \\", String(repeating: "ä", count: 100_000),
    ]
    try await withDatabase(engine) { database in
      for text in texts {
        let found = try await database.write { transaction in
          try transaction.run("DELETE FROM sample_thing")
          try transaction.insert(text)
          return try transaction.row("SELECT id FROM sample_thing WHERE id = \(text)")?.get("id", as: String.self)
        }
        #expect(found == text)
        #expect(found.map { Array($0.utf8) } == Array(text.utf8))
      }
    }
  }

  @Test("Integers come back to their extremes", arguments: engines)
  func integers(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      for number in [Int64.min, -1, 0, 1, Int64(1) << 53 + 1, .max] {
        let found = try await database.write { transaction in
          try transaction.run("DELETE FROM sample_thing")
          try transaction.run("INSERT INTO sample_thing (district_id, id, number) VALUES ('d', 'i', \(number))")
          return try transaction.row("SELECT number FROM sample_thing")?.get("number", as: Int64.self)
        }
        #expect(found == number)
      }
    }
  }

  @Test("Doubles and booleans come back", arguments: engines)
  func doublesAndBooleans(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      for level in [0, -0.1, 1.0 / 3, 1e308, .leastNonzeroMagnitude, Double.infinity] {
        for flag in [true, false] {
          let row = try await database.write { transaction in
            try transaction.run("DELETE FROM sample_thing")
            try transaction.run(
              "INSERT INTO sample_thing (district_id, id, level, flag) VALUES ('d', 'i', \(level), \(flag))")
            return try transaction.row("SELECT level, flag FROM sample_thing WHERE flag = \(flag)")
          }
          #expect(try row?.get("level", as: Double.self) == level)
          #expect(try row?.get("flag", as: Bool.self) == flag)
        }
      }
    }
  }

  @Test("Bytes come back, none and a megabyte", arguments: engines)
  func bytes(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      for data in [[], [0], Array(UInt8.min...UInt8.max), [UInt8](repeating: 0xa5, count: 1 << 20)] as [[UInt8]] {
        let found = try await database.write { transaction in
          try transaction.run("DELETE FROM sample_thing")
          try transaction.run("INSERT INTO sample_thing (district_id, id, data) VALUES ('d', 'i', \(data))")
          return try transaction.row("SELECT data FROM sample_thing WHERE data IS NOT NULL")?.get(
            "data", as: [UInt8].self)
        }
        #expect(found == data)
      }
    }
  }

  @Test("NULL reaches optionals alone", arguments: engines)
  func null(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let row = try #require(
        try await database.write { transaction in
          try transaction.insert("a")
          return try transaction.row("SELECT number, data FROM sample_thing WHERE number IS NOT DISTINCT FROM NULL")
        })
      #expect(try row.get("number", as: Int?.self) == nil)
      #expect(try row.get("data", as: [UInt8]?.self) == nil)
      #expect(try storageFaultNow { _ = try row.get("number", as: Int.self) } == .column)
      #expect(try storageFaultNow { _ = try row.get("nothing", as: Int?.self) } == .column)
    }
  }

  @Test("A value of another kind is an error, not a conversion", arguments: engines)
  func kinds(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let row = try #require(try await database.read { try $0.row("SELECT 7 AS number, 'x' AS word") })
      #expect(try storageFaultNow { _ = try row.get("word", as: Int.self) } == .column)
      #expect(try storageFaultNow { _ = try row.get("number", as: String.self) } == .column)
      #expect(try storageFaultNow { _ = try row.get("number", as: Bool.self) } == .column)
      #expect(try storageFaultNow { _ = try row.get("word", as: DeviceID.self) } == .column)
    }
  }

  @Test("The words of the product come back as themselves", arguments: engines)
  func words(_ engine: any EngineUnderTest) async throws {
    let device = DeviceID.random()
    let instant = Instant(milliseconds: 1_790_000_000_123)
    let digest = try #require(Digest(bytes: (0..<32).map { UInt8($0) }))
    try await withDatabase(engine) { database in
      let row = try #require(
        try await database.write { transaction in
          try transaction.run(
            "INSERT INTO sample_thing (district_id, id, number, data) VALUES ('d', \(device), \(instant), \(digest))")
          return try transaction.row("SELECT id, number, data FROM sample_thing")
        })
      #expect(try row.get("id") == device)
      #expect(try row.get("number") == instant)
      #expect(try row.get("data") == digest)
    }
  }
}
