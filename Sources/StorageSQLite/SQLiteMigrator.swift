internal import GRDB
internal import Storage

/// Applies each feature's migrations in order, and remembers them.
enum SQLiteMigrator {
  static func migrate(_ connection: GRDB.Database, _ migrations: [Migration]) throws {
    try connection.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS storage_migration (
          feature TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (feature, number)
        ) WITHOUT ROWID
        """)
    let transaction = SQLiteTransaction(connection: connection)
    let known = Dictionary(grouping: migrations, by: \.feature).mapValues { $0.map(\.number).max() ?? 0 }
    var applied: [String: Int] = [:]
    for row in try transaction.rows("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature") {
      applied[try row.get("feature")] = try row.get("number", as: Int.self)
    }
    for (feature, number) in applied where number > known[feature] ?? 0 {
      throw StorageError(
        .newerSchema,
        "The database has step \(number) of '\(feature)', which this version does not know: it was written by a newer Rollcall. Install that version, or restore a backup made by this one."
      )
    }
    for migration in migrations where migration.number > applied[migration.feature] ?? 0 {
      for statement in migration.statements { try transaction.run(statement) }
      try transaction.run(
        "INSERT INTO storage_migration (feature, number) VALUES (\(migration.feature), \(migration.number))")
    }
  }
}
