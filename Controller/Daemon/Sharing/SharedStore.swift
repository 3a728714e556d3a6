import Storage
import Vocabulary

/// What controllers of one database share, sealed: one row each, with a revision that grows with every change.
enum SharedStore {
  static let table = "daemon_shared"
  static let migrations = [
    Migration(
      "daemon", 1,
      [
        """
        CREATE TABLE daemon_shared (
          name TEXT NOT NULL PRIMARY KEY, revision BIGINT NOT NULL CHECK (revision >= 1), sealed BYTEA NOT NULL
        )
        """
      ]),
    // A row that is written where somebody wants to know whether anything can be.
    Migration("daemon", 2, ["CREATE TABLE daemon_probe (id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)"]),
  ]

  struct Stored: Sendable, Equatable {
    let revision: Int64
    let sealed: [UInt8]
  }

  static func get(_ name: String, in transaction: any Transaction) throws -> Stored? {
    try transaction.row("SELECT revision, sealed FROM daemon_shared WHERE name = \(name)").map {
      Stored(revision: try $0.get("revision"), sealed: try $0.get("sealed"))
    }
  }

  /// The database is of one authority: whoever comes first writes down which.
  ///
  /// - Throws: `config.shared` where it is of another one.
  static func requireRoot(_ root: Digest, in database: any Database) async throws {
    let stored = try await database.write(in: .state) { transaction in
      _ = try put("root", Stored(revision: 1, sealed: root.bytes), in: transaction)
      return try get("root", in: transaction)?.sealed
    }
    guard stored == root.bytes else {
      throw ConfigurationError(
        .shared,
        "The database is of controllers with another root certificate than this state folder's. Name another --state, or another database; a further controller takes 'serve' with --seal-key."
      )
    }
  }

  static func revisions(in transaction: any Transaction) throws -> [String: Int64] {
    var found: [String: Int64] = [:]
    for row in try transaction.rows("SELECT name, revision FROM daemon_shared") {
      found[try row.get("name")] = try row.get("revision", as: Int64.self)
    }
    return found
  }

  /// Whether the row was put: it is the first one where the revision is 1, else it replaces the one before it.
  static func put(
    _ name: String, _ next: Stored, after before: Int64? = nil, in transaction: any Transaction
  ) throws -> Bool {
    if next.revision == 1 {
      return try transaction.run(
        "INSERT INTO daemon_shared (name, revision, sealed) VALUES (\(name), 1, \(next.sealed)) ON CONFLICT (name) DO NOTHING"
      ) == 1
    }
    return try transaction.run(
      """
      UPDATE daemon_shared SET revision = \(next.revision), sealed = \(next.sealed)
      WHERE name = \(name) AND revision = \(before ?? next.revision - 1)
      """) == 1
  }
}
