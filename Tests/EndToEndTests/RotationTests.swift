import Foundation
import ProcessSupport
import Testing

/// The issuing certificate is replaced under a running controller, by the real programs over real TLS.
@Suite struct RotationTests {
  @Test("After a rotation a device of the old issuer goes on, renews onto the new one, and no connection drops")
  func rotation() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder, settings: ["--idle-timeout", "3000"])
    let token = try controller.prepareBatch(serials: ["ROT-0001", "ROT-0002"], uses: 3)
    let client = try ESTClient(controller, folder, serial: "ROT-0001")
    try client.enroll(token: token)
    let connection = try OpenConnection(controller, client)
    #expect(try connection.checkIn(sequence: 1).contains("200 OK"))

    let said = try succeed(Programs.path("rollcalld"), ["ca", "rotate", "--state", controller.state])
    #expect(said.contains("former issuer  'Rollcall devices'"), "\(said)")
    let before = try listenersIssuer(controller)
    try takeUp(controller) { try listenersIssuer(controller) != before }

    let journal = try controller.api("GET", "/api/v1/journal?action=authority.change")
    #expect((journal.body["items"] as? [Any])?.count == 2, "at the first start, and now: \(journal)")

    // The connection that was open all along, and a new one, with the old issuer's certificate.
    #expect(try connection.checkIn(sequence: 2).contains("200 OK"))
    connection.close()
    #expect(try client.checkIn(sequence: 3).status == 200)
    let renewed = try client.post("simplereenroll", try client.request(), credentials: client.identity)
    try #require(renewed.status == 200, "\(renewed)")
    let old = folder.file("old.pem")
    try FileManager.default.moveItem(atPath: client.certificate, toPath: old)
    try client.keep(renewed.body, as: client.certificate)
    #expect(try issuer(of: old).hasSuffix("CN = Rollcall devices"))
    #expect(try issuer(of: client.certificate).contains("CN = Rollcall devices 20"))
    #expect(try client.checkIn(sequence: 4).status == 200)
    // What enrols now is signed by the new issuer too.
    let second = try ESTClient(controller, folder, serial: "ROT-0002")
    try second.enroll(token: token)
    #expect(try issuer(of: second.certificate) == issuer(of: client.certificate))

    let doctor = try run(Programs.path("rollcalld"), ["doctor", "--state", controller.state])
    #expect(doctor.output.contains("ok    issuing certificate: 'Rollcall devices 20"), "\(doctor.output)")
    #expect(doctor.output.contains("ok    former issuer: 'Rollcall devices' ("), "\(doctor.output)")

    // A backup carries it; a former issuer that is taken away counts no more.
    let backup = folder.file("backup")
    try succeed(Programs.path("rollcalld"), ["backup", backup, "--state", controller.state])
    let former = try FileManager.default.contentsOfDirectory(atPath: backup + "/ca/former")
    let name = try #require(former.first)
    #expect(former.count == 1)
    #expect(try client.checkIn(sequence: 5, identity: ["--cert", old, "--key", client.key]).status == 200)
    try FileManager.default.removeItem(atPath: "\(controller.state)/ca/former/\(name)")
    var refused = 200
    try takeUp(controller) {
      refused = try client.checkIn(sequence: 6, identity: ["--cert", old, "--key", client.key]).status
      return refused < 0
    }
    #expect(refused < 0)
    // The same number again: whether an attempt before the refusal was stored or not, it is answered.
    #expect(try client.checkIn(sequence: 6).status == 200)
    #expect(controller.stop() == 0)
  }

  @Test("An operator's own pair is taken below the same root; under another root nothing changes")
  func operatorsOwn() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let files = try ownPair(folder, root: controller.root, rootKey: controller.state + "/ca/root.key")
    try succeed(
      Programs.path("rollcalld"),
      ["ca", "rotate", "--state", controller.state, "--issuing", files.issuing, "--issuing-key", files.key])
    try takeUp(controller) { try listenersIssuer(controller).contains("Own issuer") }
    let other = try TemporaryFolder()
    try succeed(Programs.path("rollcalld"), ["init", "--state", other.file("state")])
    let foreign = try run(
      Programs.path("rollcalld"),
      [
        "ca", "rotate", "--state", controller.state, "--issuing", other.file("state/ca/issuing.pem"), "--issuing-key",
        other.file("state/ca/issuing.key"),
      ])
    #expect(foreign.status == 1 && foreign.errors.contains("[enroll.authority]"), "\(foreign)")
    // Without the root's key there is nothing to sign with.
    try FileManager.default.removeItem(atPath: controller.state + "/ca/root.key")
    let keyless = try run(Programs.path("rollcalld"), ["ca", "rotate", "--state", controller.state])
    #expect(keyless.status == 1 && keyless.errors.contains("--root-key"), "\(keyless)")
  }

  /// Sends SIGHUP and asks until the controller has taken up what changed.
  private func takeUp(_ controller: RunningController, _ isDone: () throws -> Bool) throws {
    controller.signal(SIGHUP)
    for _ in 0..<400 { if try isDone() { return } }
    Issue.record("The controller did not take it up.")
  }

  /// Who signed the devices listener's certificate.
  private func listenersIssuer(_ controller: RunningController) throws -> String {
    let shown = try run(
      "/usr/bin/openssl", ["s_client", "-connect", "localhost:\(controller.devices)", "-CAfile", controller.root])
    return try succeed("/usr/bin/openssl", ["x509", "-noout", "-issuer"], input: Data(shown.output.utf8))
  }

  private func issuer(of path: String) throws -> String {
    try succeed("/usr/bin/openssl", ["x509", "-in", path, "-noout", "-issuer"])
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func ownPair(
    _ folder: TemporaryFolder, root: String, rootKey: String
  ) throws -> (issuing: String, key: String) {
    let extensions = try folder.write(
      "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n",
      to: "own.ext")
    let (issuing, key, request) = (folder.file("own.pem"), folder.file("own.key"), folder.file("own.csr"))
    try succeed(
      "/usr/bin/openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
        request, "-subj", "/CN=Own issuer",
      ])
    try succeed(
      "/usr/bin/openssl",
      [
        "x509", "-req", "-in", request, "-CA", root, "-CAkey", rootKey, "-CAcreateserial", "-CAserial",
        folder.file("own.srl"), "-out", issuing, "-days", "365", "-extfile", extensions,
      ])
    return (issuing, key)
  }
}

/// A kept-alive connection of a device, by `openssl s_client`.
private final class OpenConnection {
  private let process = Process()
  private let (input, output) = (Pipe(), Pipe())

  init(_ controller: RunningController, _ client: ESTClient) throws {
    // A connection that is gone shall fail the test, not end the process.
    Foundation.signal(SIGPIPE, SIG_IGN)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = [
      "s_client", "-quiet", "-connect", "localhost:\(controller.devices)", "-CAfile", controller.root, "-cert",
      client.certificate, "-key", client.key,
    ]
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    try process.start()
  }

  /// One answer, head and body.
  func checkIn(sequence: Int) throws -> String {
    let body = #"{"version":1,"sequence":\#(sequence),"sentAt":0,"agent":"openssl","hashes":{}}"#
    let head = "POST /agent/v1/checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    try input.fileHandleForWriting.write(contentsOf: Data((head + body).utf8))
    var text = ""
    while true {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { return text }
      text += String(decoding: part, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let length = text[..<end.lowerBound].lowercased().split(separator: "\r\n")
        .first { $0.hasPrefix("content-length:") }
        .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
      if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
    }
  }

  func close() {
    // Not SIGTERM: the thread that started it may have had that blocked, and a child keeps the mask.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
