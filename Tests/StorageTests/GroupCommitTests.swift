import Storage
import TestSupport
import Testing
import Vocabulary

@Suite("Changes that share a transaction")
struct GroupCommitTests {
  private static let migrations = [
    Migration("sample", 1, ["CREATE TABLE sample_count (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)"])
  ]

  @Test(
    "Two hundred changes of one row by two groups at once all land, and a failing one leaves nothing",
    arguments: engines)
  func hotRow(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    let database = try await engine.open(place, Self.migrations)
    _ = try await database.write(in: .state) { try $0.run("INSERT INTO sample_count (id, n) VALUES (1, 0)") }
    let groups = (0..<2).map { _ in
      GroupCommit<Int, Int>(database: database, in: .state, largest: 16) { number, transaction in
        try transaction.run("UPDATE sample_count SET n = n + 1 WHERE id = 1")
        if number % 10 == 3 { throw Refused() }
        return number
      }
    }
    let failed = await withTaskGroup(of: Bool.self) { tasks in
      for number in 0..<200 {
        tasks.addTask {
          do {
            _ = try await groups[number % 2].commit(number)
            return false
          } catch { return error is Refused }
        }
      }
      return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(failed == 20)
    let row = try await database.read(in: .state) { try $0.row("SELECT n FROM sample_count")! }
    #expect(try row.get("n", as: Int.self) == 180)
    try await database.close()
  }

  @Test(
    "What is done together is not done again, and undone where it fails: then each goes by itself", arguments: engines)
  func together(_ engine: any EngineUnderTest) async throws {
    let place = try Place()
    let database = try await engine.open(place, Self.migrations)
    _ = try await database.write(in: .state) { try $0.run("INSERT INTO sample_count (id, n) VALUES (1, 0)") }
    @Sendable func add(_ number: Int, _ transaction: any Transaction) throws {
      try transaction.run("UPDATE sample_count SET n = n + \(number) WHERE id = 1")
    }
    let group = GroupCommit<Int, String>(
      database: database, in: .state, largest: 16,
      together: { numbers, transaction in
        try add(1000 * numbers.count, transaction)
        if numbers.contains(7) { try transaction.run("INSERT INTO sample_count (id, n) VALUES (1, 0)") }
        return numbers.map { $0 % 2 == 0 ? "together" : nil }
      },
      each: { number, transaction in
        try add(number, transaction)
        if number == 3 { throw Refused() }
        return "alone"
      })
    func results(_ numbers: [Int]) async throws -> [String] {
      try await database.write(in: .state) { transaction in
        try group.results(of: numbers, in: transaction).map { (try? $0.get()) ?? "refused" }
      }
    }
    #expect(try await results([2]) == ["alone"])
    #expect(try await results([1, 2, 3, 4]) == ["alone", "together", "refused", "together"])
    #expect(try await results([2, 7]) == ["alone", "alone"])
    let row = try await database.read(in: .state) { try $0.row("SELECT n FROM sample_count")! }
    #expect(try row.get("n", as: Int.self) == 2 + 4001 + 9)
    try await database.close()
  }

  private struct Refused: Error {}
}
