extension SQL {
  /// Rows of texts or bytes to join a table with, as `(VALUES …) AS wanted`: their values are `column1` and so on.
  ///
  /// Join by `CROSS JOIN`, with the conditions behind `WHERE`: SQLite then looks the rows up in the table one by one, where it
  /// answers `IN (VALUES …)` by reading the table through. Rows of nothing are added up to the next power of two, so
  /// that lists of all lengths make few different texts: no key's first column is the empty text.
  package static func wanted(_ rows: [[any SQLConvertible]]) -> SQL {
    let width = rows.first?.count ?? 1
    var count = 1
    while count < rows.count { count *= 2 }
    var sql: SQL = "(VALUES "
    sql.parts.reserveCapacity(count * (2 * width + 1) + 2)
    for index in 0..<count {
      sql.parts.append(.text(index == 0 ? "(" : ", ("))
      for column in 0..<width {
        if column > 0 { sql.parts.append(.text(", ")) }
        sql.parts.append(index < rows.count ? .value(rows[index][column].sqlValue) : .text("''"))
      }
      sql.parts.append(.text(")"))
    }
    sql.parts.append(.text(") AS wanted"))
    return sql
  }
}
