internal import Foundation
internal import GRDB
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
    let statement = try connection.cachedStatement(sql: text)
    let cursor = try GRDB.Row.fetchCursor(statement, arguments: arguments(values))
    let columns = Storage.Row.Columns(statement.columnNames)
    while let row = try cursor.next() {
      try body(Storage.Row(columns: columns, values: row.databaseValues.map(SQLValue.init)))
    }
  }

  @discardableResult func run(_ statement: Storage.SQL) throws -> Int {
    let (text, values) = statement.rendered(for: .sqlite)
    let prepared = try connection.cachedStatement(sql: text)
    if prepared.columnCount > 0 {
      return try GRDB.Row.fetchAll(prepared, arguments: arguments(values)).count
    }
    try prepared.execute(arguments: arguments(values))
    return connection.changesCount
  }

  func run(_ statement: Storage.SQL, rows: some Sequence<[SQLValue]>) throws {
    let prepared = try connection.cachedStatement(sql: statement.rendered(for: .sqlite).text)
    for values in rows { try prepared.execute(arguments: arguments(values)) }
  }

  func savepoint<T>(_ body: () throws -> T) throws -> T {
    var result: Result<T, any Error>?
    do {
      try connection.inSavepoint {
        result = .success(try body())
        return .commit
      }
    } catch {
      throw SQLiteFault.storageError(error)
    }
    guard let result else { throw StorageError(.failed, "A savepoint ended without a result.") }
    return try result.get()
  }

  /// GRDB strips the `$` of `$1`, so values are bound by the names "1", "2" ….
  private func arguments(_ values: [SQLValue]) -> StatementArguments {
    StatementArguments(
      Dictionary(uniqueKeysWithValues: values.enumerated().map { (String($0 + 1), $1.databaseValue) }))
  }
}

extension SQLValue {
  fileprivate init(_ value: DatabaseValue) {
    switch value.storage {
    case .null: self = .null
    case .int64(let value): self = .integer(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .text(value)
    case .blob(let value): self = .bytes([UInt8](value))
    }
  }

  fileprivate var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .text(let value): value.databaseValue
    case .integer(let value): value.databaseValue
    case .double(let value): value.databaseValue
    case .boolean(let value): value.databaseValue
    case .bytes(let value): Data(value).databaseValue
    }
  }
}
