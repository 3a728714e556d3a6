import ArgumentParser
import NIOCore
import NIOSSL

/// How a report is printed.
enum ReportForm: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json }

/// What every run needs to know.
struct RunOptions: ParsableArguments {
  @Option(help: "The controller's devices listener, HOST:PORT.")
  var target = "127.0.0.1:8444"

  @Option(help: "The root certificate that is pinned, PEM.")
  var root: String

  @Option(help: "The name that the server's certificate must bear; without it the chain alone is checked.")
  var serverName: String?

  @Option(help: "Connections at a time, 1 to 20,000.")
  var connections = 16

  @Option(help: "Event loops, 1 to 64.")
  var threads = 1

  @Option(help: "Operations after which the run ends.")
  var count: Int?

  @Option(help: "Seconds after which the run ends, 1 to 86,400.")
  var duration: Double?

  @Option(help: "Operations a second; without it each begins when the one before has ended.")
  var rate: Double?

  @Option(help: "Seconds at the beginning that are not measured.")
  var warmup: Double = 0

  @Option(help: "The controller's process id: its CPU and memory are reported.")
  var controllerPid: Int32?

  @Option(
    name: [.customLong("report"), .customLong("json")], help: "Write the report as JSON to this file.")
  var json: String?

  @Option(help: "What is printed at the end: text or json.")
  var output = ReportForm.text

  @Option(help: "Seconds between two samples of progress and memory in the report.")
  var sampleEvery: Double?

  @Flag(help: "Allow a target that is not on the loopback interface.")
  var allowRemote = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func validate() throws {
    guard (1...20_000).contains(connections) else { throw ValidationError("--connections is from 1 to 20,000.") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64.") }
    guard (count ?? 1) >= 1, (count ?? 1) <= 100_000_000 else {
      throw ValidationError("--count is from 1 to 100,000,000.")
    }
    if let duration, !(0.1...86_400).contains(duration) { throw ValidationError("--duration is from 0.1 to 86,400 s.") }
    if let rate, !(0.01...1_000_000).contains(rate) { throw ValidationError("--rate is from 0.01 to 1,000,000.") }
    if let sampleEvery, !(0.1...86_400).contains(sampleEvery) {
      throw ValidationError("--sample-every is from 0.1 to 86,400 s.")
    }
    guard (0...3600).contains(warmup) else { throw ValidationError("--warmup is from 0 to 3,600 s.") }
    let (host, _) = try address()
    guard allowRemote || Self.isLoopback(host) else {
      throw ValidationError(
        "\(host) is not on the loopback interface; say --allow-remote if that machine is yours to load.")
    }
  }

  func address() throws -> (host: String, port: Int) {
    guard let colon = target.lastIndex(of: ":"), let port = Int(target[target.index(after: colon)...]),
      (1...65_535).contains(port)
    else { throw ValidationError("--target is HOST:PORT, such as 127.0.0.1:8444.") }
    return (String(target[..<colon]), port)
  }

  func resolved() throws -> Target {
    let (host, port) = try address()
    guard let certificate = try NIOSSLCertificate.fromPEMFile(root).first else {
      throw SwarmError("There is no certificate in \(root).")
    }
    return Target(
      address: try SocketAddress.makeAddressResolvingHost(host, port: port), serverName: serverName, root: certificate)
  }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
  }
}
