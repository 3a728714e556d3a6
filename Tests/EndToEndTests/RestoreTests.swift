import Foundation
import Testing

/// A backup that was taken under load, restored.
@Suite struct RestoreTests {
  @Test("A backup taken under load restores; its tokens are dead, and a key it does not know waits as pending")
  func restore() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let fleetOptions = ["--devices", "20", "--seed", "3"]
    let serials = try succeed(Programs.path("rollcall-swarm"), ["serials"] + fleetOptions)
    let token = try controller.prepareBatch(
      serials: serials.split(separator: "\n").dropFirst().map(String.init) + ["LATE-0001", "LATE-0002"], uses: 30)
    let fleet = folder.file("fleet.tsv")
    let target = [
      "--target", "127.0.0.1:\(controller.devices)", "--root", controller.root, "--quiet", "--fleet", fleet,
    ]
    try succeed(
      Programs.path("rollcall-swarm"),
      ["enrol", "--token-file", try folder.write(token, to: "token")] + target + fleetOptions)

    let load = Process()
    load.executableURL = URL(fileURLWithPath: Programs.path("rollcall-swarm"))
    load.arguments = ["steady", "--keep-alive", "--count", "4000", "--changed", "0.5"] + target
    (load.standardOutput, load.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try load.run()
    try succeed(Programs.path("rollcalld"), ["backup", folder.file("backup"), "--state", controller.state])
    let late = try ESTClient(controller, folder, serial: "LATE-0001")
    try late.enroll(token: token)
    load.waitUntilExit()
    #expect(load.terminationStatus == 0)
    controller.kill()

    let state = folder.file("restored")
    try succeed(Programs.path("rollcalld"), ["restore", folder.file("backup"), "--state", state])
    let restored = try RunningController(state: state)
    let client = try ESTClient(restored, folder, serial: "LATE-0002")
    let refused = try client.post("simpleenroll", try client.request(), credentials: ["-u", "x:\(token)"])
    #expect(refused.status == 401 && refused.body.contains("enroll.token-revoked"), "\(refused)")
    // LATE-0001 enrolled after the backup: its key is good, and nobody here knows it.
    let known = ESTClient(restored, late)
    let waits = try known.checkIn(sequence: 1)
    #expect(waits.status == 200 && waits.body.contains("pending"), "\(waits)")
    let list = try restored.api("GET", "/api/v1/devices?serial=LATE-0001")
    let device = try #require((list.body["items"] as? [[String: Any]])?.first)
    let id = try #require(device["id"] as? String)
    let approved = try restored.api("POST", "/api/v1/districts/cedar-falls/devices/\(id)/approve", json: "{}")
    #expect(approved.status == 200, "\(approved)")
    let active = try known.checkIn(sequence: 1)
    #expect(active.status == 200 && active.body.contains("active"), "\(active)")
  }
}

extension ESTClient {
  /// The same device before another controller.
  init(_ controller: RunningController, _ other: ESTClient) {
    self.init(controller: controller, folder: other.folder, serial: other.serial)
  }

  private init(controller: RunningController, folder: TemporaryFolder, serial: String) {
    self.controller = controller
    self.folder = folder
    self.serial = serial
  }
}
