import Foundation
import ProcessSupport
import Synchronization
import Testing

/// The real controller as a process on ports of its own, stopped by its process id.
final class RunningController {
  let state: String
  private(set) var people = 0
  private(set) var devices = 0
  private var process: Process?
  private var log: FileHandle?
  private let logged = Logged()

  private final class Logged: Sendable { let text = Mutex("") }

  /// Makes a state folder and starts a controller on it.
  ///
  /// - Parameter kept: settings that `init` keeps in the folder.
  init(
    in folder: TemporaryFolder, names: String = "localhost,127.0.0.1", kept: [String] = [], settings: [String] = []
  ) throws {
    state = folder.file("controller")
    try succeed(Programs.path("rollcalld"), ["init", "--state", state, "--names", names] + kept)
    try start(["--names", names] + settings)
  }

  /// Starts a controller on a state folder that is there.
  init(state: String, settings: [String] = []) throws {
    self.state = state
    try start(settings)
  }

  deinit { kill() }

  /// What it has logged since it was ready.
  var said: String { logged.text.withLock { $0 } }
  var processID: Int32 { process?.processIdentifier ?? 0 }
  var root: String { state + "/ca/root.pem" }
  var adminToken: String {
    get throws {
      let data = try #require(FileManager.default.contents(atPath: state + "/admin.token"))
      return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
  var peopleURL: String { "https://localhost:\(people)" }
  var devicesURL: String { "https://localhost:\(devices)" }

  func start(_ settings: [String] = []) throws {
    let started = Process()
    started.executableURL = URL(fileURLWithPath: Programs.path("rollcalld"))
    started.arguments =
      ["serve", "--state", state, "--people", "127.0.0.1:0", "--devices", "127.0.0.1:0", "--log-format", "json"]
      + settings
    let pipe = Pipe()
    started.standardError = pipe
    started.standardOutput = FileHandle.nullDevice
    started.standardInput = FileHandle.nullDevice
    try started.start()
    process = started
    log = pipe.fileHandleForReading
    try waitUntilReady()
  }

  /// Reads the log until the controller says on which ports it listens; the end of the log is the controller's end.
  private func waitUntilReady() throws {
    var seen = Data()
    while let log {
      let part = log.availableData
      if part.isEmpty { break }
      seen += part
      for line in seen.split(separator: UInt8(ascii: "\n")) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: String],
          object["message"] == "ready"
        else { continue }
        people = try #require(Int(object["people"] ?? ""))
        devices = try #require(Int(object["devices"] ?? ""))
        // Somebody has to read on, or the controller would stand still once the pipe is full.
        log.readabilityHandler = { [logged] in
          let part = $0.availableData
          if part.isEmpty { $0.readabilityHandler = nil }
          logged.text.withLock { $0 += String(decoding: part, as: UTF8.self) }
        }
        return
      }
    }
    Issue.record("The controller ended before it was ready: \(String(decoding: seen, as: UTF8.self))")
    throw CancellationError()
  }

  /// SIGTERM, and the end awaited.
  func stop() -> Int32 {
    guard let process else { return -1 }
    process.terminate()
    process.waitUntilExit()
    self.process = nil
    return process.terminationStatus
  }

  /// SIGKILL, as a power cut would.
  func kill() {
    guard let process else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  func signal(_ number: Int32) { Foundation.kill(processID, number) }

  /// A request of the API by curl.
  func api(
    _ method: String, _ path: String, json: String? = nil, csv: String? = nil, token: String? = nil,
    headers: [String] = []
  ) throws -> (status: Int, body: [String: Any]) {
    var arguments = ["-sS", "--cacert", root, "-X", method, "-w", "\n%{http_code}", peopleURL + path]
    arguments += ["-H", "Authorization: Bearer \(try token ?? adminToken)"]
    for header in headers { arguments += ["-H", header] }
    if let json { arguments += ["-H", "Content-Type: application/json", "--data-binary", json] }
    if let csv { arguments += ["-H", "Content-Type: text/csv", "--data-binary", csv] }
    let output = try succeed("/usr/bin/curl", arguments)
    let newline = try #require(output.lastIndex(of: "\n"))
    let status = try #require(Int(output[output.index(after: newline)...]))
    let body = try? JSONSerialization.jsonObject(with: Data(output[..<newline].utf8)) as? [String: Any]
    return (status, body ?? [:])
  }

  /// An example district, a batch with `serials`, and an enrolment token's printed form.
  func prepareBatch(
    _ id: String = "fall", serials: [String], uses: Int = 1, allowUnidentified: Bool = false
  ) throws -> String {
    let district = try api(
      "POST", "/api/v1/districts",
      json: #"{"id": "cedar-falls", "name": "Cedar Falls (fictional)", "unknownSerials": "pending"}"#)
    #expect([201, 200, 409].contains(district.status), "\(district)")
    let list = serials.map { "\"\($0)\"" }.joined(separator: ",")
    let batch = try api(
      "POST", "/api/v1/districts/cedar-falls/batches",
      json: #"{"id": "\#(id)", "name": "\#(id)", "serials": [\#(list)]}"#)
    #expect([200, 201].contains(batch.status), "\(batch)")
    let token = try api(
      "POST", "/api/v1/districts/cedar-falls/batches/\(id)/tokens",
      json: #"{"expiresInHours": 24, "uses": \#(uses), "allowUnidentified": \#(allowUnidentified)}"#)
    return try #require(token.body["token"] as? String, "\(token)")
  }
}
