internal import GRDB
internal import GRDBSQLite
internal import Storage

/// A transaction on one GRDB connection.
struct SQLiteTransaction: Transaction {
  let connection: GRDB.Database
  var engine: Engine { .sqlite }

  func rows(_ query: Storage.SQL) throws -> [Storage.Row] {
    var found: [Storage.Row] = []
    try each(query) { found.append($0) }
    return found
  }

  func each(_ query: Storage.SQL, _ body: (Storage.Row) throws -> Void) throws {
    let (text, values) = query.rendered(for: .sqlite)
    let statement = try BoundStatement(text, on: connection)
    defer { statement.reset() }
    try statement.bind(values)
    let columns = Storage.Row.Columns(statement.columnNames)
    while try statement.step() { try body(Storage.Row(columns: columns, values: statement.values())) }
  }

  @discardableResult func run(_ statement: Storage.SQL) throws -> Int {
    let (text, values) = statement.rendered(for: .sqlite)
    let statement = try BoundStatement(text, on: connection)
    defer { statement.reset() }
    try statement.bind(values)
    let before = sqlite3_total_changes(connection.sqliteConnection)
    var returned = 0
    while try statement.step() { returned += 1 }
    if statement.columnCount > 0 { return returned }
    // SQLite's count of changes is the last statement's that could change rows, so it is asked only where this one did.
    if sqlite3_total_changes(connection.sqliteConnection) == before { return 0 }
    return Int(sqlite3_changes(connection.sqliteConnection))
  }

  func run(_ statement: Storage.SQL, rows: some Sequence<[SQLValue]>) throws {
    let text = try statement.renderedForRows(for: .sqlite)
    let statement = try BoundStatement(text, on: connection)
    for values in rows {
      defer { statement.reset() }
      try statement.bind(values)
      while try statement.step() {}
    }
  }

  func tryLock(_ work: String) throws -> Bool { true }

  /// Where SQLite has already undone the whole transaction, as it may when the disk is full, there is no savepoint to go
  /// back to; the error goes on, and so does that of every later statement.
  func savepoint<T>(_ body: () throws -> T) throws -> T {
    try run("SAVEPOINT rollcall")
    do {
      let result = try body()
      try run("RELEASE rollcall")
      return result
    } catch {
      if sqlite3_get_autocommit(connection.sqliteConnection) == 0 {
        try run("ROLLBACK TO rollcall")
        try run("RELEASE rollcall")
      }
      throw error
    }
  }
}
