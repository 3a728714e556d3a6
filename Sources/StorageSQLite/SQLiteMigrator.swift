internal import GRDB
internal import Storage

/// Applies each feature's migrations in order, and remembers them; all of them in one transaction, or none.
enum SQLiteMigrator {
  /// - Throws: `storage.newer-schema`; `storage.failed` where a feature's steps are not numbered 1, 2, 3 …
  static func migrate(_ connection: GRDB.Database, _ migrations: [Migration]) throws {
    let known = try MigrationSteps.last(migrations)
    try connection.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS storage_migration (
          feature TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (feature, number)
        ) WITHOUT ROWID
        """)
    let transaction = SQLiteTransaction(connection: connection)
    var applied: [String: Int] = [:]
    for row in try transaction.rows("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature") {
      applied[try row.get("feature")] = try row.get("number", as: Int.self)
    }
    try MigrationSteps.refuseNewer(applied, known: known)
    for migration in migrations where migration.number > applied[migration.feature] ?? 0 {
      for statement in migration.statements { try apply(statement, transaction) }
      try transaction.run(
        "INSERT INTO storage_migration (feature, number) VALUES (\(migration.feature), \(migration.number))")
    }
  }

  /// A change of the schema goes through GRDB, which forgets then what it knew of the old one.
  private static func apply(_ statement: Storage.SQL, _ transaction: SQLiteTransaction) throws {
    let (text, values) = statement.rendered(for: .sqlite)
    if values.isEmpty {
      try transaction.connection.execute(sql: text)
    } else {
      try transaction.run(statement)
    }
  }
}
