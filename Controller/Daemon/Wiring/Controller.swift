import Access
import Audit
import CheckIn
import Enrollment
import Foundation
import HelpDesk
import Logging
import Registry
import Reports
import Roster
import ServiceLifecycle
import Serving
import Storage
import StoragePostgres
import StorageSQLite
import Vocabulary
import Web

/// Every feature, made and connected: the one place that knows them all.
struct Controller: Sendable {
  let database: any Database
  /// The same database, for what must not wait behind requests.
  private let aside: any Database
  /// The same database, for files that are read for long.
  private let exports: any Database
  let people: PeopleService
  let devices: DeviceService
  /// What enrolment signs with; replaced on SIGHUP.
  let authority: AuthorityInUse
  /// What runs beside the listeners, and stops after them.
  let services: [any Service]

  static let migrations: [Migration] =
    Idempotency.migrations + Journal.migrations + Access.migrations + DeviceRegistry.migrations
    + EnrollmentDesk.migrations
    + CheckIns.migrations + RosterDesk.migrations + SharedStore.migrations + ReportsDesk.migrations

  /// - Parameters:
  ///   - opened: the settings' database, where it is open already.
  ///   - contacts: what seals guardians; nil for a command that reads and writes none.
  init(
    settings: ControllerSettings, authority: CertificateAuthority, opened: (any Database)? = nil,
    contacts: ContactKey? = nil, logger: Logger
  ) async throws {
    let base =
      if let opened { opened } else { try await Self.database(settings) }
    let database = WatchedDatabase(base)
    // What tells of readiness and of revoked keys never waits behind requests.
    let aside: any Database = (base as? PostgresDatabase)?.companion(sessions: 2) ?? base
    if settings.database != nil { try await SharedStore.requireRoot(authority.rootDigest, in: base) }
    let metrics = Metrics()
    let clock: @Sendable () -> Instant = { SystemClock.now }
    let registry = DeviceRegistry(database: database, facts: StoredFacts(), persons: RosterPersons())
    try await registry.load()
    let inUse = AuthorityInUse(authority)
    let enrollment = EnrollmentDesk(
      database: database, registry: registry, authority: inUse, queue: settings.queue / 2,
      failures: settings.failedEnrollments, metrics: metrics)
    let checkIns = CheckIns(
      database: database, records: registry, unknownKeys: registry,
      policy: CheckInPolicy(interval: settings.checkInInterval), queueLimit: settings.queue, metrics: metrics,
      logger: logger)
    let roster = RosterDesk(database: database, registry: registry, contacts: contacts ?? .random())
    // SQLite is one controller's own: there is nobody to follow.
    let follower = settings.database == nil ? nil : KeyFollower(registry, on: aside, logger: logger)
    // SQLite counts in place.
    let folder = settings.database == nil ? nil : HealthFolder(registry, logger: logger)
    let readiness = Readiness(
      watched: database, database: aside, pool: base as? PostgresDatabase, follower: follower,
      migrations: Self.migrations)
    let directory = AccessDirectory(database: database, policy: settings.sessions, logger: logger)
    let signIn = SignInDesk(
      database: database, directory: directory, passwords: PasswordWork(cost: settings.passwordCost),
      policy: settings.sessions, metrics: metrics)
    let access = AccessRoutes(database: database, tenants: registry, directory: directory, desk: signIn)
    // Features that have pages add their templates and places here.
    let shell = try Shell(
      templates: [
        SearchPages.templates, ViewPages.templates, DevicePages.templates, ReportsDesk.templates,
        EnrollmentPages.templates,
        RosterPages.templates,
      ].reduce(into: [:]) {
        $0.merge($1) { first, _ in first }
      },
      places: SearchPages.places + DevicePages.places + ReportsDesk.places + EnrollmentPages.places + RosterPages.places
        + WebPages.places + ViewPages.places,
      version: Release.version)
    let search = DeskSearch(database: database, registry: registry, people: RosterSearch(roster: roster))
    let views = ViewRoutes(database: database, tenants: registry)
    let administered = PeopleDesk(database: database, tenants: registry, directory: directory)
    let devicePages = DevicePages(
      database: database, registry: registry, shell: shell, machines: DeskMachines(checkIns: checkIns),
      people: DeskRoster(desk: roster), accounts: administered)
    let web = WebPages(
      shell: shell, desk: signIn, people: administered, journal: JournalReader(database: database, tenants: registry))
    // SQLite's readers are its own: a long file takes one of them.
    let exports: any Database = (base as? PostgresDatabase)?.reader(sessions: ReportsDesk.sessions) ?? base
    let reports = ReportsDesk(
      database: database, exports: exports, registry: registry, software: CheckInSoftware(desk: checkIns),
      journal: StudentViewJournal(database: database), shell: shell, logger: logger, clock: clock)

    var peopleRoutes =
      access.peopleRoutes + web.peopleRoutes + JournalRoutes(database: database, tenants: registry).peopleRoutes
    peopleRoutes += registry.peopleRoutes + enrollment.peopleRoutes + checkIns.peopleRoutes + roster.peopleRoutes
    peopleRoutes += SearchRoutes(search: search).peopleRoutes + SearchPages(search: search, shell: shell).peopleRoutes
    peopleRoutes += views.peopleRoutes + ViewPages(views: views, shell: shell, people: administered).peopleRoutes
    peopleRoutes += devicePages.peopleRoutes
    peopleRoutes += reports.peopleRoutes
    peopleRoutes += EnrollmentPages(shell: shell, desk: enrollment).peopleRoutes
    peopleRoutes += RosterPages(shell: shell, desk: roster, people: administered).peopleRoutes
    peopleRoutes += OperationsRoutes(readiness: readiness, metrics: metrics).peopleRoutes
    peopleRoutes.append(Description.route(of: peopleRoutes))

    self.database = base
    (self.aside, self.exports) = (aside, exports)
    self.authority = inUse
    people = PeopleService(
      routes: peopleRoutes, authenticator: directory, metrics: metrics, pages: shell, logger: logger, clock: clock)
    devices = DeviceService(
      routes: enrollment.deviceRoutes + checkIns.deviceRoutes, directory: registry.keys, metrics: metrics,
      logger: logger, clock: clock)
    let retention = RetentionSweep(
      database: database, registry: registry, roster: roster, metrics: metrics, logger: logger, clock: clock)
    let sweeps: [any Service] = [
      IdempotencySweep(database: database, logger: logger, clock: clock), retention,
      UploadSweep(desk: roster, registry: registry, logger: logger, clock: clock),
    ]
    let others: [(any Service)?] = [follower, folder]
    services =
      [checkIns.group, checkIns.indexer, checkIns.filler, reports.counter] + sweeps + others.compactMap(\.self)
  }

  /// Makes the first state administrator; `keep` gets the secret of the token before it counts.
  func makeFirstAdministrator(now: Instant, keep: @escaping @Sendable (String) throws -> Void) async throws {
    try await database.write(in: .state) { try keep(Access.bootstrap(in: $0, now: now)) }
  }

  /// A link by which the first administrator sets a password, where nobody administers with one yet; `keep` gets it
  /// before it counts, and again with another one where the change ran again because of another controller's.
  ///
  /// - Returns: the one that counts; nil where there was none to make, whatever `keep` got.
  func makeFirstLink(
    now: Instant, keep: @escaping @Sendable (OneTimeLink) throws -> Void
  ) async throws -> OneTimeLink? {
    try await database.write(in: .state) { transaction in
      let link = try Access.firstLink(in: transaction, now: now)
      if let link { try keep(link) }
      return link
    }
  }

  /// The journal says with which certificates devices are signed and trusted: files tell it no more than once. Where it
  /// cannot be written, as on a full disk, the log says so, and the next start or reading of the files tries again.
  func recordAuthority(now: Instant, logger: Logger) async {
    let body = AuthorityBody(authority.current)
    let entry = JournalEntry(
      at: now, actor: .controller, action: "authority.change", object: ("authority", "devices"), district: nil,
      body: body)
    do {
      try await database.write(in: .state) { try Journal.recordIfNew(entry, in: $0) }
    } catch {
      logger.error(
        "the journal could not be told of the certificates in use", metadata: ["error": "\(FaultWords.of(error))"])
    }
  }

  private struct AuthorityBody: JournalBody {
    /// SHA-256 of the certificates.
    let issuing: Digest
    let former: [Digest]

    init(_ authority: CertificateAuthority) {
      issuing = Digest.sha256(authority.issuingDER)
      former = authority.former.map { Digest.sha256($0.der) }.sorted()
    }
  }

  /// Whether the database has a state administrator: only then an init came to its end. Nothing is changed by asking.
  static func hasAdministrator(_ settings: ControllerSettings) async throws -> Bool {
    if let address = settings.database {
      return try await PostgresDatabase.look(at: address, having: Access.grants) {
        try Access.hasAdministrator(in: $0)
      } ?? false
    }
    guard FileManager.default.fileExists(atPath: settings.state.database) else { return false }
    return try SQLiteBackup.look(at: settings.state.database, having: Access.grants) {
      try Access.hasAdministrator(in: $0)
    } ?? false
  }

  /// The secret of a new token for a state administrator who lost every other one.
  func makeAdministratorToken(now: Instant) async throws -> String {
    try await database.write(in: .state) { try Access.mintAdministratorToken(in: $0, now: now) }
  }

  /// Kills every enrolment token, as after a restore; how many lived.
  func revokeEnrollmentTokens(now: Instant) async throws -> Int {
    try await database.write(in: .state) { try EnrollmentTokens.revokeAll(at: now, in: $0) }
  }

  /// Ends what people were signed in by, as after a restore.
  func endSignIns(now: Instant) async throws {
    try await database.write(in: .state) { try Access.endSignIns(in: $0, now: now) }
  }

  /// How many API tokens somebody can sign in with.
  func usableAPITokens(now: Instant) async throws -> Int {
    try await database.read(in: .state) { try Access.usableTokens(in: $0, now: now) }
  }

  /// Kills every API token, as after a restore: how many lived, and the secret of a new one.
  func replaceAPITokens(now: Instant) async throws -> (revoked: Int, secret: String) {
    try await database.write(in: .state) { try Access.replaceTokens(in: $0, now: now) }
  }

  func close() async throws {
    for other in [aside, exports] where other is PostgresDatabase { try await other.close() }
    try await database.close()
  }

  /// The engine that the settings name, with the schema of this version.
  static func database(_ settings: ControllerSettings) async throws -> any Database {
    guard let address = settings.database else {
      return try SQLiteDatabase(
        path: settings.state.database, migrations: migrations, readers: settings.databaseReaders)
    }
    var limits = PostgresDatabase.Limits()
    limits.sessions = settings.databaseSessions
    return try await PostgresDatabase(address, migrations: migrations, limits: limits)
  }
}

/// After a restore, the registry takes up the keys that it does not know.
extension DeviceRegistry: UnknownKeyDesk {}
