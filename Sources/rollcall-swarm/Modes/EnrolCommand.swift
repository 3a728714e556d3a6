import ArgumentParser
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Wire

/// Enrols devices by EST and writes the fleet file.
struct EnrolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "Enrol devices: key, certificate request and certificate each.",
    discussion:
      "The token's printed form comes from --token-file or from ROLLCALL_ENROLMENT_TOKEN, never as an argument.")

  @OptionGroup var options: RunOptions
  @OptionGroup var fleet: FleetOptions

  @Option(help: "A file with the enrolment token's printed form.")
  var tokenFile: String?

  @Option(help: "The EST label: a batch or a district.")
  var label: String?

  @Option(name: .customLong("fleet"), help: "The file that the enrolled devices are written to.")
  var path: String

  func run() async throws {
    let target = try options.resolved()
    let head = try requestHead(secret: try secret())
    let context = try target.context()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
    let workers = min(options.threads, options.connections)
    let rolls = LoopResults<EnrolRoll>()
    let indices = fleet.indices
    let seed = fleet.seed
    let report = try await Conductor(mode: "enrol", options: options, target: target).run(on: group) { worker, loop in
      let share = indices.count / workers
      let lower = indices.lowerBound + worker * share
      let upper = worker == workers - 1 ? indices.upperBound : lower + share
      let roll = EnrolRoll(seed: seed, indices: lower..<upper, context: context, head: head)
      rolls.add(NIOLoopBound(roll, eventLoop: loop))
      return { EnrolJob(roll: roll) }
    }
    var file = FleetFile(seed: seed)
    for (devices, intermediates) in try await rolls.each({ ($0.devices, $0.intermediates) }) {
      file.devices += devices
      if file.intermediates.isEmpty { file.intermediates = intermediates }
    }
    file.devices.sort { $0.index < $1.index }
    try file.write(to: path)
    try report.publish(options)
    try await group.shutdownGracefully()
  }

  private func secret() throws -> String {
    let text: String
    if let tokenFile {
      guard let read = readText(tokenFile) else { throw SwarmError("Cannot read the token file \(tokenFile).") }
      text = read
    } else if let value = getenv("ROLLCALL_ENROLMENT_TOKEN") {
      text = String(cString: value)
    } else {
      throw ValidationError("Give the enrolment token by --token-file or ROLLCALL_ENROLMENT_TOKEN.")
    }
    let parts = String(text.filter { !$0.isWhitespace }).split(separator: ".")
    guard parts.count == 3, parts[0] == "rct1" else {
      throw SwarmError("This is not an enrolment token's printed form.")
    }
    return String(parts[1])
  }

  private func requestHead(secret: String) throws -> HTTPRequestHead {
    let path = "/.well-known/est/" + (label.map { "\($0)/" } ?? "") + "simpleenroll"
    let credentials = String(decoding: Base64.encode(Array("token:\(secret)".utf8)), as: UTF8.self)
    return HTTPRequestHead(
      version: .http1_1, method: .POST, uri: path,
      headers: [
        "host": options.target, "authorization": "Basic \(credentials)", "content-type": "application/pkcs10",
        "content-length": "0",
      ])
  }
}

extension Report {
  /// Prints the report and writes it where the options say.
  func publish(_ options: RunOptions) throws {
    switch options.output {
    case .text: print(text, terminator: "")
    case .json: print(String(decoding: try WireCodec.encode(self), as: UTF8.self))
    }
    if let path = options.json { try writeWhole(try WireCodec.encode(self), to: path) }
  }
}
