package import Storage

extension StoredTable {
  /// The tables of the SQLite database that `transaction` reads, by name; those of the engine left out.
  package static func sqlite(in transaction: any Transaction) throws -> [StoredTable] {
    let query: SQL = #"""
      SELECT m.name AS tab, p.name AS col, p.type AS type, p.pk AS place,
        p."notnull" = 0 OR p.dflt_value IS NOT NULL AS optional
      FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p
      WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name <> 'storage_migration'
      ORDER BY m.name, p.cid
      """#
    var columns: [String: [Column]] = [:]
    var keys: [String: [Int: String]] = [:]
    for row in try transaction.rows(query) {
      let (table, name) = (try row.get("tab", as: String.self), try row.get("col", as: String.self))
      columns[table, default: []].append(
        Column(name, kind(ofType: try row.get("type")), isOptional: try row.get("optional")))
      let place: Int = try row.get("place")
      if place > 0 { keys[table, default: [:]][place] = name }
    }
    return columns.sorted { $0.key < $1.key }.map { table, columns in
      let key = (keys[table] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      return StoredTable(table, columns: columns, key: key, references: [])
    }
  }

  private static func kind(ofType type: String) -> Kind? {
    switch type.uppercased() {
    case "TEXT": .text
    case "BIGINT", "INTEGER": .integer
    case "BOOLEAN": .boolean
    case "BYTEA", "BLOB": .bytes
    case "DOUBLE PRECISION", "REAL": .double
    default: nil
    }
  }
}
