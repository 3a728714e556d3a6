import Storage
import Synchronization
import Vocabulary

/// The plans of the queries that went through a transaction, in the engine's own words.
final class Plans: Sendable {
  private let noted = Mutex<[String]>([])
  var lines: [String] { noted.withLock { $0 } }

  func noting(_ transaction: any Transaction) -> any Transaction { Noting(base: transaction, plans: self) }

  /// Lines that read one of `tables` through.
  func scans(of tables: [String]) -> [String] {
    lines.filter { line in
      tables.contains {
        line.hasSuffix("SCAN \($0)") || line.contains("SCAN \($0) ") || line.contains("Seq Scan on \($0) ")
      }
    }
  }

  private struct Noting: Transaction {
    let base: any Transaction
    let plans: Plans
    var engine: Engine { base.engine }

    private func note(_ query: SQL) throws {
      let isSQLite = engine == .sqlite
      let explained = try base.rows((isSQLite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + query)
      let lines = try explained.map { try $0.get(isSQLite ? "detail" : "QUERY PLAN", as: String.self) }
      plans.noted.withLock { $0 += lines }
    }

    func rows(_ query: SQL) throws -> [Row] {
      try note(query)
      return try base.rows(query)
    }

    func each(_ query: SQL, _ body: (Row) throws -> Void) throws { for row in try rows(query) { try body(row) } }
    func run(_ statement: SQL) throws -> Int {
      try note(statement)
      return try base.run(statement)
    }
    func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws { try base.run(statement, rows: rows) }
    func savepoint<T>(_ body: () throws -> T) throws -> T { try base.savepoint(body) }
    func tryLock(_ work: String) throws -> Bool { try base.tryLock(work) }
  }
}

/// A database that notes the plan of each statement that it is asked to run by itself.
struct PlannedDatabase: Database {
  let base: any Database
  let plans: Plans

  func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    try await base.read(in: scope) { [plans] in try body(plans.noting($0)) }
  }

  func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    try await base.write(in: scope) { [plans] in try body(plans.noting($0)) }
  }

  func close() async throws { try await base.close() }
}
