package import Vocabulary

/// A transaction, used on the thread that the engine gives it; deliberately not Sendable.
package protocol Transaction {
  var engine: Engine { get }

  func rows(_ query: SQL) throws -> [Row]

  /// A cursor: one row in memory at a time, so that exports of 400,000 rows stay small. Stops where `body` throws.
  func each(_ query: SQL, _ body: (Row) throws -> Void) throws

  /// The number of rows changed, or returned by `RETURNING`.
  @discardableResult func run(_ statement: SQL) throws -> Int

  /// `statement` once for each row of values, bound to the `$1 … $n` in its text. SQLite: a prepared loop; PostgreSQL: `unnest`.
  /// Two rows of an `UPDATE` never name the same row of the table: which of them came last is not certain.
  func run(_ statement: SQL, rows: some Sequence<[SQLValue]>) throws

  /// What `body` did is undone if it throws, and the transaction goes on: one bad check-in does not abort its group.
  func savepoint<T>(_ body: () throws -> T) throws -> T

  /// Whether this writing transaction, of all those of every controller, now does what `work` names; never waits. It is
  /// over with the transaction, or with the life of the one who runs it. SQLite: always, for there is one writer.
  func tryLock(_ work: String) throws -> Bool
}

extension Transaction {
  package func row(_ query: SQL) throws -> Row? { try rows(query).first }
}

/// A database that runs transactions on threads of its own, never on the cooperative pool.
package protocol Database: Sendable {
  /// A consistent view; `body` cannot write.
  func read<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T

  /// Durable when it returns. `body` may run again after a serialization conflict: no side effects.
  func write<T: Sendable>(
    in scope: TenantScope, _ body: @escaping @Sendable (any Transaction) throws -> T
  ) async throws -> T

  /// Ends it, once the transactions that run have ended.
  func close() async throws
}

/// A numbered, append-only step of a feature's schema.
package struct Migration: Sendable {
  /// The owning feature's name, such as `registry`; its tables begin with it.
  package let feature: String
  /// From 1, without gaps.
  package let number: Int
  package let statements: [SQL]

  package init(_ feature: String, _ number: Int, _ statements: [SQL]) {
    self.feature = feature
    self.number = number
    self.statements = statements
  }
}
