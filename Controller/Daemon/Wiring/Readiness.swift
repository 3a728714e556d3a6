import Registry
import Serving
import Storage
import Vocabulary

/// Whether a balancer should send requests here: the database answers, takes changes, is of this version, and the keys in
/// memory are not old.
struct Readiness: Sendable {
  /// Remembers what became of the features' changes.
  let watched: WatchedDatabase
  /// Where it asks, without waiting behind others.
  let database: any Database
  /// nil where no other controller changes keys.
  let follower: KeyFollower?
  let migrations: [Migration]

  /// - Throws: `request.overloaded` with what is wrong, for whoever looks at the balancer; the cause stands in the log.
  func require(now: Instant) async throws {
    let newest: [String: Int]
    do {
      if watched.lastFault != nil {
        _ = try await database.write(in: .state) { transaction in
          try transaction.run(
            "INSERT INTO daemon_probe (id, at) VALUES (1, \(now)) ON CONFLICT (id) DO UPDATE SET at = excluded.at")
        }
        watched.recovered()
      }
      newest = try await database.read(in: .state) { try Self.newest($0) }
    } catch let error as StorageError where error.kind == .full {
      throw Self.notReady("The database's disk is full")
    } catch let error as StorageError where watched.lastFault != nil && error.kind == .unavailable {
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
