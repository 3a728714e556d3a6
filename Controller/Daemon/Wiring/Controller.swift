import Access
import Audit
import CheckIn
import Enrollment
import Logging
import Registry
import ServiceLifecycle
import Serving
import Storage
import StorageSQLite
import Vocabulary

/// Every feature, made and connected: the one place that knows them all.
struct Controller: Sendable {
  let database: SQLiteDatabase
  let people: PeopleService
  let devices: DeviceService
  let services: [any Service]

  init(settings: ControllerSettings, authority: CertificateAuthority, logger: Logger) async throws {
    database = try SQLiteDatabase(
      path: settings.state.database, migrations: Self.migrations, readers: settings.databaseReaders)
    let metrics = Metrics()
    let clock: @Sendable () -> Instant = { SystemClock.now }
    people = PeopleService(routes: [], authenticator: Nobody(), metrics: metrics, logger: logger, clock: clock)
    devices = DeviceService(routes: [], directory: NoKeys(), metrics: metrics, logger: logger, clock: clock)
    services = []
  }

  static let migrations: [Migration] = Idempotency.migrations

  func makeFirstAdministrator(now: Instant) async throws -> String { "" }
  func revokeEnrollmentTokens(now: Instant) async throws -> Int { 0 }
  func close() async throws { try database.close() }
}
struct Nobody: Authenticator { func caller(bearer: String, now: Instant) async throws -> Caller? { nil } }
struct NoKeys: KeyDirectory { func key(_ digest: Digest) -> KnownKey? { nil } }
