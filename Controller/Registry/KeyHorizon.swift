import Storage

/// What a look at the keys knew: of which transactions the end was known, on which server.
struct KeyHorizon: Sendable, Equatable {
  /// The transactions, as PostgreSQL writes a `pg_snapshot`.
  let snapshot: String
  /// The number that the next transaction gets.
  let next: UInt64
  /// The server's identifier and its timeline.
  let server: String

  init(snapshot: String, next: UInt64, server: String) {
    (self.snapshot, self.next, self.server) = (snapshot, next, server)
  }

  init(_ row: Row) throws {
    snapshot = try row.get("snapshot")
    next = UInt64(try row.get("next", as: String.self)) ?? 0
    server = try row.get("server")
  }

  /// Whether what happened since is told by numbers of transactions: not where another server was promoted, or an older state
  /// brought back, for there the same numbers are of other transactions.
  func leads(to later: KeyHorizon) -> Bool { server == later.server && next <= later.next }
}
