package import Storage

extension StoredTable {
  /// The tables of the schema that `transaction` sees, by name; those of the engine left out.
  package static func postgres(in transaction: any Transaction) throws -> [StoredTable] {
    let query: SQL = """
      SELECT c.relname::text AS tab, a.attname::text AS col, format_type(a.atttypid, a.atttypmod) AS type,
        NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '' AS optional,
        COALESCE(array_position(string_to_array(i.indkey::text, ' '), a.attnum::text), 0) AS place
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
      LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
        AND NOT a.attisdropped AND c.relname NOT IN ('storage_migration', 'storage_copy', 'storage_copy_table')
      ORDER BY c.relname, a.attnum
      """
    var columns: [String: [Column]] = [:]
    var keys: [String: [Int: String]] = [:]
    for row in try transaction.rows(query) {
      let (table, name) = (try row.get("tab", as: String.self), try row.get("col", as: String.self))
      columns[table, default: []].append(
        Column(name, kind(ofType: try row.get("type")), isOptional: try row.get("optional")))
      let place: Int = try row.get("place")
      if place > 0 { keys[table, default: [:]][place] = name }
    }
    let references = try references(in: transaction)
    return columns.sorted { $0.key < $1.key }.map { table, columns in
      let key = (keys[table] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      return StoredTable(table, columns: columns, key: key, references: references[table] ?? [])
    }
  }

  private static func references(in transaction: any Transaction) throws -> [String: Set<String>] {
    let query: SQL = """
      SELECT c.relname::text AS tab, t.relname::text AS other FROM pg_constraint AS k
      JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_class AS t ON t.oid = k.confrelid
      WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND k.connamespace = current_schema()::regnamespace
      """
    var found: [String: Set<String>] = [:]
    for row in try transaction.rows(query) {
      found[try row.get("tab"), default: []].insert(try row.get("other", as: String.self))
    }
    return found
  }

  private static func kind(ofType type: String) -> Kind? {
    switch type {
    case "text": .text
    case "bigint": .integer
    case "boolean": .boolean
    case "bytea": .bytes
    case "double precision": .double
    default: nil
    }
  }
}

extension NumberedColumn {
  /// Every sequence of the schema; without table and column where it belongs to none.
  package static func postgres(in transaction: any Transaction) throws -> [NumberedColumn] {
    let query: SQL = """
      SELECT s.relname::text AS sequence, COALESCE(c.relname::text, '') AS tab, COALESCE(a.attname::text, '') AS col
      FROM pg_class AS s
      LEFT JOIN pg_depend AS d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
      LEFT JOIN pg_class AS c ON c.oid = d.refobjid
      LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace ORDER BY s.relname
      """
    return try transaction.rows(query).map {
      NumberedColumn(sequence: try $0.get("sequence"), table: try $0.get("tab"), column: try $0.get("col"))
    }
  }
}
