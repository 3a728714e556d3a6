import Foundation
import TestSupport
import Testing

/// `rollcalld migrate-database` as an operator runs it, and what comes after it.
@Suite struct DatabaseMigrationTests {
  private let program = Programs.path("rollcalld")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The tables of a copy as its report tells them, by name.
  private func tables(_ json: String) throws -> [String: String] {
    let report = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any], "\(json)")
    var found: [String: String] = [:]
    for table in try #require(report["tables"] as? [[String: Any]]) {
      found[try #require(table["name"] as? String)] = "\(table["rows"] ?? "") \(table["digest"] ?? "")"
    }
    return found
  }

  private func migrate(_ state: String, _ address: String) throws -> [String: String] {
    try tables(
      try succeed(program, ["migrate-database", "--state", state, "--database", address, "--output", "json"]))
  }

  /// A stopped controller whose devices enrolled and checked in, and a batch of so many expected serials.
  private func filledState(devices: Int, expected: Int) throws -> String {
    let controller = try RunningController(in: folder)
    let options = ["--devices", "\(devices)", "--seed", "7"]
    let serials = try succeed(Programs.path("rollcall-swarm"), ["serials"] + options)
    let token = try controller.prepareBatch(
      serials: serials.split(separator: "\n").dropFirst().map(String.init), uses: devices)
    let tokenFile = try folder.write(token, to: "token")
    let fleet = folder.file("fleet.tsv")
    let common = [
      "--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--fleet", fleet, "--quiet",
    ]
    try succeed(
      Programs.path("rollcall-swarm"),
      ["enrol", "--token-file", tokenFile, "--connections", "4", "--duration", "20"] + common + options)
    try succeed(
      Programs.path("rollcall-swarm"),
      [
        "steady", "--connections", "4", "--keep-alive", "--duration", "1", "--changed", "0.5", "--packages", "50",
        "--differ", "2",
      ] + common)
    #expect(controller.stop() == 0)
    try succeed(
      "/usr/bin/sqlite3",
      [
        controller.state + "/rollcall.sqlite",
        """
        INSERT INTO enrollment_batch VALUES ('cedar-falls', 'many', 'Many', 1);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(expected))
        INSERT INTO enrollment_expected SELECT 'cedar-falls', 'many', 'S' || i, 'S' || i, NULL, NULL, NULL, i % 2 = 0,
          'expected', i FROM n
        """,
      ])
    return controller.state
  }

  @Test("Killed at any statement, run again as often as it takes, the copy is the same; until then nothing serves it")
  func killed() throws {
    let state = try filledState(devices: 12, expected: 12_000)
    let whole = try migrate(state, try PostgresServer.setting())
    for name in ["registry_key", "registry_contact", "registry_ledger_event", "checkin_software", "audit_entry"] {
      #expect(whole[name]?.hasPrefix("0 ") == false, "\(name): \(whole)")
    }
    #expect(whole["enrollment_expected"]?.hasPrefix("12012 ") == true, "\(whole)")
    var unfinished = 0
    // One target for all the kills, and a fresh one for each.
    let worn = try PostgresServer.setting()
    for number in sequence(first: 1, next: { $0 + 31 }).prefix(60) {
      let address = try PostgresServer.setting()
      _ = try killed(state, worn, at: number)
      if try killed(state, address, at: number) {
        #expect(number > 60 && unfinished > 3, "\(number), \(unfinished)")
        #expect(try migrate(state, worn) == whole)
        return
      }
      let doctor = try run(program, ["doctor", "--state", state, "--database", address])
      if doctor.output.contains("not whole") {
        unfinished += 1
        #expect(doctor.status == 2 && doctor.output.contains("FAULT database"), "\(doctor)")
        let served = ["--database", address, "--people", "127.0.0.1:0", "--devices", "127.0.0.1:0"]
        let refused = try run(program, ["serve", "--state", state] + served)
        #expect(refused.status == 1 && refused.errors.contains("[storage.copy-unfinished]"), "\(refused)")
      }
      #expect(try migrate(state, address) == whole, "killed at \(number)")
    }
    Issue.record("it never came to its end")
  }

  /// Runs it until one of its threads sends to the server for the given time; whether it came to its end before.
  private func killed(_ state: String, _ address: String, at number: Int) throws -> Bool {
    try run(
      "/usr/bin/strace",
      [
        "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e", "inject=sendto:signal=SIGKILL:when=\(number)",
        program, "migrate-database", "--state", state, "--database", address,
      ]
    ).status == 0
  }

  @Test(
    "After the move this machine's agent checks in with its old certificate, the operator with the old token; the owner need not be a superuser"
  )
  func servesOn() throws {
    let controller = try RunningController(in: folder)
    let person = try Operator(controller, folder)
    try person.rollcall([
      "district", "create", "cedar-falls", "--name", "Cedar Falls (fictional)", "--unknown-serials", "pending",
    ])
    let serials = try folder.write("serial\nEXAMPLE-1\n", to: "fall.csv")
    try person.rollcall(["batch", "create", "--serials", serials, "--district", "cedar-falls"])
    let token = folder.file("token")
    try person.rollcall([
      "token", "create", "--batch", "fall", "--allow-unidentified", "--output-file", token, "--district", "cedar-falls",
    ])
    // A serial that nobody expects waits; without one the machine is known by its key alone.
    let root = folder.file("machine")
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
    let agent = ["--controller", controller.devicesURL, "--state-dir", folder.file("agent"), "--root", root]
    try succeed(Programs.path("rollcall-agent"), ["enroll", "--token-file", token] + agent)
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    let devices = try person.list(["device", "list", "--management", "agent"])
    let id = try #require(devices.first?["id"] as? String)
    let port = controller.devices
    let peoplePort = controller.people

    // While the controller runs, nothing is copied.
    let address = try PostgresServer.setting()
    let move = ["migrate-database", "--state", controller.state, "--database", address]
    let busy = try run(program, move)
    #expect(busy.status == 1 && busy.errors.contains("[config.state]"), "\(busy)")
    #expect(controller.stop() == 0)
    let said = try succeed(program, move)
    for words in ["registry_key ", "each the same in postgres://", "rollcalld.yaml", "rollcalld doctor --state"] {
      #expect(said.contains(words), "\(said)")
    }
    #expect(!said.contains("rollcall_owner@/postgres?"), "\(said)")
    try folder.write("database: '\(address)'\n", to: "controller/rollcalld.yaml")
    try FileManager.default.moveItem(
      atPath: controller.state + "/rollcall.sqlite", toPath: folder.file("aside.sqlite"))

    let doctor = try run(program, ["doctor", "--state", controller.state])
    #expect(doctor.status == 0 && doctor.output.contains("ok    database: postgres://"), "\(doctor.output)")
    try controller.start(["--people", "127.0.0.1:\(peoplePort)", "--devices", "127.0.0.1:\(port)"])
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    let after = try person.object(["device", "show", id])
    #expect((after["keys"] as? [[String: Any]])?.count == 1, "\(after)")
    #expect(try person.list(["device", "ledger", id]).contains { $0["kind"] as? String == "enrolled" })
    #expect(try person.rollcall(["device", "quarantine", id, "--reason", "test"]).contains(id))
    #expect(try person.list(["journal", "--limit", "1"]).first?["action"] as? String == "device.quarantine")
    #expect(!FileManager.default.fileExists(atPath: controller.state + "/rollcall.sqlite"))
    #expect(controller.stop() == 0)
  }

  @Test("Without a target, with an occupied one, or with a password among the arguments, nothing is copied")
  func refused() throws {
    let state = folder.file("controller")
    try succeed(program, ["init", "--state", state])
    let used = try PostgresServer.setting()
    try succeed(program, ["init", "--state", folder.file("other"), "--database", used])
    for (arguments, code) in [
      ([], "config.bad-value"), (["--database", used], "storage.occupied"),
      (["--database", "postgres://rollcall:hunter2@localhost/rollcall"], "config.bad-value"),
      (["--database", "postgres://rollcall@127.0.0.1:1/rollcall"], "storage.unavailable"),
    ] {
      let refused = try run(program, ["migrate-database", "--state", state] + arguments)
      #expect(refused.status == 1 && refused.errors.contains("[\(code)]"), "\(refused)")
      #expect(!refused.errors.contains("hunter2"))
    }
    let nothing = try run(program, ["migrate-database", "--state", folder.file("none"), "--database", used])
    #expect(nothing.status == 1 && nothing.errors.contains("[config.state]"), "\(nothing)")
    #expect(try run(program, ["doctor", "--state", folder.file("other")]).status == 0)
  }
}
