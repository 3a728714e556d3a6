import Storage
import Synchronization
import Vocabulary

/// Counts the statements of a database's transactions, and fails one of them as a constraint does.
package final class StatementWatch: Sendable {
  private struct State {
    var texts: [String] = []
    var rows = 0
    var refused: String?
  }

  private let state = Mutex(State())

  package init() {}

  /// The statements until now, one for many rows once, and each savepoint.
  package var texts: [String] { state.withLock { $0.texts } }

  /// Rows that queries gave until now.
  package var rows: Int { state.withLock { $0.rows } }

  /// From now on statements for several rows whose text has `part` break a constraint after they ran; none where it is nil.
  package func refuse(_ part: String?) { state.withLock { $0.refused = part } }

  fileprivate func note(_ text: String) { state.withLock { $0.texts.append(text) } }

  fileprivate func took(_ rows: [Row]) -> [Row] {
    state.withLock { $0.rows += rows.count }
    return rows
  }

  fileprivate func noteRows(_ text: String, count: Int) throws {
    let isRefused = state.withLock { state in
      state.texts.append(text)
      return count > 1 && state.refused.map { text.contains($0) } == true
    }
    if isRefused { throw StorageError(.constraint, "A constraint of the test.") }
  }
}

/// A database whose statements are watched.
package struct WatchedDatabase: Database {
  let base: any Database
  let watch: StatementWatch

  package init(_ base: any Database, _ watch: StatementWatch) { (self.base, self.watch) = (base, watch) }

  package func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    try await base.read(in: scope) { [watch] in try body(Watched(base: $0, watch: watch)) }
  }

  package func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T {
    try await base.write(in: scope) { [watch] in try body(Watched(base: $0, watch: watch)) }
  }

  package func close() async throws { try await base.close() }

  private struct Watched: Transaction {
    let base: any Transaction
    let watch: StatementWatch
    var engine: Engine { base.engine }

    private func note(_ statement: SQL) { watch.note(statement.rendered(for: engine).text) }

    func rows(_ query: SQL) throws -> [Row] {
      note(query)
      return watch.took(try base.rows(query))
    }

    func each(_ query: SQL, _ body: (Row) throws -> Void) throws {
      note(query)
      try base.each(query, body)
    }

    func run(_ statement: SQL) throws -> Int {
      note(statement)
      return try base.run(statement)
    }

    func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws {
      let rows = Array(rows)
      guard !rows.isEmpty else { return }
      try base.run(statement, rows: rows)
      try watch.noteRows(try statement.renderedForRows(for: engine), count: rows.count)
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T {
      watch.note("SAVEPOINT")
      defer { watch.note("RELEASE") }
      return try base.savepoint(body)
    }

    func tryLock(_ work: String) throws -> Bool { try base.tryLock(work) }
  }
}
