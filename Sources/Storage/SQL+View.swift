extension SQL {
  /// A view that other features read: what its owner promises, whatever becomes of the tables behind it. Its name bears a
  /// version; another shape is another view.
  ///
  /// On PostgreSQL it reads with the rights of who asks: row level security holds for the tables behind it as for them.
  /// Source: PostgreSQL 15, CREATE VIEW, security_invoker
  package static func view(_ name: StaticString, _ query: StaticString) -> SQL {
    var sql: SQL = ""
    sql.parts = [
      .engine(
        sqlite: "CREATE VIEW \(name) AS \(query)",
        postgres: "CREATE VIEW \(name) WITH (security_invoker = true) AS \(query)")
    ]
    return sql
  }
}
