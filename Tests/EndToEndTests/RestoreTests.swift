import Foundation
import ProcessSupport
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
    try load.start()
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
    let list = try restored.api("GET", "/api/v1/pending")
    let waiting = try #require(
      (list.body["items"] as? [[String: Any]])?.first { $0["serial"] as? String == "LATE-0001" })
    #expect(waiting["reason"] as? String == "unknown-key")
    let id = try #require(waiting["id"] as? String)
    let approved = try restored.api("POST", "/api/v1/districts/cedar-falls/pending/\(id)/approve", json: "{}")
    #expect(approved.status == 200, "\(approved)")
    let active = try known.checkIn(sequence: 1)
    #expect(active.status == 200 && active.body.contains("active"), "\(active)")
  }
}

/// What a restore says of what comes alive again, and what it does about it.
@Suite struct RestoredAccessTests {
  /// A controller with a second API token that was revoked after the backup was made; that token.
  private func revokedSinceBackup(_ folder: TemporaryFolder) throws -> String {
    let controller = try RunningController(in: folder)
    let principal = try controller.api("POST", "/api/v1/principals", json: #"{"kind": "person", "name": "Former"}"#)
    let id = try #require(principal.body["id"] as? String)
    let grant = try controller.api("POST", "/api/v1/principals/\(id)/grants", json: #"{"role": "read-only"}"#)
    #expect((200...204).contains(grant.status), "\(grant)")
    let made = try controller.api(
      "POST", "/api/v1/principals/\(id)/tokens", json: #"{"name": "laptop", "expiresInDays": 5}"#)
    let (token, tokenID) = (try #require(made.body["token"] as? String), try #require(made.body["id"] as? String))
    try succeed(Programs.path("rollcalld"), ["backup", folder.file("backup"), "--state", controller.state])
    let revoked = try controller.api("DELETE", "/api/v1/principals/\(id)/tokens/\(tokenID)")
    #expect((200...204).contains(revoked.status), "\(revoked)")
    #expect(try controller.api("GET", "/api/v1/devices", token: token).status == 401)
    #expect(controller.stop() == 0)
    return token
  }

  @Test("A restore says what comes alive again since the time of the backup")
  func warned() throws {
    let folder = try TemporaryFolder()
    let token = try revokedSinceBackup(folder)
    let state = folder.file("restored")
    let said = try succeed(Programs.path("rollcalld"), ["restore", folder.file("backup"), "--state", state])
    let time = try String(contentsOfFile: folder.file("backup/MADE-AT"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    for words in ["from a backup made at \(time);", "2 can sign in", "--revoke-api-tokens", "device keys"] {
      #expect(said.contains(words), "\(words) in\n\(said)")
    }
    #expect(!FileManager.default.fileExists(atPath: state + "/MADE-AT"))
    #expect(try RunningController(state: state).api("GET", "/api/v1/devices", token: token).status == 200)
  }

  @Test("After a restore nobody is signed in, no link of the backup sets a password, and passwords are those of before")
  func signedOut() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let password = "heron under seven bridges"
    let link = try String(contentsOfFile: controller.state + "/admin.link", encoding: .utf8)
    #expect(
      try form(controller, "/set-password", ["link": secret(link), "password": password, "repeated": password]) == 303)
    let jar = folder.file("cookies")
    #expect(try form(controller, "/sign-in", ["login": "admin", "password": password], jar: jar) == 303)
    #expect(try me(controller, jar) == 200)
    let invited = try controller.api("POST", "/api/v1/accounts", json: #"{"login": "ada.field", "name": "Ada"}"#)
    let waiting = secret(try #require(invited.body["link"] as? String))
    try succeed(Programs.path("rollcalld"), ["backup", folder.file("backup"), "--state", controller.state])
    #expect(controller.stop() == 0)

    let state = folder.file("restored")
    let said = try succeed(Programs.path("rollcalld"), ["restore", folder.file("backup"), "--state", state])
    #expect(said.contains("signed out") && said.contains("accounts     passwords are those of that time"), "\(said)")
    let restored = try RunningController(state: state)
    #expect(try me(restored, jar) == 401)
    #expect(try form(restored, "/set-password", ["link": waiting, "password": password, "repeated": password]) == 404)
    #expect(try form(restored, "/sign-in", ["login": "admin", "password": password], jar: jar) == 303)
    #expect(try me(restored, jar) == 200)
  }

  private func secret(_ link: String) -> String {
    String(link.trimmingCharacters(in: .newlines).split(separator: "=").last ?? "")
  }

  /// A form as a browser sends it; its answer's status. What the browser keeps is in `jar`.
  private func form(
    _ controller: RunningController, _ path: String, _ fields: [String: String], jar: String? = nil
  ) throws -> Int? {
    var arguments = ["-sS", "--cacert", controller.root, "-o", "/dev/null", "-w", "%{http_code}"]
    arguments += ["-H", "Sec-Fetch-Site: same-origin", controller.peopleURL + path]
    for (name, value) in fields { arguments += ["--data-urlencode", "\(name)=\(value)"] }
    if let jar { arguments += ["-c", jar] }
    return Int(try succeed("/usr/bin/curl", arguments))
  }

  private func me(_ controller: RunningController, _ jar: String) throws -> Int? {
    let arguments = ["-sS", "--cacert", controller.root, "-o", "/dev/null", "-w", "%{http_code}", "-b", jar]
    return Int(try succeed("/usr/bin/curl", arguments + [controller.peopleURL + "/api/v1/me"]))
  }

  @Test("With --revoke-api-tokens no token of the backup signs in, and a new administrator's does")
  func revoked() throws {
    let folder = try TemporaryFolder()
    let token = try revokedSinceBackup(folder)
    let old = try String(contentsOfFile: folder.file("backup/admin.token"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let state = folder.file("restored")
    let said = try succeed(
      Programs.path("rollcalld"), ["restore", folder.file("backup"), "--revoke-api-tokens", "--state", state])
    #expect(
      said.contains("all 2 were revoked; a new state administrator's token is in \(state)/admin.token"), "\(said)")
    let controller = try RunningController(state: state)
    for dead in [token, old] { #expect(try controller.api("GET", "/api/v1/devices", token: dead).status == 401) }
    #expect(try controller.api("GET", "/api/v1/devices").status == 200)
    let journal = try controller.api("GET", "/api/v1/journal?action=api-token.revoke-all")
    #expect((journal.body["items"] as? [Any])?.count == 1, "\(journal)")
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
