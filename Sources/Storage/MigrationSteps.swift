/// The rules of migrations that every engine keeps.
package enum MigrationSteps {
  /// The last step of each feature.
  ///
  /// - Throws: `storage.failed` where a feature's steps are not numbered 1, 2, 3 …
  package static func last(_ migrations: [Migration]) throws -> [String: Int] {
    var last: [String: Int] = [:]
    for migration in migrations {
      let expected = (last[migration.feature] ?? 0) + 1
      guard migration.number == expected else {
        throw StorageError(
          .failed, "Step \(migration.number) of '\(migration.feature)' stands where \(expected) is expected.")
      }
      last[migration.feature] = expected
    }
    return last
  }

  /// - Parameters:
  ///   - applied: the last step of each feature in the database.
  ///   - known: of each feature of this program.
  /// - Throws: `storage.newer-schema`.
  package static func refuseNewer(_ applied: [String: Int], known: [String: Int]) throws {
    for (feature, number) in applied.sorted(by: { $0.key < $1.key }) where number > known[feature] ?? 0 {
      throw StorageError(
        .newerSchema,
        """
        The database has step \(number) of '\(feature)', which this version does not know: it was written by a newer \
        Rollcall. Install that version, or restore a backup made by this one.
        """)
    }
  }
}
