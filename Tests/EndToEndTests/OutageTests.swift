import Foundation
import TestSupport
import Testing

/// A PostgreSQL that goes away, takes no changes, or is of another version, under a controller that serves.
@Suite struct OutageTests {
  @Test(
    "While the database is away, read-only or newer, the controller is not ready, stores nothing, and recovers by itself"
  )
  func outages() throws {
    let folder = try TemporaryFolder()
    let server = try PostgresServer()
    try server.makeSchema("fleet")
    let controller = try RunningController(in: folder, kept: ["--database", server.text(schema: "fleet")])
    let client = try ESTClient(controller, folder, serial: "PG-0001")
    try client.enroll(token: try controller.prepareBatch(serials: ["PG-0001"], uses: 1))
    #expect(try client.checkIn(sequence: 1).status == 200)
    #expect(try ready(controller) == 200)

    try server.crash()
    try until { try ready(controller) == 503 }
    let away = try client.checkIn(sequence: 2)
    #expect(away.status == 503 && away.body.contains("checkin.unavailable"), "\(away)")
    #expect(!away.body.contains(server.folder), "a device is told where the database is: \(away)")
    try server.start()
    try until { try ready(controller) == 200 }
    #expect(try client.checkIn(sequence: 2).status == 200)

    try server.run(sql: "ALTER SYSTEM SET default_transaction_read_only = on")
    try server.run(sql: "SELECT pg_reload_conf()")
    try until { try client.checkIn(sequence: 3).status == 503 }
    try until { try ready(controller) == 503 }
    let refused = try controller.api("POST", "/api/v1/districts", json: #"{"id": "elm", "name": "Elm (fictional)"}"#)
    #expect(refused.status == 503, "\(refused)")
    try server.run(sql: "ALTER SYSTEM RESET default_transaction_read_only")
    try server.run(sql: "SELECT pg_reload_conf()")
    try until { try ready(controller) == 200 }
    try until { try client.checkIn(sequence: 3).status == 200 }

    try server.run(sql: "INSERT INTO fleet.storage_migration (feature, number) VALUES ('registry', 99)")
    try until { try ready(controller) == 503 }
    let newer = try run(Programs.path("rollcalld"), ["serve", "--state", controller.state, "--people", "127.0.0.1:0"])
    #expect(newer.status != 0, "two on one folder")
    #expect(controller.stop() == 0)
    let older = try run(Programs.path("rollcalld"), ["serve", "--state", controller.state, "--people", "127.0.0.1:0"])
    #expect(older.status != 0 && older.errors.contains("storage.newer-schema"), "\(older)")
  }

  @Test("A server that stops answering is given up in seconds: readiness tells, and devices are told to wait")
  func hung() throws {
    let folder = try TemporaryFolder()
    let server = try PostgresServer()
    try server.makeSchema("fleet")
    let controller = try RunningController(in: folder, kept: ["--database", server.text(schema: "fleet")])
    #expect(try ready(controller) == 200)
    try server.freeze(true)
    try until { try ready(controller) == 503 }
    try server.freeze(false)
    try until { try ready(controller) == 200 }
    #expect(controller.stop() == 0)
  }

  private func ready(_ controller: RunningController) throws -> Int {
    let asked = try run(
      "/usr/bin/curl",
      ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", controller.root, controller.peopleURL + "/readyz"])
    return Int(asked.output) ?? 0
  }

  private func until(_ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < end { if try condition() { return } }
    Issue.record("it never came to it")
  }
}
