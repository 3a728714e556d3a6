import Storage

/// Notes the plan of each query on its way, in the engine's own words.
package final class NotedPlans: Transaction {
  private let base: any Transaction
  package private(set) var lines: [String] = []
  package var engine: Engine { base.engine }

  package init(_ base: any Transaction) { self.base = base }

  package func rows(_ query: SQL) throws -> [Row] {
    let isSQLite = engine == .sqlite
    lines += try base.rows((isSQLite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + query).map {
      try $0.get(isSQLite ? "detail" : "QUERY PLAN", as: String.self)
    }
    return try base.rows(query)
  }

  package func each(_ query: SQL, _ body: (Row) throws -> Void) throws { for row in try rows(query) { try body(row) } }
  package func run(_ statement: SQL) throws -> Int { try base.run(statement) }
  package func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws { try base.run(statement, rows: rows) }
  package func savepoint<T>(_ body: () throws -> T) throws -> T { try base.savepoint(body) }
  package func tryLock(_ work: String) throws -> Bool { try base.tryLock(work) }
}
