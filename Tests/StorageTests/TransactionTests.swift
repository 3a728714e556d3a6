import Dispatch
import Storage
import Testing
import Vocabulary

@Suite("Transactions")
struct TransactionTests {
  @Test("What a transaction did is undone where it throws", arguments: engines)
  func rollback(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      await #expect(throws: Unexpected.self) {
        try await database.write { transaction in
          try transaction.insert("a")
          throw Unexpected()
        }
      }
      #expect(try await database.ids().isEmpty)
      try await database.write { try $0.insert("b") }
      #expect(try await database.ids() == ["b"])
    }
  }

  @Test("A broken constraint is storage.constraint, inside the transaction too", arguments: engines)
  func constraint(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      try await database.write { try $0.insert("a") }
      #expect(try await storageFault { try await database.write { try $0.insert("a") } } == .constraint)
      #expect(try await storageFault { try await database.write { try $0.insert("b", number: -13) } } == .constraint)
      let inside = try await database.write { transaction in
        try storageFaultNow { try transaction.savepoint { try transaction.insert("a") } }
      }
      #expect(inside == .constraint)
      let null: SQL = "INSERT INTO sample_thing (district_id, id) VALUES (\(cedar), NULL)"
      #expect(try await storageFault { try await database.write { _ = try $0.run(null) } } == .constraint)
    }
  }

  @Test("A savepoint that throws undoes its own part alone", arguments: engines)
  func savepoint(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      try await database.write { transaction in
        try transaction.insert("a")
        #expect(throws: Unexpected.self) {
          try transaction.savepoint {
            try transaction.insert("b")
            throw Unexpected()
          }
        }
        let kept = try transaction.savepoint {
          try transaction.insert("c")
          return "c"
        }
        #expect(kept == "c")
      }
      #expect(try await database.ids() == ["a", "c"])
    }
  }

  @Test("Savepoints nest, and the inner one's end is the outer one's to undo", arguments: engines)
  func nestedSavepoints(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      try await database.write { transaction in
        try transaction.savepoint {
          try transaction.insert("a")
          try? transaction.savepoint {
            try transaction.insert("b")
            throw Unexpected()
          }
          try transaction.savepoint { try transaction.insert("c") }
        }
        try? transaction.savepoint {
          try transaction.savepoint { try transaction.insert("d") }
          throw Unexpected()
        }
      }
      #expect(try await database.ids() == ["a", "c"])
    }
  }

  @Test("One bad member of a group does not abort the others", arguments: engines)
  func group(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let refused = try await database.write { transaction in
        (0..<50).filter { index in
          do {
            try transaction.savepoint {
              try transaction.insert("ok-\(index)")
              try transaction.insert("\(index)", number: index % 10 == 3 ? -13 : 0)
            }
            return false
          } catch { return true }
        }
      }
      #expect(refused == [3, 13, 23, 33, 43])
      #expect(try await database.ids().count == 90)
    }
  }

  @Test("Concurrent writers follow one another", arguments: engines)
  func writers(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      try await database.write { try $0.insert("counter", number: 0) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 {
          group.addTask {
            try await database.write { transaction in
              let number = try transaction.row("SELECT number FROM sample_thing")?.get("number", as: Int.self) ?? 0
              try transaction.run("UPDATE sample_thing SET number = \(number + 1)")
            }
          }
        }
        try await group.waitForAll()
      }
      let number = try await database.read {
        try $0.row("SELECT number FROM sample_thing")?.get("number", as: Int.self)
      }
      #expect(number == 50)
    }
  }

  @Test("A reader sees nothing of a transaction before it commits, and all of it afterwards", arguments: engines)
  func isolation(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let (inserted, insertedNow) = AsyncStream.makeStream(of: Void.self)
      let mayCommit = DispatchSemaphore(value: 0)
      async let writer: Void = database.write { transaction in
        try transaction.insert("a")
        insertedNow.finish()
        mayCommit.wait()
        try transaction.insert("b")
      }
      for await _ in inserted {}
      #expect(try await database.ids().isEmpty)
      mayCommit.signal()
      try await writer
      #expect(try await database.ids() == ["a", "b"])
    }
  }

  @Test("A read keeps its view while a writer commits", arguments: engines)
  func snapshot(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let (looked, lookedNow) = AsyncStream.makeStream(of: Void.self)
      let mayLookAgain = DispatchSemaphore(value: 0)
      async let counts = database.read { transaction in
        let count = { try transaction.rows("SELECT id FROM sample_thing").count }
        let before = try count()
        lookedNow.finish()
        mayLookAgain.wait()
        return [before, try count()]
      }
      for await _ in looked {}
      try await database.write { try $0.insert("a") }
      mayLookAgain.signal()
      #expect(try await counts == [0, 0])
    }
  }

  @Test("A read cannot write", arguments: engines)
  func readOnly(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      for statement: SQL in ["INSERT INTO sample_thing (district_id, id) VALUES ('d', 'i')", "DROP TABLE sample_thing"]
      {
        #expect(try await storageFault { try await database.read { _ = try $0.run(statement) } } == .failed)
      }
      try await database.write { try $0.insert("a") }
      #expect(try await database.ids() == ["a"])
    }
  }

  @Test("Cancelling the task undoes its transaction", arguments: engines)
  func cancelled(_ engine: any EngineUnderTest) async throws {
    try await withDatabase(engine) { database in
      let (inserted, insertedNow) = AsyncStream.makeStream(of: Void.self)
      let mayGoOn = DispatchSemaphore(value: 0)
      let writer = Task {
        try await database.write { transaction in
          try transaction.insert("a")
          insertedNow.finish()
          mayGoOn.wait()
        }
      }
      for await _ in inserted {}
      writer.cancel()
      mayGoOn.signal()
      await #expect(throws: CancellationError.self) { try await writer.value }
      #expect(try await database.ids().isEmpty)
      try await database.write { try $0.insert("b") }
      #expect(try await database.ids() == ["b"])
    }
  }

  @Test("What was committed is there after closing and opening again", arguments: engines)
  func reopened(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    for round in 1...3 {
      let database = try await engine.open(place, sampleMigrations)
      try await database.write { try $0.insert("\(round)") }
      #expect(try await database.ids() == (1...round).map { "\($0)" })
      try await engine.close(database)
    }
  }
}
