import Access
import Audit
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
  /// What runs beside the listeners, and stops after them.
  let services: [any Service]

  static let migrations: [Migration] =
    Idempotency.migrations + Journal.migrations + Access.migrations + Registry.migrations + EnrollmentDesk.migrations

  init(settings: ControllerSettings, authority: CertificateAuthority, logger: Logger) async throws {
    let database = try SQLiteDatabase(
      path: settings.state.database, migrations: Self.migrations, readers: settings.databaseReaders)
    let metrics = Metrics()
    let clock: @Sendable () -> Instant = { SystemClock.now }
    let registry = Registry(database: database)
    try await registry.load()
    let enrollment = EnrollmentDesk(database: database, registry: registry, authority: authority)
    let directory = AccessDirectory(database: database, logger: logger)
    let access = AccessRoutes(database: database, tenants: RegistryTenants(registry: registry), directory: directory)

    var peopleRoutes = access.peopleRoutes + JournalRoutes(database: database).peopleRoutes
    peopleRoutes += registry.peopleRoutes
    peopleRoutes += OperationsRoutes(database: database, metrics: metrics).peopleRoutes
    peopleRoutes.append(Description.route(of: peopleRoutes))

    self.database = database
    people = PeopleService(
      routes: peopleRoutes, authenticator: directory, metrics: metrics, logger: logger, clock: clock)
    devices = DeviceService(
      routes: enrollment.deviceRoutes, directory: registry.keys, metrics: metrics, logger: logger, clock: clock)
    services = []
  }

  /// The secret of the first state administrator's token.
  func makeFirstAdministrator(now: Instant) async throws -> String {
    try await database.write(in: .state) { try Access.bootstrap(in: $0, now: now) }
  }

  func revokeEnrollmentTokens(now: Instant) async throws -> Int { 0 }

  func close() async throws { try database.close() }
}

/// Access's port to the registry.
private struct RegistryTenants: TenantDirectory {
  let registry: Registry

  func exists(_ district: DistrictID, school: SchoolID?, in transaction: any Transaction) throws -> Bool {
    try registry.district(district, in: transaction) != nil
  }
}
