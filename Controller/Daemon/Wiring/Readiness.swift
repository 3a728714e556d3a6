import Registry
import Serving
import Storage
import StoragePostgres
import Vocabulary

/// Whether a balancer should send requests here: the database answers, takes changes, is of this version, and the keys in
/// memory are not old.
struct Readiness: Sendable {
  /// Remembers what became of the features' changes.
  let watched: WatchedDatabase
  /// Where it asks, without waiting behind others.
  let database: any Database
  /// Where requests ask, if that is a pool of sessions with a server.
  let pool: PostgresDatabase?
  /// nil where no other controller changes keys.
  let follower: KeyFollower?
  let migrations: [Migration]

  /// - Throws: `request.overloaded` with what is wrong, for whoever looks at the balancer; the cause stands in the log.
  func require(now: Instant) async throws {
    let newest: [String: Int]
    do {
      if let fault = watched.lastFault {
        _ = try await database.write(in: .state) { transaction in
          if fault.kind == .full { try Self.requireRoom(in: transaction) }
          return try transaction.run(
            "INSERT INTO daemon_probe (id, at) VALUES (1, \(now)) ON CONFLICT (id) DO UPDATE SET at = excluded.at")
        }
        watched.recovered()
      }
      // Where requests have no session at all, nobody waits for one: it is they who must get one again.
      let asked: any Database = pool.flatMap { $0.isCutOff ? $0 : nil } ?? database
      newest = try await asked.read(in: .state) { try Self.newest($0) }
    } catch let error as StorageError where error.kind == .full {
      throw Self.notReady("The database's disk is full")
    } catch let error as StorageError where watched.lastFault != nil && [.unavailable, .unknown].contains(error.kind) {
      throw Self.notReady("The database takes no changes")
    } catch {
      throw Self.notReady("The database does not answer")
    }
    let known = try MigrationSteps.last(migrations)
    if newest.contains(where: { $0.value > known[$0.key] ?? 0 }) {
      throw Self.notReady("The database is of a newer Rollcall than this controller (storage.newer-schema); update it")
    }
    if let follower, !follower.isFresh { throw Self.notReady("What other controllers did to keys is not known") }
  }

  /// A small change may fit into pages that are there when nothing else does: a MiB that goes with the transaction must fit
  /// on the server's disk.
  ///
  /// - Throws: `storage.full`.
  private static func requireRoom(in transaction: any Transaction) throws {
    guard transaction.engine == .postgres else { return }
    do {
      try transaction.savepoint {
        try transaction.run("CREATE TEMPORARY TABLE daemon_room (filler TEXT NOT NULL) ON COMMIT DROP")
        try transaction.run("INSERT INTO daemon_room SELECT repeat('x', 1000) FROM generate_series(1, 1000)")
      }
    } catch let error as StorageError where error.kind == .failed {
      // Temporary tables are not granted here: the small change has to do.
    }
  }

  private static func newest(_ transaction: any Transaction) throws -> [String: Int] {
    var found: [String: Int] = [:]
    for row in try transaction.rows("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature") {
      found[try row.get("feature")] = try row.get("number", as: Int.self)
    }
    return found
  }

  private static func notReady(_ words: String) -> ServingError {
    ServingError(.overloaded, "\(words). Look at the controller's log.")
  }
}
