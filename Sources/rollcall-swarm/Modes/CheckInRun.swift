import ArgumentParser
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

/// Whose check-ins, and what they tell.
struct CheckInOptions: ParsableArguments {
  @Option(help: "The fleet file that 'seed', 'enrol' or 'mint' wrote.")
  var fleet: String

  @Option(help: "Use only so many of its devices.")
  var devices: Int?

  @Option(help: "The share of check-ins whose vitals changed, 0 to 1.")
  var changed: Double?

  @Option(help: "The share of check-ins whose software changed, 0 to 1.")
  var software: Double?

  @Option(help: "Packages of a device; by default as the fleet was seeded, or 1500.")
  var packages: Int?

  @Option(help: "Packages in which a device differs from its base; by default as seeded, or 20.")
  var differ: Int?

  @Option(help: "How many different bases the fleet has; by default as seeded, or 4.")
  var bases: Int?

  @Option(help: "Hardware models with the columns of school-laptops.tsv; without it a table that is built in.")
  var hardware: String?

  func validate() throws {
    guard (0...1).contains(changed ?? 0), (0...1).contains(software ?? 0) else {
      throw ValidationError("--changed and --software are shares from 0 to 1.")
    }
    let shape = shape(of: nil)
    guard (1...Limits.packages).contains(shape.packages), (0...shape.packages).contains(shape.differ),
      (1...10_000_000).contains(shape.bases)
    else {
      throw ValidationError(
        "--packages is from 1 to \(Limits.packages), --differ at most that, --bases from 1 to 10,000,000.")
    }
    guard (devices ?? 1) >= 1 else { throw ValidationError("--devices is at least 1.") }
  }

  func shape(of seeded: SoftwareShape?) -> SoftwareShape {
    var shape = seeded ?? SoftwareShape()
    shape.packages = packages ?? shape.packages
    shape.differ = differ ?? shape.differ
    shape.bases = bases ?? shape.bases
    return shape
  }

  func mixture(_ seeded: SoftwareShape?) throws -> Mixture {
    Mixture(
      changed: changed ?? 0, software: software ?? 0, table: try HardwareTable.read(hardware),
      sets: SoftwareSets(shape(of: seeded)))
  }
}

extension HardwareTable {
  /// The table in a file, or the one that is built in.
  static func read(_ path: String?) throws -> HardwareTable {
    guard let path else { return try .builtIn() }
    guard let text = readText(path) else { throw SwarmError("Cannot read the hardware table \(path).") }
    return try HardwareTable(tsv: text)
  }
}

/// One run of check-ins, in whatever mode.
final class CheckInRun: Sendable {
  private let mode: String
  private let options: RunOptions
  private let fleet: CheckInOptions
  private let perConnection: Int?
  private let peer: Bool
  private let once: Bool
  private let manners: Manners
  private let used = Mutex(0)

  init(
    mode: String, options: RunOptions, fleet: CheckInOptions, perConnection: Int?, peer: Bool = false,
    once: Bool = false, manners: Manners = Manners()
  ) {
    self.mode = mode
    self.options = options
    self.fleet = fleet
    self.perConnection = perConnection
    self.peer = peer
    self.once = once
    self.manners = manners
  }

  /// How many devices took part.
  func devices() -> Int { used.withLock { $0 } }

  func report() async throws -> Report {
    let target = try options.resolved()
    let devices = try Fleet(path: fleet.fleet, limit: fleet.devices)
    used.withLock { $0 = devices.count }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
    let conductor = Conductor(mode: mode, options: options, target: target, manners: manners)
    let report = try await conductor.run(on: group, staff: try staff(devices, target))
    if !peer { try devices.save(to: fleet.fleet) }
    try await group.shutdownGracefully()
    return report
  }

  private func staff(_ devices: Fleet, _ target: Target) throws -> Conductor.Staff {
    let workers = min(options.threads, options.connections)
    let mixture = try fleet.mixture(devices.shape)
    let head = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: AgentPath.checkIn,
      headers: ["host": options.target, "content-type": "application/json", "content-length": "0"])
    return { [perConnection, peer, once] worker, _ in
      let roll = SteadyRoll(
        target: target, fleet: devices, places: stride(from: worker, to: devices.count, by: workers), head: head,
        perConnection: perConnection, peer: peer, once: once,
        maker: MessageMaker(seed: devices.seed, mixture: mixture, worker: worker))
      return { SteadyJob(roll: roll) }
    }
  }
}

/// The kernel's limit of open files.
enum OpenFiles {
  /// Raises the limit as far as it goes.
  ///
  /// - Returns: how many of `wanted` connections it allows.
  static func allowed(_ wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let allowed = max(1, Int(clamping: limit.rlim_max) - 64)
    if allowed < wanted { say("the limit of open files allows \(allowed) connections at once") }
    return min(wanted, allowed)
  }
}
