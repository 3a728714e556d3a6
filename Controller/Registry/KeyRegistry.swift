package import Serving
import Storage
import Synchronization
package import Vocabulary

/// Every device's key in memory, asked at each request: what decides whether a key is revoked.
///
/// Filled at start, then changed after each commit that touches a key.
package final class KeyRegistry: KeyDirectory, Sendable {
  private let table = Mutex(KeyTable())
  /// What was applied while the table is read anew; nil where it is not.
  private let meanwhile = Mutex<[DeviceKey]?>(nil)

  package init() {}

  package var count: Int { table.withLock { $0.count } }

  package func key(_ digest: Digest) -> KnownKey? { table.withLock { $0.key(digest) } }

  /// Takes over what a committed transaction changed; in whatever order they arrive, the newest stays.
  package func apply(_ changes: KeyChanges) {
    guard !changes.isEmpty else { return }
    meanwhile.withLock { meanwhile in
      meanwhile? += changes.keys
      table.withLock { table in
        for key in changes.keys { table.update(key) }
      }
    }
  }

  /// Whether the registry's table has to learn that `digest` was seen at `now`: first, or first on that day.
  func mustRecordSighting(of digest: Digest, now: Instant) -> Bool {
    guard let entry = table.withLock({ $0.entry(digest) }) else { return true }
    return entry.day != KeyTable.day(now)
  }

  /// Adds every stored key.
  func load(from database: any Database) async throws {
    meanwhile.withLock { $0 = [] }
    defer { meanwhile.withLock { $0 = nil } }
    let loaded = try await database.read(in: .state) { transaction in
      var loaded = KeyTable(capacity: try KeyStore.count(transaction))
      try KeyStore.each(transaction) { loaded.update($0) }
      return loaded
    }
    meanwhile.withLock { meanwhile in
      table.withLock { table in
        table = loaded
        for key in meanwhile ?? [] { table.update(key) }
      }
    }
  }
}
