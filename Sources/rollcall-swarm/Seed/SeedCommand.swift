import ArgumentParser
import Glibc
import NIOCore
import Vocabulary
import Wire

/// Writes a state of many devices, certificates included, through the stores of a controller that does not run.
struct SeedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seed", abstract: "Write a whole state of enrolled devices into a controller's database.",
    discussion: """
      The state folder comes from 'rollcalld init', and no controller may run on it. Districts, schools, batches, keys, \
      certificates, ledgers, facts and software follow from the seed; keys are really signed by the state's issuing \
      certificate. The fleet file is what 'steady' and 'restart' go on with. Interrupted, it goes on where it stopped \
      when it is given the same again.

        rollcalld init --state var/state
        rollcall-swarm seed --state var/state --fleet var/fleet \\
            --devices 400000 --districts 140
      """)

  @OptionGroup var fleet: FleetOptions

  @Option(help: "The state folder that 'rollcalld init' made.")
  var state: String

  @Option(help: "A PostgreSQL database, as rollcalld takes it; by default what the folder's rollcalld.yaml says.")
  var database: String?

  @Option(name: .customLong("fleet"), help: "The file that the devices are written to.")
  var path: String

  @Option(help: "How many districts, 1 to 1,000.")
  var districts = 140

  @Option(help: "Packages of a device.")
  var packages = 1500

  @Option(help: "Packages in which a device differs from its base at most.")
  var differ = 20

  @Option(help: "How many different bases the state has.")
  var bases = 300

  @Option(help: "Hardware models with the columns of school-laptops.tsv; without it a table that is built in.")
  var hardware: String?

  @Option(help: "Parts that are made at once, 1 to 64.")
  var threads = 3

  @Option(name: [.customLong("report"), .customLong("json")], help: "Write the report as JSON to this file.")
  var json: String?

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func validate() throws {
    guard (1...1000).contains(districts), districts <= fleet.devices else {
      throw ValidationError("--districts is from 1 to 1,000, and at most --devices.")
    }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64.") }
    guard (1...Limits.packages).contains(packages), (0...packages).contains(differ), (1...100_000).contains(bases)
    else {
      throw ValidationError(
        "--packages is from 1 to \(Limits.packages), --differ at most that, --bases from 1 to 100,000.")
    }
  }

  func run() async throws {
    let start = NIODeadline.now()
    let stores = try await SeedStores(state: state, database: database)
    let shape = SoftwareShape(packages: packages, differ: differ, bases: bases, upTo: true)
    let map = try FleetMap(
      path: path,
      making: FleetMap.Head(
        seed: fleet.seed, first: fleet.first, devices: fleet.devices, districts: districts, sets: shape,
        intermediates: [stores.authority.issuingDER]))
    let plan = StatePlan(devices: fleet.indices, districts: districts, bases: bases, seed: fleet.seed)
    let seeder = Seeder(
      stores: stores, plan: plan, map: map, table: try HardwareTable.read(hardware), workers: threads)
    let known = try await watched(seeder) { try await seeder.run() }
    let seconds = Double((NIODeadline.now() - start).nanoseconds) / 1e9
    // SQLite's log is in the file once it is closed; PostgreSQL must be asked before.
    let isFile = stores.file != nil
    var bytes = isFile ? 0 : try await stores.size()
    try await stores.close()
    if isFile { bytes = try await stores.size() }
    let report = SeedReport(
      devices: fleet.devices, known: known, districts: plan.districts.count, seconds: seconds,
      perSecond: Double(fleet.devices - known) / seconds, cpuSeconds: ProcessSample(pid: getpid())?.cpuSeconds ?? 0,
      databaseBytes: bytes)
    print(report.text, terminator: "")
    if let json { try writeWhole(try WireCodec.encode(report), to: json) }
  }

  /// Runs `body` and tells its progress each second.
  private func watched(_ seeder: Seeder, _ body: @escaping @Sendable () async throws -> Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Int?.self) { group in
      group.addTask { try await body() }
      if !quiet {
        let devices = fleet.devices
        group.addTask {
          let start = NIODeadline.now()
          while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let (count, seconds) = (seeder.count, Double((NIODeadline.now() - start).nanoseconds) / 1e9)
            let rate = Double(count) / seconds
            let left = rate > 0 ? decimals(Double(devices - count) / rate, 0) : "?"
            say("\(decimals(seconds, 0)) s: \(count) of \(devices) devices, \(decimals(rate, 0))/s, \(left) s left")
          }
          return nil
        }
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      return 0
    }
  }
}

/// What a seeding came to.
struct SeedReport: Codable, Sendable {
  var mode = "seed"
  var devices: Int
  /// Those that an earlier run had put in.
  var known: Int
  var districts: Int
  var seconds: Double
  var perSecond: Double
  /// Of this program; PostgreSQL's own time is not in it.
  var cpuSeconds: Double
  var databaseBytes: Int64

  var text: String {
    """
    mode           seed
    devices        \(devices) in \(districts) districts, \(known) of them known before
    time           \(decimals(seconds, 1)) s, \(decimals(perSecond, 0))/s, \(decimals(cpuSeconds, 1)) s CPU
    database       \(databaseBytes) bytes, \(decimals(Double(databaseBytes) / Double(max(1, devices)), 0)) a device

    """
  }
}
