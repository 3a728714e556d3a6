import Foundation
import TestSupport
import Testing

/// A state that `rollcall-swarm seed` wrote, under the real controller.
@Suite struct SeedTests {
  @Test(
    "A seeded state is served: its devices check in unchanged and restart all at once, on both engines",
    arguments: ["sqlite", "postgres"])
  func seeded(engine: String) throws {
    let folder = try TemporaryFolder()
    let (state, fleet) = (folder.file("controller"), folder.file("fleet"))
    let kept = engine == "postgres" ? ["--database", try PostgresServer.setting()] : []
    try succeed(Programs.path("rollcalld"), ["init", "--state", state] + kept)
    let seeding = [
      "seed", "--state", state, "--fleet", fleet, "--devices", "200", "--districts", "3", "--bases", "6", "--packages",
      "60", "--quiet", "--report", folder.file("seed.json"),
    ]
    try swarm(seeding)
    #expect(try report(folder, "seed")["known"] as? Int == 0)
    // Given again, nothing is left to do.
    try swarm(seeding)
    #expect(try report(folder, "seed")["known"] as? Int == 200)

    let controller = try RunningController(state: state)
    let busy = try run(Programs.path("rollcall-swarm"), seeding)
    #expect(busy.status != 0 && busy.errors.contains("A rollcalld works on this state"), "\(busy)")
    let to = ["--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--fleet", fleet, "--quiet"]
    try swarm(
      ["steady", "--count", "200", "--changed", "0.2", "--software", "0.1", "--report", folder.file("steady.json")] + to
    )
    try expectClean(try report(folder, "steady"), acknowledged: 200)
    try swarm(
      [
        "restart", "--connections", "100", "--expected-rate", "100", "--controller-pid", "\(controller.processID)",
        "--report", folder.file("restart.json"),
      ] + to)
    let restart = try report(folder, "restart")
    try expectClean(restart, acknowledged: 200)
    #expect((restart["restart"] as? [String: Any])?["missing"] as? Int == 0)
    #expect(try #require(restart["mostOpenConnections"] as? Int) > 16)
    #expect((restart["controller"] as? [String: Any])?["residentBytesAfter"] as? Int ?? 0 > 0)

    let serial = "SW00010000150"
    let found = try controller.api("GET", "/api/v1/devices?serial=\(serial)")
    let device = try #require((found.body["items"] as? [[String: Any]])?.first)
    #expect(device["serial"] as? String == serial && device["assetTag"] as? String == "RC0000150", "\(found)")
    let districts = try controller.api("GET", "/api/v1/districts")
    let ids = try #require(districts.body["items"] as? [[String: Any]]).compactMap { $0["id"] as? String }
    #expect(ids.count == 3)
    let district = try #require(ids.first)
    let batch = try controller.api("GET", "/api/v1/districts/\(district)/batches/season-1")
    let counts = try #require(batch.body["counts"] as? [String: Int])
    #expect(counts["enrolled"] == counts["listed"] && counts["enrolled"] ?? 0 > 0, "\(batch)")
    #expect(controller.stop() == 0)
  }

  /// Nothing was refused, asked for again, or said anew: the controller holds what the device believes it holds.
  private func expectClean(_ report: [String: Any], acknowledged: Int) throws {
    #expect(report["acknowledged"] as? Int == acknowledged, "\(report)")
    #expect((report["failures"] as? [String: Int])?.isEmpty == true, "\(report)")
    #expect(report["statuses"] as? [String: Int] == ["200": acknowledged], "\(report)")
  }

  @Test("A seeded device leaves the rows that one leaves which was listed, enrolled and checked in")
  func rows() throws {
    let folder = try TemporaryFolder()
    let seeded = folder.file("seeded")
    try succeed(Programs.path("rollcalld"), ["init", "--state", seeded])
    try swarm([
      "seed", "--state", seeded, "--fleet", folder.file("map"), "--devices", "1", "--districts", "1", "--bases", "1",
      "--packages", "60", "--quiet",
    ])
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["SW00010000000"], uses: 1)
    let to = ["--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--quiet"]
    let fleet = folder.file("fleet.tsv")
    try swarm(
      ["enrol", "--devices", "1", "--fleet", fleet, "--token-file", try folder.write(token, to: "token")] + to)
    try swarm(["steady", "--fleet", fleet, "--packages", "60", "--count", "1"] + to)
    #expect(controller.stop() == 0)
    var real = try shape(of: controller.state)
    // Whether the index of software has come to it yet; that of a seeded state has.
    real["checkin_software_stale"] = nil
    #expect(try shape(of: seeded) == real)
    #expect(real.count >= 9, "\(real.keys)")
  }

  /// Of each table that tells of devices, the kinds of values that its rows have. What people set is left out.
  private func shape(of state: String) throws -> [String: [String]] {
    func rows(_ query: String) throws -> [String] {
      try succeed("/usr/bin/sqlite3", ["-readonly", state + "/rollcall.sqlite", query]).split(separator: "\n").map(
        String.init)
    }
    let tables = try rows(
      """
      SELECT m.name FROM sqlite_schema AS m WHERE m.type = 'table' AND EXISTS (
        SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'device_id')
      """)
    var found: [String: [String]] = [:]
    for table in tables {
      let columns = try rows("SELECT name FROM pragma_table_info('\(table)')").filter {
        !["school_id", "asset_tag", "asset_tag_folded", "model"].contains($0)
          && !(table == "registry_ledger_event" && ["stage", "custody"].contains($0))
      }
      let kinds = columns.map { "'\($0)=' || typeof(\"\($0)\")" }.joined(separator: " || ' ' || ")
      found[table] = try rows("SELECT \(kinds) FROM \(table)").sorted()
    }
    return found.filter { !$0.value.isEmpty }
  }

  private func swarm(_ words: [String]) throws { try succeed(Programs.path("rollcall-swarm"), words) }

  private func report(_ folder: TemporaryFolder, _ name: String) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: folder.file(name + ".json")))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }
}
