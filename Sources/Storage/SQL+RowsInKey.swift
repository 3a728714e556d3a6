extension SQL {
  /// Has SQLite keep a table's rows in the tree of their primary key, and not a second time beside it: a tenth to a third
  /// of its file, and one search less for each row. PostgreSQL has no such tables; there nothing happens.
  ///
  /// The table is made anew, so its indexes and triggers have to be too; no other table may refer to it.
  ///
  /// - Parameters:
  ///   - key: the primary key's columns: rows come in its order, so that pages are filled.
  ///   - columns: what stands between the parentheses of `CREATE TABLE`; all columns in their order.
  ///   - values: what is read of the table as it was, where that is not simply all of it.
  ///   - indexes: statements that follow, ended by semicolons.
  package static func rowsInKey(
    of table: StaticString, key: StaticString, columns: StaticString, values: StaticString = "*",
    indexes: StaticString = ""
  ) -> SQL {
    let statements = """
      ALTER TABLE \(table) RENAME TO storage_former;
      CREATE TABLE \(table) (\(columns)) WITHOUT ROWID;
      INSERT INTO \(table) SELECT \(values) FROM storage_former ORDER BY \(key);
      DROP TABLE storage_former;
      \(indexes)
      """
    var sql: SQL = ""
    sql.parts = [.engine(sqlite: statements, postgres: "SELECT 1")]
    return sql
  }
}
