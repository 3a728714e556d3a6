internal import GRDB
internal import GRDBSQLite
internal import Storage

/// A prepared statement, bound, stepped and read with SQLite's own calls.
///
/// GRDB's arguments and rows keep a second copy of each value, and format the statement's text at each execution; here
/// that is most of the cost of an upsert. GRDB keeps what it is good at: connections, threads, transactions, the cache.
/// Its observers of changes, which it feeds from its own execution, are not used with this.
struct BoundStatement {
  private let statement: GRDB.Statement
  private let connection: GRDB.Database
  private var pointer: OpaquePointer { statement.sqliteStatement }

  /// Prepares `text`, or takes it from the connection's cache; a statement that is being read further out is not shared.
  ///
  /// - Throws: `storage.failed` where SQLite ended the transaction after an error: going on would commit each
  ///   statement by itself.
  init(_ text: String, on connection: GRDB.Database) throws {
    guard sqlite3_get_autocommit(connection.sqliteConnection) == 0 else {
      throw StorageError(.failed, "SQLite ended this transaction after an error; nothing of it is kept.")
    }
    do {
      let cached = try connection.cachedStatement(sql: text)
      statement = sqlite3_stmt_busy(cached.sqliteStatement) == 0 ? cached : try connection.makeStatement(sql: text)
    } catch {
      throw SQLiteFault.storageError(error)
    }
    self.connection = connection
  }

  var columnCount: Int { Int(sqlite3_column_count(pointer)) }
  /// Read once for each prepared statement.
  var columnNames: [String] { statement.columnNames }

  /// Binds `values` to `?1 … ?n`.
  func bind(_ values: [SQLValue]) throws {
    let expected = Int(sqlite3_bind_parameter_count(pointer))
    guard values.count == expected else {
      throw StorageError(.failed, "A statement takes \(expected) values; it got \(values.count).")
    }
    for (index, value) in values.enumerated() {
      let code = bind(value, at: Int32(index + 1))
      guard code == SQLITE_OK else { throw fault(code) }
    }
  }

  private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(pointer, index)
    case .integer(let value): return sqlite3_bind_int64(pointer, index, value)
    case .double(let value): return sqlite3_bind_double(pointer, index, value)
    case .boolean(let value): return sqlite3_bind_int64(pointer, index, value ? 1 : 0)
    case .text(var text):
      return text.withUTF8 { utf8 in
        utf8.withMemoryRebound(to: CChar.self) { characters in
          guard let start = characters.baseAddress else { return sqlite3_bind_text(pointer, index, "", 0, nil) }
          return sqlite3_bind_text64(
            pointer, index, start, UInt64(characters.count), copied, UInt8(truncatingIfNeeded: SQLITE_UTF8))
        }
      }
    case .bytes(let bytes):
      // A blob without a pointer would be bound as NULL.
      if bytes.isEmpty { return sqlite3_bind_zeroblob(pointer, index, 0) }
      return bytes.withUnsafeBytes { sqlite3_bind_blob64(pointer, index, $0.baseAddress, UInt64($0.count), copied) }
    }
  }

  /// Whether there is a row.
  func step() throws -> Bool {
    switch sqlite3_step(pointer) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw fault(code)
    }
  }

  /// The values of the row that ``step()`` came to.
  func values() -> [SQLValue] {
    let count = Int(sqlite3_data_count(pointer))
    return [SQLValue](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer.initializeElement(at: index, to: value(at: Int32(index))) }
      initialized = count
    }
  }

  private func value(at index: Int32) -> SQLValue {
    switch sqlite3_column_type(pointer, index) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, index))
    case SQLITE_FLOAT: return .double(sqlite3_column_double(pointer, index))
    case SQLITE_TEXT:
      guard let start = sqlite3_column_text(pointer, index) else { return .text("") }
      let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index)))
      return .text(String(decoding: bytes, as: UTF8.self))
    case SQLITE_BLOB:
      guard let start = sqlite3_column_blob(pointer, index) else { return .bytes([]) }
      return .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index)))))
    default: return .null
    }
  }

  /// Makes it ready for the next use, and lets go of what was bound. What the last step failed with, it said itself.
  func reset() {
    sqlite3_reset(pointer)
    sqlite3_clear_bindings(pointer)
  }

  /// GRDB interrupts a statement where its task was cancelled, and for nothing else.
  private func fault(_ code: Int32) -> any Error {
    if code & 0xff == SQLITE_INTERRUPT { return CancellationError() }
    let message = sqlite3_errmsg(connection.sqliteConnection).map { String(cString: $0) } ?? "SQLite gave no message"
    return SQLiteFault.storageError(ResultCode(rawValue: code & 0xff), message)
  }
}

/// SQLITE_TRANSIENT: SQLite copies what it is given before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
