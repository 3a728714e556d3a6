import ArgumentParser

/// Simulated devices: the load generator of tests and benchmarks.
@main
struct SwarmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollcall-swarm",
    abstract: "Simulated devices that enrol and check in over real TLS.",
    discussion: """
      A fleet follows from a seed: keys, serials, hardware and software are the same each time. It is enrolled once into \
      a fleet file and measured often.

        rollcall-swarm serials --devices 1000 > serials.csv
        rollcall batch create -d cedar-falls --id load --serials serials.csv
        rollcall token create -d cedar-falls --batch load --uses 1000 \\
            --output-file token
        rollcall-swarm enrol --root root.pem --token-file token \\
            --devices 1000 --fleet fleet.tsv
        rollcall-swarm steady --root root.pem --fleet fleet.tsv \\
            --connections 64 --keep-alive --duration 10

      'seed' writes a whole state of such devices without a controller.
      """,
    subcommands: [
      SerialsCommand.self, SeedCommand.self, EnrolCommand.self, MintCommand.self, SteadyCommand.self,
      RestartCommand.self, SoakCommand.self, StoreCommand.self,
    ])
}

/// Which devices.
struct FleetOptions: ParsableArguments {
  @Option(help: "How many devices, 1 to 1,000,000.")
  var devices = 100

  @Option(help: "The number from which identities follow.")
  var seed: UInt64 = 1

  @Option(help: "The number of the first device.")
  var first = 0

  var indices: Range<Int> { first..<first + devices }

  func validate() throws {
    guard (1...1_000_000).contains(devices) else { throw ValidationError("--devices is from 1 to 1,000,000.") }
    guard (0...9_000_000).contains(first) else { throw ValidationError("--first is from 0 to 9,000,000.") }
  }
}

/// Prints a fleet's serials as the CSV that a batch takes.
struct SerialsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serials", abstract: "Print the fleet's serials as CSV, for 'rollcall batch create --serials'.")

  @OptionGroup var fleet: FleetOptions

  func run() {
    print("serial")
    for index in fleet.indices { print(DeviceIdentity(index: index, seed: fleet.seed).serial) }
  }
}
