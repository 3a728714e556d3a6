import Dispatch
import Storage
import StoragePostgres
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import Audit

/// What only several controllers on one PostgreSQL can do to each other.
@Suite("Sequencers on PostgreSQL")
struct PostgresSequencerTests {
  private struct Pair {
    let first: PostgresDatabase
    let second: PostgresDatabase

    init() async throws {
      let server = try PostgresServer.shared.get()
      let schema = server.freshSchema()
      first = try await server.open(schema: schema, migrations: Journal.migrations)
      second = try await server.open(schema: schema, migrations: Journal.migrations)
    }

    func close() async throws {
      try await first.close()
      try await second.close()
    }
  }

  @Test("An entry that is committed after later ones were sequenced gets the next place")
  func late() async throws {
    let pair = try await Pair()
    let (written, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    async let slow: Void = pair.first.write(in: .state) { transaction in
      try Journal.record(JournalBench.entry("early"), in: transaction)
      written.signal()
      gate.wait()
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        written.wait()
        continuation.resume()
      }
    }
    try await pair.second.record([JournalBench.entry("later")])
    #expect(try await JournalBench.sequencer(pair.second).sequence() == 1)
    #expect(try await JournalBench.checked(pair.second, size: 1) == ["later"])
    // Once for each time that the transaction may be run.
    for _ in 0..<40 { gate.signal() }
    try await slow
    #expect(try await JournalBench.sequencer(pair.second).sequence() == 1)
    #expect(try await JournalBench.checked(pair.second, size: 2) == ["later", "early"])
    try await pair.close()
  }

  @Test("While one sequences the other does not wait; where it dies in the middle, the other goes on at once")
  func takeover() async throws {
    let pair = try await Pair()
    try await pair.second.record((0..<3).map { JournalBench.entry("\($0)") })
    let (held, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let process = Mutex<Int?>(nil)
    async let dying: Void = pair.first.write(in: .state) { transaction in
      guard process.withLock({ $0 == nil }) else { return }
      #expect(try transaction.tryLock("journal"))
      // It placed entries already, and signed nothing.
      try transaction.run("UPDATE audit_entry SET leaf_index = 0 WHERE object = '2'")
      let id = try transaction.row("SELECT pg_backend_pid()::bigint AS id")?.get("id", as: Int.self)
      process.withLock { $0 = id }
      held.signal()
      gate.wait()
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        held.wait()
        continuation.resume()
      }
    }
    #expect(try await JournalBench.sequencer(pair.second).sequence() == 0)
    let id = try #require(process.withLock { $0 })
    try PostgresServer.shared.get().run(sql: "SELECT pg_terminate_backend(\(id), 10000)")
    #expect(try await JournalBench.sequencer(pair.second).sequence() == 3)
    #expect(try await JournalBench.checked(pair.second, size: 3) == ["0", "1", "2"])
    gate.signal()
    _ = try? await dying
    try await pair.close()
  }

  @Test("A transaction whose view is older than the lock it got runs again, and doubles nothing")
  func staleView() async throws {
    let pair = try await Pair()
    try await pair.first.record((0..<4).map { JournalBench.entry("\($0)") })
    let runs = Atomic(0)
    let second = pair.second
    try await pair.first.write(in: .state) { transaction in
      // The view is taken by the first statement; then the other controller sequences all.
      _ = try transaction.rows("SELECT 1 AS one")
      if runs.wrappingAdd(1, ordering: .relaxed).newValue == 1 {
        let done = DispatchSemaphore(value: 0)
        Task {
          _ = try? await JournalBench.sequencer(second).sequence()
          done.signal()
        }
        done.wait()
      }
      #expect(try transaction.tryLock("journal"))
      try transaction.run("UPDATE audit_entry SET leaf_index = 100 WHERE leaf_index IS NULL")
    }
    #expect(runs.load(ordering: .relaxed) == 2)
    try await JournalBench.checked(pair.second, size: 4)
    try await pair.close()
  }

  @Test("What waits is found by its own index, however many the server believes to wait")
  func plan() async throws {
    let pair = try await Pair()
    try await pair.first.record((0..<400).map { JournalBench.entry("\($0)") })
    let place = try await pair.first.read(in: .state) {
      try #require(try $0.row("SELECT current_database()::text AS database, current_schema()::text AS schema"))
    }
    let (database, schema): (String, String) = (try place.get("database"), try place.get("schema"))
    _ = try PostgresServer.shared.get().ask(sql: "ANALYZE \"\(schema)\".audit_entry", of: database)
    let plan = try await pair.first.read(in: .state) { transaction in
      try transaction.rows("EXPLAIN " + JournalTree.waiting(1)).map { try $0.get("QUERY PLAN", as: String.self) }
    }
    let text = plan.joined(separator: "\n")
    #expect(text.contains("Index Scan using audit_entry_waiting") && !text.contains("Sort"), "\(text)")
    try await pair.close()
  }
}
