internal import CPostgres
internal import Storage

/// A statement's answer; freed with its last reference.
final class PostgresResult {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  var count: Int { Int(PQntuples(handle)) }

  /// How many rows it changed, or returned.
  var changed: Int {
    if PQresultStatus(handle) == PGRES_TUPLES_OK { return count }
    return Int(String(cString: PQcmdTuples(handle))) ?? 0
  }

  /// - Throws: `storage.column`.
  func rows() throws -> [Row] {
    let width = PQnfields(handle)
    let columns = Row.Columns((0..<width).map { String(cString: PQfname(handle, $0)) })
    let types = (0..<width).map { PQftype(handle, $0) }
    return try (0..<PQntuples(handle)).map { row in
      Row(columns: columns, values: try (0..<width).map { try value(row, $0, types[Int($0)]) })
    }
  }

  private func value(_ row: Int32, _ column: Int32, _ type: UInt32) throws -> SQLValue {
    if PQgetisnull(handle, row, column) == 1 { return .null }
    let count = Int(PQgetlength(handle, row, column))
    return try UnsafeRawPointer(PQgetvalue(handle, row, column)).withMemoryRebound(to: UInt8.self, capacity: count) {
      try SQLValue(UnsafeBufferPointer(start: $0, count: count), type: type)
    }
  }
}
