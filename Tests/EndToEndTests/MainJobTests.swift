import Foundation
import Testing

/// The main job, by the real programs on this very machine, as an operator and a technician do it.
@Suite struct MainJobTests {
  private static let district = ["--district", "cedar-falls"]

  /// The serial in this machine's firmware, where it has one.
  private func ownSerial() throws -> String? {
    let text = try succeed(Programs.path("rollcall-agent"), ["collect"])
    let facts = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    return (facts["identity"] as? [String: Any])?["serial"] as? String
  }

  /// A district, a batch whose code comes from its file's name, and a file with a token; the token's path.
  private func prepare(_ person: Operator, _ folder: TemporaryFolder) throws -> String {
    let made = try person.object([
      "district", "create", "cedar-falls", "--name", "Cedar Falls (fictional)", "--unknown-serials", "pending",
    ])
    #expect(made["id"] as? String == "cedar-falls")
    let serials = ["EXAMPLE-1"] + (try ownSerial().map { [$0] } ?? [])
    let file = try folder.write("serial\n" + serials.joined(separator: "\n") + "\n", to: "Fall 2026.csv")
    let batch = try person.object(["batch", "create", "--serials", file] + Self.district)
    #expect(batch["id"] as? String == "fall-2026")
    let token = folder.file("token")
    let said = try person.rollcall(
      ["token", "create", "--batch", "fall-2026", "--allow-unidentified", "--output-file", token] + Self.district)
    #expect(said.contains("The token is in \(token).") && !said.contains("rct1."))
    #expect(try FileManager.default.attributesOfItem(atPath: token)[.posixPermissions] as? Int == 0o600)
    return token
  }

  private func enrol(_ controller: RunningController, _ token: String, _ agent: [String]) throws {
    try succeed(Programs.path("rollcall-agent"), ["enroll", "--token-file", token] + agent)
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
  }

  /// The one device with an agent.
  private func device(_ person: Operator) throws -> [String: Any] {
    let devices = try person.list(["device", "list", "--management", "agent"])
    #expect(devices.count == 1)
    return try #require(devices.first)
  }

  @Test("This machine enrols, checks in, and is found by the operator")
  func thisMachine() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let person = try Operator(controller, folder)
    let agent = ["--controller", controller.devicesURL, "--state-dir", folder.file("agent")]
    try enrol(controller, try prepare(person, folder), agent)

    let id = try #require(try device(person)["id"] as? String)
    let shown = try person.object(["device", "show", id])
    let facts = try #require(shown["facts"] as? [String: Any])
    let system = try #require(facts["system"] as? [String: Any])
    let hostname = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(system["hostname"] as? String == hostname)
    let packages = try run("/usr/bin/dpkg-query", ["-W", "-f", "${db:Status-Status}\n"]).output
    let installed = packages.split(separator: "\n").filter { $0 == "installed" }.count
    #expect((shown["softwareCount"] as? Int ?? 0) == installed)

    // The same on a screen.
    let screen = try person.rollcall(["device", "show", id])
    let kernel = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    for word in [id, hostname, "district cedar-falls", "management agent", "kernel \(kernel)", "\(installed) packages"]
    {
      #expect(screen.contains(word), "\(word) in\n\(screen)")
    }
    #expect(screen.contains("active, certificate until "), "\(screen)")
    let csv = try person.rollcall(["device", "list", "--find", hostname, "--output", "csv"])
    #expect(csv.split(separator: "\r\n").count == 2 && csv.contains(id), "\(csv)")
    #expect(try person.list(["device", "history", id]).isEmpty)
    #expect(try person.list(["device", "ledger", id]).contains { $0["kind"] as? String == "enrolled" })

    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    #expect(controller.stop() == 0)
  }

  @Test("An operator imports what people know, quarantines, approves and revokes this machine")
  func decisions() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let person = try Operator(controller, folder)
    let agent = ["--controller", controller.devicesURL, "--state-dir", folder.file("agent")]
    try enrol(controller, try prepare(person, folder), agent)
    let id = try #require(try device(person)["id"] as? String)
    func keyStates() throws -> [String] {
      let keys = try person.object(["device", "show", id])["keys"] as? [[String: Any]]
      return keys?.compactMap { $0["state"] as? String } ?? []
    }

    let inventory = try folder.write("serial,assetTag\nSPARE-1,A-0001\nSPARE-2,A-0002\n", to: "inventory.csv")
    let imported = try person.rollcall(["device", "import", inventory] + Self.district)
    #expect(imported == "Imported 2 devices from \(inventory): 2 new, 0 known before.\n")
    #expect(try person.object(["device", "show", "A-0002"])["serial"] as? String == "SPARE-2")
    let faulty = try folder.write("serial,assetTag\nSPARE-3,A-0003\nDefault string,A-0004\n", to: "faulty.csv")
    let refused = try person.attempt(["device", "import", faulty] + Self.district)
    #expect(refused.status == 6 && refused.errors.contains("faulty.csv:3: serial:"), "\(refused)")
    #expect(try person.attempt(["device", "show", "SPARE-3"]).status == 3)

    try person.rollcall(["device", "quarantine", id, "--reason", "two machines say so"])
    #expect(try keyStates() == ["quarantined"])
    #expect(try person.rollcall(["device", "approve", id]) == "Approved \(id).\n")
    #expect(try keyStates() == ["active"])
    try succeed(Programs.path("rollcall-agent"), ["once"] + agent)
    #expect(try person.rollcall(["device", "revoke", id, "--reason", "sold"]) == "Revoked \(id).\n")
    #expect(try keyStates() == ["revoked"])
    #expect(try run(Programs.path("rollcall-agent"), ["once"] + agent).status != 0)
    let batch = try person.object(["batch", "show", "fall-2026"] + Self.district)
    let counts = try #require(batch["counts"] as? [String: Any])
    #expect((counts["enrolled"] as? Int ?? 0) + (counts["unexpected"] as? Int ?? 0) == 1, "\(batch)")
  }

  @Test("The agent starts no other program, neither to collect nor to check in")
  func spawnsNothing() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let person = try Operator(controller, folder)
    let agent = ["--controller", controller.devicesURL, "--state-dir", folder.file("agent")]
    try enrol(controller, try prepare(person, folder), agent)
    for arguments in [["collect"], ["once"] + agent] {
      let trace = folder.file("trace")
      try succeed(
        "/usr/bin/strace",
        ["-f", "-e", "trace=execve,execveat", "-o", trace, Programs.path("rollcall-agent")] + arguments)
      let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
      let started = lines.filter { $0.contains("execve(") || $0.contains("execveat(") }
      #expect(started.count == 1 && started.first?.contains("rollcall-agent") == true, "\(started)")
    }
  }
}
