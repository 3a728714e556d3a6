internal import GRDB
internal import Synchronization

/// Moves what the log holds into the database file, beside the commits.
///
/// SQLite itself does it within the commit that fills a thousand pages of the log: every hundredth look-up of a help desk, which
/// journals who was seen, then waited some 10 ms longer. Here a connection of its own does it once a second where there is
/// something to move, without holding anybody up; only where the log has grown to 64 MiB all the same does a commit do it.
///
/// Source: https://www.sqlite.org/wal.html#ckpt (SQLITE_CHECKPOINT_PASSIVE)
final class LogMover: Sendable {
  private let connection: DatabaseQueue
  private let interval: Duration
  private let hasMore = Atomic(false)
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// - Throws: what GRDB throws where the file cannot be opened.
  init(path: String, every interval: Duration = .seconds(1)) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(1)
    configuration.label = "rollcall-log"
    connection = try DatabaseQueue(path: path, configuration: configuration)
    self.interval = interval
  }

  /// Something was committed.
  func committed() { hasMore.store(true, ordering: .relaxed) }

  func start() {
    let task = Task { [weak self, interval] in
      while (try? await Task.sleep(for: interval)) != nil {
        guard let self else { return }
        // What fails here, as on a full disk, fails for the commits too, and they tell it.
        if hasMore.exchange(false, ordering: .relaxed) { _ = try? await move() }
      }
    }
    self.task.withLock { $0 = task }
  }

  /// Moves all that no reader still needs the former pages of.
  ///
  /// - Returns: pages of the log, and those of them that are in the file now.
  func move() async throws -> (log: Int, moved: Int) {
    try await connection.writeWithoutTransaction { connection in
      let row = try Row.fetchOne(connection, sql: "PRAGMA wal_checkpoint(PASSIVE)")
      return (row?["log"] ?? 0, row?["checkpointed"] ?? 0)
    }
  }

  /// Before the pool closes: the last connection to close is its writer, which leaves no log behind.
  func stop() throws {
    task.withLock { $0?.cancel() }
    try connection.close()
  }
}
