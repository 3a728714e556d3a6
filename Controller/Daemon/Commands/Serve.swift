import ArgumentParser
import Audit
import Enrollment
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Serving
import Transparency
import UnixSignals

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer devices and operators until told to stop.",
    discussion: """
      SIGTERM and SIGINT stop gracefully: requests under way are answered, check-ins in the queue are stored. SIGHUP
      reads the certificates anew, the issuing one too, without dropping a connection.

      EXAMPLES
        rollcalld serve
        rollcalld serve --database postgres://rollcall@/rollcall --seal-key /etc/rollcall/seal.key
        rollcalld serve --state ./var --people 127.0.0.1:8443 --devices 127.0.0.1:8444 --log-format json
      """)

  @OptionGroup var flags: SettingFlags
  @Flag(
    help:
      "Take another contact key than the one that is lost, or make one: guardians are read again with the next whole rosters."
  ) var replaceContactKey = false

  func run() async throws {
    Allocator.shareHeaps()
    try await CommandFailure.reported {
      var settings = try flags.settings()
      let logger = Logs.logger(settings)
      if settings.sealKey == nil {
        try StateArchive.requireWhole(settings.state, database: settings.database)
      } else {
        // A further controller begins with nothing; what is shared comes from the database.
        try StateArchive.requireReadable(settings.state)
        try StateArchive.makeFolder(settings.state.path)
      }
      let lock = try StateLock(settings.state)
      let manager = ServiceManager()
      let ready = try await DatabasePatience(settings, manager: manager, logger: logger).whileAway { [settings] in
        try await prepared(settings, logger)
      }
      let (controller, authority, shared, signer) = (ready.controller, ready.authority, ready.shared, ready.signer)
      settings = ready.settings
      await controller.recordAuthority(now: SystemClock.now, logger: logger)
      await FirstLink.makeWhereNeeded(controller, settings, logger)
      let sequencer = JournalSequencer(
        database: controller.database, signer: signer, logger: logger, clock: { SystemClock.now })
      let threads = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads ?? System.coreCount)
      try await group(controller, [sequencer], authority, settings, shared, threads, manager, logger).run()
      try await controller.close()
      try await threads.shutdownGracefully()
      logger.notice("stopped")
      _ = consume lock
    }
  }

  /// What serves, once the database was asked for all that the start needs of it.
  private struct Prepared: Sendable {
    let controller: Controller
    let authority: CertificateAuthority
    let shared: SharedKeys?
    let signer: NoteSigner
    /// With the names that the first controller was told.
    let settings: ControllerSettings
  }

  private func prepared(_ given: ControllerSettings, _ logger: Logger) async throws -> Prepared {
    var settings = given
    let database = try await Controller.database(settings)
    do {
      let shared = try SharedKeys(settings, on: database)
      try await shared?.agree()
      if let names = try await shared?.names(or: settings.areNamesSet ? settings.names : nil) { settings.names = names }
      if shared != nil { try StateArchive.requireWhole(settings.state, database: settings.database) }
      let signer = try JournalKey.load(settings)
      let contacts = try await ContactKeyFile.load(settings, on: database, isReplaced: replaceContactKey)
      // What was made just now is every controller's from here on.
      try await shared?.agree()
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      for finding in Examination(settings: settings).keys() where finding.mark == .fault {
        logger.warning("\(finding.words)")
      }
      try StateArchive.makeFolder(settings.state.serverFolder)
      try ServerIdentities.refresh(authority, settings, now: SystemClock.now, logger: logger)
      let controller = try await Controller(
        settings: settings, authority: authority, opened: database, contacts: contacts, logger: logger)
      return Prepared(
        controller: controller, authority: authority, shared: shared, signer: signer, settings: settings)
    } catch {
      try? await database.close()
      throw error
    }
  }

  private func group(
    _ controller: Controller, _ beside: [any Service], _ authority: CertificateAuthority,
    _ settings: ControllerSettings, _ shared: SharedKeys?, _ threads: MultiThreadedEventLoopGroup,
    _ manager: ServiceManager, _ logger: Logger
  ) throws -> ServiceGroup {
    let ports = BoundPorts(manager: manager, logger: logger)
    let people = TLSContextBox(try ServerIdentities.peopleContext(settings))
    let devices = TLSContextBox(
      try ServerIdentities.devicesContext(settings, authority), trust: try ServerIdentities.trust(authority))
    let limits = Listener.Limits(
      connections: settings.connections, idle: settings.idleTimeout, request: settings.requestTimeout)
    let peopleListener = Listener(
      host: settings.people.host, port: settings.people.port, tls: people, limits: limits,
      balancers: settings.peopleProxy, group: threads,
      logger: logger,
      onBound: { ports.bound(people: $0) })
    let devicesListener = Listener(
      host: settings.devices.host, port: settings.devices.port, tls: devices, limits: limits,
      balancers: settings.devicesProxy, group: threads,
      logger: logger, onBound: { ports.bound(devices: $0) })
    // Stopped in the reverse order: the listeners first, so that the queue behind them can drain.
    let reload = CertificateReload(
      controller: controller, settings: settings, shared: shared, people: people, devices: devices, manager: manager,
      logger: logger)
    var services = controller.services + beside + [Allocator.Return()]
    services += [
      // A database that is away is no reason to end: others may bring it back, and devices are told to wait.
      Watchdog(manager: manager, group: threads, database: settings.database == nil ? controller.database : nil),
      reload,
      NamedListener(setting: .people, address: settings.people, base: peopleListener.serve(controller.people)),
      NamedListener(setting: .devices, address: settings.devices, base: devicesListener.serve(controller.devices)),
    ]
    if let shared { services.append(SharedFollower(keys: shared, reload: reload, logger: logger)) }
    var configuration = ServiceGroupConfiguration(
      services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(25)
    return ServiceGroup(configuration: configuration)
  }
}
