/// One row of a result; a column is asked for by name and type.
package struct Row: Sendable {
  private let columns: Columns
  /// In the order of the result's columns.
  package let values: [SQLValue]

  package init(columns: Columns, values: [SQLValue]) {
    self.columns = columns
    self.values = values
  }

  /// The column's value as `T`; ask for `T?` where NULL may stand.
  ///
  /// - Throws: `storage.column` where there is no such column or its value is not a `T`.
  package func get<T: SQLConvertible>(_ name: String, as type: T.Type = T.self) throws -> T {
    guard let index = columns.names.firstIndex(of: name), index < values.count else {
      throw StorageError(.column, "The result has no column '\(name)'.")
    }
    guard let value = T(sqlValue: values[index]) else {
      throw StorageError(.column, "The column '\(name)' holds no \(T.self).")
    }
    return value
  }

  /// The names of a result's columns, shared by its rows. There are few, so they are compared and not hashed.
  package struct Columns: Sendable {
    let names: [String]
    package init(_ names: [String]) { self.names = names }
  }
}
