import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix
import Wire

/// Check-ins of an enrolled fleet.
struct SteadyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steady", abstract: "Check in: a full handshake each, or kept alive; unchanged, or a share changed.",
    discussion: """
      A device that never checked in says everything first. What the controller acknowledged is kept in the fleet file, \
      so that the next run goes on.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var fleet: CheckInOptions

  @Flag(help: "Keep connections; without it each check-in makes a full handshake.")
  var keepAlive = false

  @Option(help: "Check-ins over one connection before another device takes its turn.")
  var perConnection: Int?

  @Flag(help: "Any 2xx acknowledges, and fleet state is not written: for measuring a server that is no controller.")
  var peer = false

  func validate() throws {
    guard options.count != nil || options.duration != nil else { throw ValidationError("Give --count or --duration.") }
    guard (perConnection ?? 1) >= 1 else { throw ValidationError("--per-connection is at least 1.") }
  }

  func run() async throws {
    let run = CheckInRun(
      mode: "steady", options: options, fleet: fleet, perConnection: perConnection ?? (keepAlive ? nil : 1), peer: peer)
    try await run.report().publish(options)
  }
}

/// Check-ins for hours, with samples of the controller's memory on the way.
struct SoakCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak", abstract: "Check in for hours at a given rate, and sample the controller's memory.",
    discussion: """
      A tenth of the check-ins tells changed vitals and a hundredth changed software, unless said otherwise. Exits with 1 \
      where anything failed.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var fleet: CheckInOptions

  func validate() throws {
    guard options.rate != nil, options.duration != nil else { throw ValidationError("Give --rate and --duration.") }
  }

  func run() async throws {
    var (options, fleet) = (options, fleet)
    options.sampleEvery = options.sampleEvery ?? 60
    fleet.changed = fleet.changed ?? 0.1
    fleet.software = fleet.software ?? 0.01
    let report = try await CheckInRun(mode: "soak", options: options, fleet: fleet, perConnection: 1).report()
    try report.publish(options)
    if !report.failures.isEmpty { throw ExitCode(1) }
  }
}

/// Every device at once, as after a power cut or on a Monday morning.
struct RestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart", abstract: "Every device checks in once, all at once, and obeys Retry-After.",
    discussion: """
      Each device connects, is taken in or told to wait, and comes back when it was told to, until all are in. As many \
      connections are open at once as --connections and the limit of open files allow. It ends after --duration, a day \
      unless said otherwise. Exits with 1 where a device did not come in.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var fleet: CheckInOptions

  @Option(help: "Handshakes with a check-in each that the controller takes a second, for what admission predicts.")
  var expectedRate: Double?

  func validate() throws {
    guard options.rate == nil, options.count == nil else {
      throw ValidationError("'restart' has no --rate and no --count: everybody comes at once, each once.")
    }
    if let expectedRate, expectedRate <= 0 { throw ValidationError("--expected-rate is above 0.") }
  }

  func run() async throws {
    var options = options
    options.connections = OpenFiles.allowed(options.connections)
    options.duration = options.duration ?? 86_400
    let run = CheckInRun(
      mode: "restart", options: options, fleet: fleet, perConnection: 1, once: true, manners: .stubborn)
    var report = try await run.report()
    report.restart = Report.Return(
      devices: run.devices(), acknowledged: report.acknowledged, refused: report.deferred, seconds: report.seconds,
      expectedRate: expectedRate)
    try report.publish(options)
    if report.restart?.missing != 0 { throw ExitCode(1) }
  }
}
