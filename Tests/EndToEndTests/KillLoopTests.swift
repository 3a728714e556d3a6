import Foundation
import ProcessSupport
import Testing

/// kill -9 under load: what was acknowledged is there afterwards. `make kill-loop` does 200 rounds.
@Suite struct KillLoopTests {
  private static let rounds = Int(ProcessInfo.processInfo.environment["ROLLCALL_KILL_ROUNDS"] ?? "") ?? 10
  private static let devices = 40

  @Test("No acknowledged check-in or enrolment is lost when the controller is killed again and again")
  func killLoop() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    var generator = SplitMix(state: 20_261_121)
    for round in 0..<Self.rounds {
      let fleet = folder.file("fleet-\(round % 2 == 0 ? round : round - 1).tsv")
      if round % 2 == 0 {
        try enrolUnderFire(controller, folder, round: round, fleet: fleet, after: generator.next(5, 60))
      } else {
        try checkInUnderFire(controller, fleet: fleet, after: generator.next(50, 1500))
      }
      try controller.start()
      try expectNothingLost(controller, fleet)
      try? FileManager.default.removeItem(atPath: folder.file("fleet-\(round - 1).tsv"))
    }
    #expect(try run(Programs.path("rollcalld"), ["doctor", "--state", controller.state]).status == 0)
  }

  private func enrolUnderFire(
    _ controller: RunningController, _ folder: TemporaryFolder, round: Int, fleet: String, after: Int
  ) throws {
    let fleetOptions = ["--devices", "\(Self.devices)", "--first", "\(round * Self.devices)", "--seed", "7"]
    let serials = try succeed(Programs.path("rollcall-swarm"), ["serials"] + fleetOptions)
    let token = try controller.prepareBatch(
      "round-\(round)", serials: serials.split(separator: "\n").dropFirst().map(String.init), uses: Self.devices)
    let tokenFile = try folder.write(token, to: "token-\(round)")
    let swarm = try start(
      [
        "enrol", "--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--token-file", tokenFile,
        "--fleet", fleet, "--connections", "8", "--duration", "2", "--quiet",
      ] + fleetOptions)
    try controller.kill(
      afterOperations: after, of: #"listener="devices",operation="POST /.well-known/est/simpleenroll",status="2xx""#)
    // The swarm goes on to its end and writes down which devices were told that they are enrolled.
    swarm.waitUntilExit()
    try controller.start()
    try expectNothingLost(controller, fleet)
    // The others, and those whose answer was lost, enrol with the same keys.
    try succeed(
      Programs.path("rollcall-swarm"),
      [
        "enrol", "--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--token-file", tokenFile,
        "--fleet", fleet, "--connections", "8", "--duration", "20", "--quiet",
      ] + fleetOptions)
    #expect(try String(contentsOfFile: fleet, encoding: .utf8).split(separator: "\n").count == Self.devices + 1)
    controller.kill()
  }

  private func checkInUnderFire(_ controller: RunningController, fleet: String, after: Int) throws {
    let swarm = try start([
      "steady", "--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--fleet", fleet,
      "--connections", "16", "--keep-alive", "--duration", "2", "--changed", "0.2", "--packages", "50", "--differ", "2",
      "--quiet",
    ])
    try controller.kill(
      afterOperations: after, of: #"listener="devices",operation="POST /agent/v1/checkin",status="2xx""#)
    swarm.waitUntilExit()
  }

  private func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Programs.path("rollcall-swarm"))
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.start()
    return process
  }

  /// Each device of the fleet file is registered, and the controller's number is no lower than the acknowledged one.
  private func expectNothingLost(_ controller: RunningController, _ fleet: String) throws {
    let text = try String(contentsOfFile: fleet, encoding: .utf8)
    let sequences = try storedSequences(controller)
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let acknowledged = try #require(Int(fields[1]))
      let leaf = try #require(Data(base64Encoded: String(fields[5])))
      let device = try #require(deviceID(in: leaf))
      let stored = try #require(sequences[device], "device \(device) was enrolled and is not known")
      #expect(stored >= acknowledged, "device \(device): \(acknowledged) acknowledged, \(stored) stored")
    }
  }

  private func deviceID(in leaf: Data) -> String? {
    guard let range = leaf.range(of: Data("urn:rollcall:device:".utf8)) else { return nil }
    return String(decoding: leaf[range.upperBound..<leaf.index(range.upperBound, offsetBy: 20)], as: UTF8.self)
  }

  private func storedSequences(_ controller: RunningController) throws -> [String: Int] {
    let rows = try succeed(
      "/usr/bin/sqlite3",
      [
        "-readonly", controller.state + "/rollcall.sqlite",
        "SELECT k.device_id || ' ' || COALESCE(s.sequence, 0) FROM registry_key k LEFT JOIN checkin_state s ON s.district_id = k.district_id AND s.key = k.digest",
      ])
    var found: [String: Int] = [:]
    for row in rows.split(separator: "\n") {
      let parts = row.split(separator: " ")
      found[String(parts[0])] = Int(parts[1])
    }
    return found
  }
}

extension RunningController {
  /// SIGKILL once the controller has counted so many operations, or cannot be asked any more.
  func kill(afterOperations count: Int, of series: String) throws {
    for _ in 0..<400 {
      let metrics = try run(
        "/usr/bin/curl",
        ["-sS", "--cacert", root, "-H", "Authorization: Bearer \(try adminToken)", peopleURL + "/metrics"]
      ).output
      let line = metrics.split(separator: "\n").first { $0.hasPrefix("rollcall_http_requests_total{\(series)}") }
      if Int(line?.split(separator: " ").last ?? "") ?? 0 >= count { break }
    }
    kill()
  }
}

/// Steele, Lea and Flood's generator: the same numbers each run.
struct SplitMix {
  var state: UInt64

  mutating func next(_ low: Int, _ high: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return low + Int((mixed ^ (mixed >> 31)) % UInt64(high - low))
  }
}
