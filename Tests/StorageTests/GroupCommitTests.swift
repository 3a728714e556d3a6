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
    let groups = (0..<2).map { _ in GroupCommit<Int>(database: database, in: .state, largest: 16) }
    let failed = await withTaskGroup(of: Bool.self) { tasks in
      for number in 0..<200 {
        tasks.addTask {
          do {
            _ = try await groups[number % 2].commit { transaction in
              try transaction.run("UPDATE sample_count SET n = n + 1 WHERE id = 1")
              if number % 10 == 3 { throw Refused() }
              return number
            }
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

  private struct Refused: Error {}
}
