import Foundation
import Testing

/// What the worst client can send to a listener: the controller answers the next one as if nothing had been.
@Suite struct HostileHTTPTests {
  /// A request that is none; shown by its name, for some are long.
  struct Broken: Sendable, CustomTestStringConvertible {
    let what: String
    let text: String
    var testDescription: String { what }

    init(_ what: String, _ text: String) {
      self.what = what
      self.text = text
    }
  }

  /// Short limits, so that a connection that says nothing sensible ends soon.
  private func controller(_ folder: TemporaryFolder) throws -> RunningController {
    try RunningController(in: folder, settings: ["--idle-timeout", "5", "--request-timeout", "5"])
  }

  private func expectAlive(_ controller: RunningController, after what: String) throws {
    try #require(Foundation.kill(controller.processID, 0) == 0, "after \(what)")
    for url in [controller.peopleURL + "/readyz", controller.devicesURL + "/agent/v1/time"] {
      let status = try succeed(
        "/usr/bin/curl",
        ["-sS", "--max-time", "20", "--cacert", controller.root, "-o", "/dev/null", "-w", "%{http_code}", url])
      #expect(status == "200", "\(url) after \(what)")
    }
  }

  /// Bytes over a socket without TLS, and the connection dropped.
  private func drop(_ bytes: [UInt8], on port: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0)
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Text over TLS; what came back until the connection's end.
  private func overTLS(_ text: String, _ controller: RunningController, port: Int) throws -> String {
    try run(
      "/usr/bin/openssl",
      ["s_client", "-quiet", "-connect", "localhost:\(port)", "-CAfile", controller.root], input: Data(text.utf8)
    ).output
  }

  @Test("Bytes that are no TLS, and TLS that breaks off, harm nobody")
  func brokenTLS() throws {
    let folder = try TemporaryFolder()
    let controller = try controller(folder)
    // A client's first record says that 512 bytes follow.
    let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]
    let inputs: [(String, [UInt8])] = [
      ("nothing", []), ("a truncated hello", hello), ("a hello of zeros", hello + [UInt8](repeating: 0, count: 505)),
      ("plain HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
      ("noise", (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 13) }),
      ("an alert", [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]),
    ]
    for (what, bytes) in inputs {
      for port in [controller.people, controller.devices] {
        for _ in 0..<8 { try drop(bytes, on: port) }
      }
      try expectAlive(controller, after: what)
    }
  }

  @Test(
    "Requests that are no HTTP are not answered with success, on neither listener",
    arguments: [
      Broken(
        "a long header",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 300_000))\r\n\r\n"
      ),
      Broken(
        "many headers",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: y\r\n", count: 40_000))\r\n"
      ),
      Broken("a long path", "GET /\(String(repeating: "a", count: 300_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      Broken("garbage", "\u{1}\u{2}\u{3} this is not HTTP\r\n\r\n"),
      Broken(
        "two lengths",
        "POST /agent/v1/checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
      ),
      Broken("a negative length", "POST /agent/v1/checkin HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
      Broken(
        "a chunk without size",
        "POST /api/v1/districts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
      ),
    ])
  func brokenHTTP(_ broken: Broken) throws {
    let folder = try TemporaryFolder()
    let controller = try controller(folder)
    for (port, path) in [(controller.people, "/healthz"), (controller.devices, "/agent/v1/time")] {
      let good = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      #expect(try overTLS(good, controller, port: port).hasPrefix("HTTP/1.1 200"))
      let answer = try overTLS(broken.text, controller, port: port)
      #expect(!answer.contains("HTTP/1.1 200"), "\(broken.what): \(answer.prefix(300))")
    }
    try expectAlive(controller, after: broken.what)
  }

  @Test("A body that GET announces is refused at once, before any of it comes")
  func announced() throws {
    let folder = try TemporaryFolder()
    let controller = try controller(folder)
    for (port, path) in [(controller.people, "/healthz"), (controller.devices, "/agent/v1/time")] {
      for body in ["Content-Length: 65536", "Content-Length: 1"] {
        let answer = try overTLS(
          "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(body)\r\n\r\n", controller, port: port)
        #expect(answer.hasPrefix("HTTP/1.1 413") && answer.contains("This takes no body"), "\(path): \(answer)")
      }
      let empty = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      #expect(try overTLS(empty, controller, port: port).hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test("Bodies that are deep, not UTF-8, too large or of the wrong type are refused by code")
  func bodies() throws {
    let folder = try TemporaryFolder()
    let controller = try controller(folder)
    let token = try controller.prepareBatch(serials: ["HOSTILE-1"])
    let client = try ESTClient(controller, folder, serial: "HOSTILE-1")
    try client.enroll(token: token)
    func file(_ name: String, _ data: Data) throws -> String {
      try data.write(to: URL(fileURLWithPath: folder.file(name)))
      return "@" + folder.file(name)
    }
    let deep = try file("deep", Data(repeating: UInt8(ascii: "["), count: 60_000))
    let latin = try file("latin", Data(#"{"id": ""#.utf8) + [0xff, 0xfe] + Data(#"", "name": "x"}"#.utf8))
    let wrong = try file("wrong", Data(#"{"id": 7, "name": [], "version": "one", "sequence": {}}"#.utf8))
    for body in [deep, latin, wrong] {
      let people = try controller.api("POST", "/api/v1/districts", json: body)
      #expect(people.status == 400 && people.body["code"] as? String == "request.body", "\(body): \(people)")
      let devices = try client.curl(
        "/agent/v1/checkin", ["-H", "Content-Type: application/json", "--data-binary", body] + client.identity)
      #expect(devices.status == 400 && devices.body.contains("wire.malformed"), "\(body): \(devices)")
    }
    let huge = try file("huge", Data(repeating: UInt8(ascii: " "), count: 5 << 20))
    #expect(try controller.api("POST", "/api/v1/districts", json: huge).status == 413)
    #expect(try client.curl("/agent/v1/checkin", ["--data-binary", huge] + client.identity).status == 413)
    try expectAlive(controller, after: "bodies")
    #expect(try client.checkIn(sequence: 1).status == 200)
  }

  @Test("A gzip bomb from an enrolled device is refused, and its next check-in is taken")
  func gzipBomb() throws {
    let folder = try TemporaryFolder()
    let controller = try controller(folder)
    let token = try controller.prepareBatch(serials: ["HOSTILE-2"])
    let client = try ESTClient(controller, folder, serial: "HOSTILE-2")
    try client.enroll(token: token)
    try Data(count: 100 << 20).write(to: URL(fileURLWithPath: folder.file("bomb")))
    try succeed("/usr/bin/gzip", ["-9", folder.file("bomb")])
    let gzip = ["-H", "Content-Encoding: gzip", "-H", "Content-Type: application/json"] + client.identity
    let bomb = try client.curl("/agent/v1/checkin", ["--data-binary", "@" + folder.file("bomb.gz")] + gzip)
    #expect(bomb.status == 413 && bomb.body.contains("compression.too-large"), "\(bomb)")
    let cut = try client.curl("/agent/v1/checkin", ["--data-binary", "@" + client.certificate] + gzip)
    #expect(cut.status == 400 && cut.body.contains("compression."), "\(cut)")
    try expectAlive(controller, after: "a bomb")
    #expect(try client.checkIn(sequence: 1).status == 200)
  }
}
