import Storage

/// Notes what the queries on their way read through: by SQLite's plans, and by what PostgreSQL counted.
final class PlanningTransaction: Transaction {
  private let base: any Transaction
  private(set) var plan: [String] = []
  private(set) var queries = 0
  var engine: Engine { base.engine }

  init(_ base: any Transaction) { self.base = base }

  func rows(_ query: SQL) throws -> [Row] {
    queries += 1
    // SQLite tells its plans in sentences that the tests know.
    if engine == .sqlite {
      plan += try base.rows("EXPLAIN QUERY PLAN " + query).map { try $0.get("detail", as: String.self) }
    }
    return try base.rows(query)
  }

  /// Rows that PostgreSQL read so far, through and by indexes; nothing is told on SQLite.
  private func counted() throws -> [String: (through: Int, byIndex: Int)] {
    guard engine == .postgres else { return [:] }
    let rows = try base.rows(
      """
      SELECT relname::text AS name, seq_tup_read AS through, idx_tup_fetch AS by_index FROM pg_stat_xact_user_tables
      WHERE schemaname = current_schema() AND relname IN ('registry_device', 'registry_contact', 'registry_key')
      """)
    var counts: [String: (through: Int, byIndex: Int)] = [:]
    for row in rows { counts[try row.get("name")] = (try row.get("through"), try row.get("by_index")) }
    return counts
  }

  /// Adds what `body` read through to the plan; how many rows it fetched by indexes.
  func noting<T>(_ body: () throws -> T) throws -> (value: T, fetched: Int) {
    let before = try counted()
    let value = try body()
    var fetched = 0
    for (table, after) in try counted() {
      let (through, byIndex) = before[table] ?? (0, 0)
      if after.through > through { plan.append("SCAN \(table): \(after.through - through) rows") }
      fetched += after.byIndex - byIndex
    }
    return (value, fetched)
  }

  func each(_ query: SQL, _ body: (Row) throws -> Void) throws { for row in try rows(query) { try body(row) } }
  func run(_ statement: SQL) throws -> Int { try base.run(statement) }
  func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws { try base.run(statement, rows: rows) }
  func savepoint<T>(_ body: () throws -> T) throws -> T { try base.savepoint(body) }
  func tryLock(_ work: String) throws -> Bool { try base.tryLock(work) }
}
