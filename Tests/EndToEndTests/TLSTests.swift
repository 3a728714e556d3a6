import Foundation
import ProcessSupport
import Testing

/// Who gets in over TLS, with the real controller.
@Suite struct TLSTests {
  private func enrolled(
    _ folder: TemporaryFolder, names: String = "localhost,127.0.0.1"
  ) throws -> (RunningController, ESTClient) {
    let controller = try RunningController(in: folder, names: names)
    let token = try controller.prepareBatch(serials: ["TLS-0001"])
    let client = try ESTClient(controller, folder, serial: "TLS-0001")
    try client.enroll(token: token)
    return (controller, client)
  }

  @Test("Without a certificate a check-in is refused before its body is read")
  func noCertificate() throws {
    let folder = try TemporaryFolder()
    let (_, client) = try enrolled(folder)
    let reply = try client.checkIn(sequence: 1, identity: [])
    #expect(reply.status == 401 && reply.body.contains("device.certificate-required"))
  }

  @Test("A certificate of another CA does not pass the handshake")
  func wrongAuthority() throws {
    let folder = try TemporaryFolder()
    let (_, client) = try enrolled(folder)
    let (key, certificate) = (folder.file("other.key"), folder.file("other.pem"))
    try client.openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
      certificate, "-days", "1", "-subj", "/CN=stranger", "-addext", "extendedKeyUsage=clientAuth",
    ])
    let reply = try client.checkIn(sequence: 1, identity: ["--cert", certificate, "--key", key])
    #expect(reply.status < 0, "\(reply)")
  }

  @Test("An expired certificate may only re-enrol")
  func expired() throws {
    let folder = try TemporaryFolder()
    let (controller, client) = try enrolled(folder)
    let certificate = try expiredCertificate(controller, client, folder)
    let identity = ["--cert", certificate, "--key", client.key]
    let reply = try client.checkIn(sequence: 1, identity: identity)
    #expect(reply.status == 403 && reply.body.contains("device.certificate-expired"), "\(reply)")
    let renewed = try client.post("simplereenroll", try client.request(), credentials: identity)
    #expect(renewed.status == 200, "\(renewed)")
  }

  @Test("A revoked key is refused at the next request, on a resumed session too")
  func revokedAndResumed() throws {
    let folder = try TemporaryFolder()
    let (controller, client) = try enrolled(folder)
    let session = folder.file("session")
    #expect(try resumable(client, controller, ["-sess_out", session]).contains("HTTP/1.1 200"))
    let resumed = try resumable(client, controller, ["-sess_in", session], sequence: 2)
    #expect(resumed.contains("Reused, TLS") && resumed.contains("HTTP/1.1 200"), "\(resumed)")
    let list = try controller.api("GET", "/api/v1/devices?serial=TLS-0001")
    let id = try #require((list.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let revoked = try controller.api(
      "POST", "/api/v1/districts/cedar-falls/devices/\(id)/revoke", json: #"{"reason": "test"}"#)
    #expect(revoked.status == 200, "\(revoked)")
    let after = try resumable(client, controller, ["-sess_in", session], sequence: 3)
    #expect(after.contains("Reused, TLS") && after.contains("device.key-revoked"), "\(after)")
    #expect(try client.checkIn(sequence: 3).status == 403)
  }

  @Test("Old TLS and weak suites are refused on both listeners, where TLS 1.2 and 1.3 with good ones are taken")
  func oldVersions() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    func handshake(_ port: Int, _ options: [String]) throws -> Finished {
      try run(
        "/usr/bin/openssl",
        ["s_client", "-connect", "localhost:\(port)", "-CAfile", controller.root, "-verify_return_error"] + options)
    }
    for port in [controller.people, controller.devices] {
      for good in [["-tls1_2"], ["-tls1_3"], ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]] {
        let finished = try handshake(port, good)
        #expect(finished.status == 0 && finished.output.contains("Verify return code: 0 (ok)"), "\(good)")
      }
      for bad in [
        ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"], ["-tls1", "-cipher", "ALL@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "AES128-SHA"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
      ] {
        let finished = try handshake(port, bad)
        #expect(finished.status != 0 && finished.output.contains("Cipher is (NONE)"), "\(bad)")
      }
    }
  }

  @Test("The agent refuses a controller whose certificate bears another name")
  func wrongHostName() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder, names: "localhost")
    let token = try controller.prepareBatch(serials: ["TLS-0002"], allowUnidentified: true)
    let finished = try run(
      Programs.path("rollcall-agent"),
      [
        "enroll", "--token-file", try folder.write(token, to: "token"), "--controller",
        "https://127.0.0.1:\(controller.devices)", "--state-dir", folder.file("agent"),
      ])
    #expect(finished.status != 0)
    #expect(finished.errors.lowercased().contains("name"), "\(finished.errors)")
    let list = try controller.api("GET", "/api/v1/devices?management=agent")
    #expect((list.body["items"] as? [Any])?.isEmpty == true)
  }

  @Test("SIGHUP takes up a new certificate while an open connection goes on")
  func reload() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    func fingerprint() throws -> String {
      let shown = try run(
        "/usr/bin/openssl", ["s_client", "-connect", "localhost:\(controller.people)", "-CAfile", controller.root])
      return try succeed("/usr/bin/openssl", ["x509", "-noout", "-fingerprint"], input: Data(shown.output.utf8))
    }
    let before = try fingerprint()
    // Two requests over one connection, the signal between them.
    let connection = Process()
    connection.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    connection.arguments = [
      "s_client", "-quiet", "-connect", "localhost:\(controller.people)", "-CAfile", controller.root,
    ]
    let (input, output) = (Pipe(), Pipe())
    (connection.standardInput, connection.standardOutput) = (input, output)
    connection.standardError = FileHandle.nullDevice
    try connection.start()
    let request = Data("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    input.fileHandleForWriting.write(request)
    #expect(answer(from: output.fileHandleForReading).contains("200 OK"))
    try FileManager.default.removeItem(atPath: controller.state + "/tls/devices.pem")
    controller.signal(SIGHUP)
    var after = before
    for _ in 0..<200 where after == before { after = try fingerprint() }
    #expect(after != before)
    input.fileHandleForWriting.write(request)
    #expect(answer(from: output.fileHandleForReading).contains("200 OK"))
    connection.terminate()
    connection.waitUntilExit()
  }

  /// One answer of `/healthz`, which may come in several pieces.
  private func answer(from file: FileHandle) -> String {
    var text = ""
    while !text.hasSuffix("alive\n") {
      let part = file.availableData
      if part.isEmpty { break }
      text += String(decoding: part, as: UTF8.self)
    }
    return text
  }

  /// A check-in by `openssl s_client`, whose session can be kept.
  private func resumable(
    _ client: ESTClient, _ controller: RunningController, _ session: [String], sequence: Int = 1
  ) throws -> String {
    let body = #"{"version":1,"sequence":\#(sequence),"sentAt":0,"agent":"openssl","hashes":{}}"#
    let request =
      "POST /agent/v1/checkin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    return try run(
      "/usr/bin/openssl",
      [
        "s_client", "-connect", "localhost:\(controller.devices)", "-CAfile", controller.root, "-cert",
        client.certificate, "-key", client.key, "-ign_eof", "-tls1_2",
      ] + session, input: Data((request + body).utf8)
    ).output
  }

  /// A certificate for the client's key that our issuing CA signed for days long past.
  private func expiredCertificate(
    _ controller: RunningController, _ client: ESTClient, _ folder: TemporaryFolder
  ) throws -> String {
    try folder.write("", to: "index.txt")
    try folder.write("77\n", to: "serial")
    let subject = try succeed(
      "/usr/bin/openssl", ["x509", "-in", client.certificate, "-noout", "-subject", "-nameopt", "multiline,-align"])
    let common = try #require(
      subject.split(separator: "\n").first { $0.contains("commonName") }?.split(separator: "=").last)
    let device = common.trimmingCharacters(in: .whitespaces)
    let configuration = """
      [ca]
      default_ca = this
      [this]
      database = \(folder.file("index.txt"))
      serial = \(folder.file("serial"))
      new_certs_dir = \(folder.path)
      default_md = sha256
      policy = any
      x509_extensions = device
      unique_subject = no
      [any]
      commonName = optional
      serialNumber = optional
      [device]
      extendedKeyUsage = clientAuth
      subjectAltName = URI:urn:rollcall:device:\(device)
      """
    let file = try folder.write(configuration, to: "ca.cnf")
    let (request, certificate) = (folder.file("expired.csr"), folder.file("expired.pem"))
    try client.openssl([
      "req", "-new", "-key", client.key, "-subj", "/serialNumber=TLS-0001/CN=\(device)", "-out", request,
    ])
    let day = DateFormatter()
    day.dateFormat = "yyyyMMdd'000000Z'"
    day.timeZone = TimeZone(identifier: "UTC")
    let (start, end) = (
      day.string(from: Date(timeIntervalSinceNow: -100 * 86_400)),
      day.string(from: Date(timeIntervalSinceNow: -10 * 86_400))
    )
    try client.openssl([
      "ca", "-batch", "-config", file, "-cert", controller.state + "/ca/issuing.pem", "-keyfile",
      controller.state + "/ca/issuing.key", "-in", request, "-out", certificate, "-startdate", start, "-enddate", end,
      "-notext",
    ])
    return certificate
  }
}
