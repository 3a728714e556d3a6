import Foundation
import Storage
import StoragePostgres
import StorageSQLite
import Vocabulary

/// Copies the database of a state folder into an empty PostgreSQL schema, and proves the copy.
///
/// ```
/// remember the source ──▶ make the schema ──▶ copy each table ──▶ compare each table ──▶ mark as whole
///          └──────── until then the schema serves nobody; killed anywhere, the next run goes on ────────┘
/// ```
struct DatabaseCopy {
  /// PostgreSQL works for a session on one processor, and filling indexes is most of the work.
  private static let tablesAtOnce = 4

  struct Outcome: Sendable {
    let completed: Instant
    let tables: [CopiedTable]
    /// Whether an earlier run had come to its end already.
    let wasComplete: Bool
  }

  /// The database's file, which nobody else writes meanwhile.
  let file: String
  let address: PostgresAddress
  let migrations: [Migration]
  let numbered: [NumberedColumn]
  /// Told how far it is, a line each.
  let progress: @Sendable (String) -> Void

  /// - Throws: `storage.occupied`, `migrate.schema`, `migrate.value`, `migrate.differs`, and other storage errors.
  func run(now: Instant) async throws -> Outcome {
    let source = try SQLiteFile(path: file, migrations: migrations)
    defer { try? source.close() }
    let mark = CopySource(digest: try Digest.file(file), place: file)
    var limits = PostgresDatabase.Limits()
    limits.sessions = Self.tablesAtOnce
    (limits.statement, limits.answer) = (600_000, 605_000)
    let target = try await PostgresDatabase(address, migrations: migrations, limits: limits, copying: (mark, now))
    do {
      let outcome = try await copy(source, target, now)
      try await target.close()
      return outcome
    } catch {
      try? await target.close()
      throw error
    }
  }

  private func copy(_ source: SQLiteFile, _ target: PostgresDatabase, _ now: Instant) async throws -> Outcome {
    if let (completed, tables) = try await target.completedCopy() {
      return Outcome(completed: completed, tables: tables, wasComplete: true)
    }
    let here = try await source.read { try StoredTable.sqlite(in: $0) }
    let (there, sequences) = try await target.read(in: .state) {
      (try StoredTable.postgres(in: $0), try NumberedColumn.postgres(in: $0))
    }
    let plan = try CopyPlan(source: here, target: there, sequences: sequences, numbered: numbered)
    try await target.silenceTriggers(of: plan.tables.map(\.name))
    _ = try await plan.each(atOnce: Self.tablesAtOnce, afterReferences: true) { try await copy($0, source, target) }
    _ = try await plan.each(atOnce: Self.tablesAtOnce, afterReferences: false) { try await target.analyze([$0.name]) }
    let verified = try await plan.each(atOnce: Self.tablesAtOnce, afterReferences: false) {
      try await verify($0, source, target)
    }.sorted { $0.name < $1.name }
    try await target.completeCopy(verified, numbered: plan.numbered, now: now)
    return Outcome(completed: now, tables: verified, wasComplete: false)
  }

  /// The next page is read while one is written.
  private func copy(_ table: TableCopy, _ source: SQLiteFile, _ target: PostgresDatabase) async throws {
    let total = try await source.read { try table.count(in: $0) }
    var (done, position) = try await target.read(in: .state) {
      (try table.count(in: $0), try table.position(in: $0))
    }
    let clock = ContinuousClock()
    var told = clock.now
    var page = try await source.read { [position] in try table.page(after: position, in: $0) }
    while let end = page.end {
      position = end
      async let next = source.read { try table.page(after: end, in: $0) }
      try await target.write(in: .state) { [rows = page.rows] in try table.insert(rows, in: $0) }
      done += page.rows.count
      if clock.now - told > .seconds(2) {
        told = clock.now
        progress("\(table.name): \(done) of \(total) rows")
      }
      page = try await next
    }
    progress("\(table.name): copied (\(total))")
  }

  /// - Throws: `migrate.differs`.
  private func verify(
    _ table: TableCopy, _ source: SQLiteFile, _ target: PostgresDatabase
  ) async throws -> CopiedTable {
    async let here = source.read { try table.sum(in: $0) }
    async let there = target.read(in: .state) { try table.sum(in: $0) }
    let (original, copied) = try await (here, there)
    guard original == copied else {
      throw MigrationError(
        .differs,
        """
        The table '\(table.name)' is not as in the source: \(original.rows) rows with digest \(original.digest) there, \
        \(copied.rows) rows with digest \(copied.digest) in the copy. Something else wrote to the target. Nothing serves \
        it; empty it and run this again.
        """)
    }
    progress("\(table.name): verified")
    return CopiedTable(name: table.name, rows: original.rows, digest: original.digest)
  }
}
