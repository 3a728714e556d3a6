import Foundation
import TestSupport
import Testing

/// The main job with the database on a PostgreSQL server.
@Suite struct PostgresTests {
  @Test(
    "A device enrols, checks in and is found; killed and started again, the controller knows it; SQLite is not there")
  func mainJob() throws {
    let folder = try TemporaryFolder()
    let address = try PostgresServer.setting()
    let controller = try RunningController(in: folder, kept: ["--database", address])
    let token = try controller.prepareBatch(serials: ["PG-0001"], uses: 1)
    let client = try ESTClient(controller, folder, serial: "PG-0001")
    try client.enroll(token: token)
    let first = try client.checkIn(sequence: 1)
    #expect(first.status == 200 && first.body.contains("active"), "\(first)")
    controller.kill()
    try controller.start()
    #expect(try client.checkIn(sequence: 2).status == 200)
    let found = try controller.api("GET", "/api/v1/devices?serial=PG-0001")
    #expect((found.body["items"] as? [[String: Any]])?.count == 1, "\(found)")
    let doctor = try run(Programs.path("rollcalld"), ["doctor", "--state", controller.state])
    #expect(doctor.status == 0 && doctor.output.contains("ok    database: postgres://"), "\(doctor.output)")
    let again = try run(Programs.path("rollcalld"), ["init", "--state", folder.file("other"), "--database", address])
    #expect(again.status != 0 && again.errors.contains("holds a controller already"), "\(again)")
    try succeed(Programs.path("rollcalld"), ["ca", "rotate", "--state", controller.state])
    let backup = try run(Programs.path("rollcalld"), ["backup", folder.file("backup"), "--state", controller.state])
    #expect(backup.status != 0 && backup.errors.contains("pg_basebackup"), "\(backup)")
    #expect(!FileManager.default.fileExists(atPath: controller.state + "/rollcall.sqlite"))
    #expect(controller.stop() == 0)
  }

  @Test(
    "Of two controllers on one database, each serves the other's devices, and hears of a revocation through the other")
  func twoControllers() throws {
    let folder = try TemporaryFolder()
    let sharing = ["--database", try PostgresServer.setting(), "--seal-key", folder.file("seal.key")]
    let first = try RunningController(in: folder, kept: sharing)
    // The database and the seal key are all that the second is given.
    let second = try RunningController(state: folder.file("second"), settings: sharing)
    let token = try first.prepareBatch(serials: ["PG-0001"], uses: 1)
    let client = try ESTClient(first, folder, serial: "PG-0001")
    try client.enroll(token: token)
    let other = ESTClient(second, client)
    #expect(try client.checkIn(sequence: 1).status == 200)
    try until { try other.checkIn(sequence: 2).body.contains("active") }
    let list = try first.api("GET", "/api/v1/devices?serial=PG-0001")
    let device = try #require((list.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let revoked = try first.api(
      "POST", "/api/v1/districts/cedar-falls/devices/\(device)/revoke", json: #"{"reason": "sold"}"#)
    #expect(revoked.status == 200, "\(revoked)")
    #expect(try client.checkIn(sequence: 3).status == 403)
    var sequence = 3
    try until {
      defer { sequence += 1 }
      return try other.checkIn(sequence: sequence).body.contains("device.key-revoked")
    }
    // A new issuing certificate of the one is the other's too, and devices of the one before stay trusted.
    try succeed(Programs.path("rollcalld"), ["ca", "rotate", "--state", first.state])
    first.signal(SIGHUP)
    func issuer(_ one: RunningController) throws -> String {
      try succeed("/usr/bin/openssl", ["x509", "-in", one.state + "/ca/issuing.pem", "-noout", "-fingerprint"])
    }
    try until { try issuer(second) == issuer(first) }
    let next = try ESTClient(second, folder, serial: "PG-0002")
    try next.enroll(token: try first.prepareBatch("more", serials: ["PG-0002"], uses: 1))
    try until { try ESTClient(first, next).checkIn(sequence: 1).body.contains("active") }
    #expect(
      try run(Programs.path("rollcalld"), ["doctor", "--state", second.state] + sharing).output
        .contains("shared keys: the database opens"))
    // One of them killed, the other goes on alone.
    first.kill()
    #expect(try second.api("GET", "/api/v1/devices?serial=PG-0001", token: first.adminToken).status == 200)
    #expect(second.stop() == 0)
  }

  private func until(_ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end { if try condition() { return } }
    Issue.record("it never came to it")
  }

  @Test(
    "A password among the arguments is refused and not shown, and so is a way to another machine that nothing keeps safe"
  )
  func refused() throws {
    let folder = try TemporaryFolder()
    for (address, words) in [
      ("postgres://rollcall:hunter2@127.0.0.1/rollcall", "everybody on this machine can read"),
      ("postgres://rollcall@db.example.org/rollcall", "sslmode=verify-full"),
    ] {
      let refused = try run(Programs.path("rollcalld"), ["init", "--state", folder.file("x"), "--database", address])
      #expect(refused.status != 0 && refused.errors.contains(words), "\(refused)")
      #expect(!refused.errors.contains("hunter2"))
    }
  }

  @Test("A server that is not there: an error with its code, soon, and nothing is made")
  func unreachable() throws {
    let folder = try TemporaryFolder()
    let refused = try run(
      Programs.path("rollcalld"),
      ["init", "--state", folder.file("x"), "--database", "postgres://rollcall@127.0.0.1:1/rollcall"])
    #expect(refused.status != 0 && refused.errors.contains("[storage.unavailable]"), "\(refused)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("x/ca")))
  }
}
