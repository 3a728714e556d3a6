import Foundation
import HTTPTypes
import Logging
import Storage
import Synchronization
import TestSupport
import Testing
import Vocabulary

@testable import Serving

@Suite("Requests that are sent twice")
struct IdempotencyTests {
  private struct Unexpected: Error {}

  private static let start = Instant(milliseconds: 1_790_000_000_000)

  /// A database with one table, in which each run of the write adds a row.
  private final class Bench: Sendable {
    let path = NSTemporaryDirectory() + "rollcall-idempotency-\(UUID().uuidString).sqlite"
    let database: any Database
    private let runs = Mutex(0)

    init() async throws {
      database = try await TestDatabase.open(
        path,
        migrations: Idempotency.migrations + [
          Migration("sample", 1, ["CREATE TABLE sample_thing (id BIGINT NOT NULL)"])
        ])
    }

    deinit { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }

    /// Sends a write; its answer tells which run of the body made it.
    func send(
      key: String?, method: HTTPRequest.Method = .post, path: String = "/api/v1/things",
      query: [(name: String, value: String)] = [], body: String = "{}", principal: Int = 1,
      at now: Instant = IdempotencyTests.start, fail: Bool = false,
      forRepeats: @escaping @Sendable (Reply) throws -> Reply = { $0 }
    ) async throws -> Reply {
      let header = try #require(Idempotency.header)
      let call = Call(
        method, path, query: query, headers: key.map { [header: $0] } ?? [:], body: Array(body.utf8), now: now)
      let id = try #require(PrincipalID(rawValue: "prn_000000000000000\(principal)"))
      let context = OperatorContext(caller: Caller(principal: id, name: "x", grants: []), scope: .state)
      return try await database.write(in: .state) { transaction in
        try Idempotency.reply(to: call, context, in: transaction, forRepeats: forRepeats) {
          let run = self.runs.withLock { runs in
            runs += 1
            return runs
          }
          try transaction.run("INSERT INTO sample_thing (id) VALUES (\(run))")
          if fail { throw Unexpected() }
          return try .json(["run": run], status: .created)
        }
      }
    }

    func stored() async throws -> [String] {
      try await database.read(in: .state) { transaction in
        try transaction.rows("SELECT key FROM serving_idempotency ORDER BY key").map { try $0.get("key") }
      }
    }

    func changes() async throws -> Int {
      try await database.read(in: .state) { try $0.rows("SELECT id FROM sample_thing").count }
    }
  }

  private func text(_ reply: Reply) -> String { "\(reply.status.code) \(String(decoding: reply.body, as: UTF8.self))" }

  @Test("The same key twice gives the first answer and one change")
  func twice() async throws {
    let bench = try await Bench()
    let first = try await bench.send(key: "k")
    let second = try await bench.send(key: "k", at: Self.start.advanced(by: .seconds(86_399)))
    #expect(text(first) == #"201 {"run":1}"#)
    #expect(text(second) == text(first))
    #expect(second.headers[.contentType] == "application/json")
    #expect(try await bench.changes() == 1)
  }

  @Test("Fifty at once with one key make one change and get one answer")
  func concurrent() async throws {
    let bench = try await Bench()
    let answers = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { text(try await bench.send(key: "k")) } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    // An engine may run the body again where another was in its way; what it did before is undone.
    #expect(answers.count == 1)
    #expect(try await bench.changes() == 1)
  }

  @Test("Without a key each request is one of its own")
  func without() async throws {
    let bench = try await Bench()
    for _ in 0..<3 { _ = try await bench.send(key: nil) }
    #expect(try await bench.changes() == 3)
  }

  @Test("The key with another body, path, method or query is refused with 422")
  func mismatch() async throws {
    let bench = try await Bench()
    _ = try await bench.send(key: "k", query: [("a", "1")])
    let others: [() async throws -> Reply] = [
      { try await bench.send(key: "k", query: [("a", "1")], body: "[]") },
      { try await bench.send(key: "k", path: "/api/v1/other", query: [("a", "1")]) },
      { try await bench.send(key: "k", method: .delete, query: [("a", "1")]) },
      { try await bench.send(key: "k", query: [("a", "2")]) },
      { try await bench.send(key: "k") },
    ]
    for send in others {
      let error = await #expect(throws: ServingError(.idempotencyMismatch, "")) { _ = try await send() }
      #expect(error?.status.code == 422)
    }
    #expect(try await bench.changes() == 1)
  }

  @Test("After a day the key is free again, swept or not")
  func expiry() async throws {
    let bench = try await Bench()
    _ = try await bench.send(key: "k")
    let later = Self.start.advanced(by: .seconds(86_400))
    #expect(text(try await bench.send(key: "k", body: "[1]", at: later)) == #"201 {"run":2}"#)
    #expect(text(try await bench.send(key: "k", body: "[1]", at: later)) == #"201 {"run":2}"#)
    #expect(try await bench.changes() == 2)
    #expect(try await bench.stored() == ["k"])
  }

  @Test("A sweep removes every expired answer in bounded steps, and no other")
  func sweep() async throws {
    let bench = try await Bench()
    let count = 2 * IdempotencySweep.step + 1
    try await bench.database.write(in: .state) { transaction in
      try transaction.run(
        """
        INSERT INTO serving_idempotency (principal_id, key, request, status, content_type, body, at)
        VALUES ('prn_0000000000000001', $1, $2, 200, '', $2, $3)
        """,
        rows: (0..<count).map { [.text("old-\($0)"), .bytes([1]), .integer(Self.start.milliseconds - Int64($0))] })
    }
    _ = try await bench.send(key: "fresh", at: Self.start.advanced(by: .milliseconds(1)))
    let sweep = IdempotencySweep(
      database: bench.database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { Self.start })
    let due = Self.start.advanced(by: Idempotency.retention)
    #expect(try await sweep.sweep(now: due.advanced(by: .milliseconds(-count))) == 0)
    let step = try await bench.database.write(in: .state) { try Idempotency.purge(at: due, limit: 3, $0) }
    #expect(step == 3)
    #expect(try await sweep.sweep(now: due) == count - 3)
    #expect(try await bench.stored() == ["fresh"])
  }

  @Test("The service sweeps when it starts, without a request")
  func sweepsAtStart() async throws {
    let bench = try await Bench()
    _ = try await bench.send(key: "old")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let sweep = IdempotencySweep(
      database: bench.database, logger: logger, clock: { Self.start.advanced(by: Idempotency.retention) })
    let running = Task { try await sweep.run() }
    while try await !bench.stored().isEmpty { await Task.yield() }
    running.cancel()
    try await running.value
  }

  @Test("Another principal's same key is another key")
  func principals() async throws {
    let bench = try await Bench()
    let first = try await bench.send(key: "k", principal: 1)
    let second = try await bench.send(key: "k", body: "[]", principal: 2)
    #expect(text(first) != text(second))
    #expect(try await bench.changes() == 2)
  }

  @Test("A request that fails changes nothing and leaves the key free")
  func failing() async throws {
    let bench = try await Bench()
    await #expect(throws: Unexpected.self) { _ = try await bench.send(key: "k", fail: true) }
    #expect(try await bench.changes() == 0)
    #expect(text(try await bench.send(key: "k")) == #"201 {"run":2}"#)
    #expect(try await bench.changes() == 1)
  }

  @Test("A secret that is shown once is not stored for repeats")
  func secrets() async throws {
    let bench = try await Bench()
    let without: @Sendable (Reply) throws -> Reply = { _ in try .json(["id": 7]) }
    #expect(text(try await bench.send(key: "k", forRepeats: without)) == #"201 {"run":1}"#)
    #expect(text(try await bench.send(key: "k", forRepeats: without)) == #"200 {"id":7}"#)
  }

  @Test("A key has 1 to 255 bytes", arguments: [0, 256])
  func bounds(_ length: Int) async throws {
    let bench = try await Bench()
    await #expect(throws: ServingError(.idempotencyKey, "")) {
      _ = try await bench.send(key: String(repeating: "k", count: length))
    }
    #expect(try await bench.changes() == 0)
  }

  @Test("A caller who is not signed in cannot use a key")
  func nobody() async throws {
    let bench = try await Bench()
    let header = try #require(Idempotency.header)
    let call = Call(.post, "/x", headers: [header: "k"], now: Self.start)
    await #expect(throws: ServingError(.unauthenticated, "")) {
      try await bench.database.write(in: .state) { transaction in
        _ = try Idempotency.reply(to: call, OperatorContext(caller: nil, scope: .state), in: transaction) { Reply(.ok) }
      }
    }
  }
}
