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
      A device that never checked in says everything first. What the controller acknowledged is written back into the \
      fleet file, so that the next run goes on.
      """)

  @OptionGroup var options: RunOptions

  @Option(help: "The fleet file that 'enrol' or 'mint' wrote.")
  var fleet: String

  @Option(help: "Use only so many of its devices.")
  var devices: Int?

  @Flag(help: "Keep connections; without it each check-in makes a full handshake.")
  var keepAlive = false

  @Option(help: "Check-ins over one connection before another device takes its turn.")
  var perConnection: Int?

  @Option(help: "The share of check-ins whose vitals changed, 0 to 1.")
  var changed: Double = 0

  @Option(help: "The share of check-ins whose software changed, 0 to 1.")
  var software: Double = 0

  @Option(help: "Packages of a device.")
  var packages = 1500

  @Option(help: "Packages in which a device differs from its base.")
  var differ = 20

  @Option(help: "How many different bases the fleet has.")
  var bases = 4

  @Option(help: "Hardware models with the columns of school-laptops.tsv; without it a small built-in table.")
  var hardware: String?

  @Flag(help: "Any 2xx acknowledges, and fleet state is not written: for measuring a server that is no controller.")
  var peer = false

  func validate() throws {
    guard (0...1).contains(changed), (0...1).contains(software) else {
      throw ValidationError("--changed and --software are shares from 0 to 1.")
    }
    guard (1...Limits.packages).contains(packages), (0...packages).contains(differ), (1...100_000).contains(bases)
    else {
      throw ValidationError(
        "--packages is from 1 to \(Limits.packages), --differ at most that, --bases from 1 to 100,000.")
    }
    guard options.count != nil || options.duration != nil else { throw ValidationError("Give --count or --duration.") }
    guard (perConnection ?? 1) >= 1 else { throw ValidationError("--per-connection is at least 1.") }
  }

  func run() async throws {
    let target = try options.resolved()
    var file = try FleetFile(path: fleet)
    if let devices { file.devices = Array(file.devices.prefix(devices)) }
    guard !file.devices.isEmpty else { throw SwarmError("The fleet file has no devices.") }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
    let rolls = LoopResults<SteadyRoll>()
    let staff = try staff(file, target, rolls)
    let report = try await Conductor(mode: "steady", options: options, target: target).run(on: group, staff: staff)
    if !peer {
      let all = try FleetFile(path: fleet)
      let moved = try await rolls.each { $0.devices }.joined()
      try all.updated(with: moved).write(to: fleet)
    }
    try report.publish(options)
    try await group.shutdownGracefully()
  }

  private func staff(_ file: FleetFile, _ target: Target, _ rolls: LoopResults<SteadyRoll>) throws -> Conductor.Staff {
    let workers = min(options.threads, options.connections)
    let table = try hardware.map { path in
      guard let text = readText(path) else { throw SwarmError("Cannot read the hardware table \(path).") }
      return try HardwareTable(tsv: text)
    }
    let mixture = Mixture(
      changed: changed, software: software, table: table ?? .builtIn,
      sets: SoftwareSets(packages: packages, differ: differ, bases: bases))
    let head = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: AgentPath.checkIn,
      headers: ["host": options.target, "content-type": "application/json", "content-length": "0"])
    let perConnection = perConnection ?? (keepAlive ? nil : 1)
    let peer = peer
    return { worker, loop in
      let own = file.devices.enumerated().filter { $0.offset % workers == worker }.map(\.element)
      let roll = SteadyRoll(
        target: target, fleet: file, devices: own, head: head, perConnection: perConnection, peer: peer,
        maker: MessageMaker(seed: file.seed, mixture: mixture, worker: worker))
      rolls.add(NIOLoopBound(roll, eventLoop: loop))
      return { SteadyJob(roll: roll) }
    }
  }
}

extension FleetFile {
  /// With the new state of some of its devices.
  func updated(with moved: some Sequence<SimulatedDevice>) -> FleetFile {
    let byIndex = Dictionary(moved.map { ($0.index, $0) }, uniquingKeysWith: { _, last in last })
    var file = self
    file.devices = devices.map { byIndex[$0.index] ?? $0 }
    return file
  }
}
