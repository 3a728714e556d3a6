package import Serving
package import Storage
import Synchronization
import Vocabulary

/// Districts, schools, devices, their keys, and the custody ledger: what and where each device is.
///
/// Other features change it only through the functions that take their transaction (`in:`). Those that touch keys
/// return ``KeyChanges``, which the caller gives to ``apply(_:)`` once its transaction has committed:
///
/// ```
/// let changes = try await database.write(in: scope) { try registry.enroll(…, in: $0).changes }
/// registry.apply(changes)
/// ```
package final class DeviceRegistry: Sendable {
  /// Every key in memory.
  package let keys = KeyRegistry()
  let database: any Database
  let facts: any FactSource
  let persons: any CustodyPersons
  /// From where ``follow()`` looks on; nil where there is nothing to follow.
  let horizon = Mutex<KeyHorizon?>(nil)
  /// What networks are called.
  let networks = Mutex(NetworkLabels())
  /// Whether a file of devices is being read.
  let isImporting = Mutex(false)

  package static var migrations: [Migration] { RegistrySchema.migrations }

  /// - Parameter persons: who may have a device; without a roster, schools and districts alone.
  package init(
    database: any Database, facts: any FactSource = NoFacts(), persons: any CustodyPersons = NoRoster()
  ) {
    self.database = database
    self.facts = facts
    self.persons = persons
  }

  /// Reads every key into memory. Run it before anything is served.
  package func load() async throws {
    // First, so that what happens while the keys are read is read again.
    let now = try await database.read(in: .state) { try KeyStore.horizon($0) }
    try await keys.load(from: database)
    horizon.withLock { $0 = now }
    try await loadNetworks(evenOlder: true)
  }

  /// Makes committed changes of keys count at the next request.
  package func apply(_ changes: KeyChanges) { keys.apply(changes) }

  package var peopleRoutes: [PeopleRoute] {
    DistrictRoutes(registry: self).routes + DeviceRoutes(registry: self).routes + KeyRoutes(registry: self).routes
      + ImportRoutes(registry: self).routes + RetentionRoutes(registry: self).routes
      + HealthRoutes(registry: self).routes + CustodyRoutes(registry: self).routes
      + ManyMovesRoutes(registry: self).routes + CalendarRoutes(registry: self).routes
      + NetworkRoutes(registry: self).routes
  }
}
