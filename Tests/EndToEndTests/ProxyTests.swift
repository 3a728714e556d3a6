import Foundation
import Testing

/// The real controller behind a balancer that says whose connections it passes on.
@Suite struct ProxyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The statuses of bad tokens that are presented one after another.
  private func badTokens(_ client: ESTClient, port: Int, count: Int) throws -> [Int] {
    let request = try client.request()
    return try (0..<count).map { _ in try status(client, port: port, request) }
  }

  /// 0 where no answer came.
  private func status(_ client: ESTClient, port: Int, _ request: String) throws -> Int {
    let finished = try run(
      "/usr/bin/curl",
      [
        "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "--cacert", client.controller.root,
        "https://localhost:\(port)/.well-known/est/simpleenroll", "-H", "Content-Type: application/pkcs10", "-u",
        "device:\(Self.badToken)", "--data-binary", request,
      ])
    return finished.status == 0 ? try #require(Int(finished.output)) : 0
  }

  private static let badToken = "rct1.bad"

  @Test(
    "Behind a trusted balancer each address has its own limit of bad tokens; a connection without a header, or with one of version 1, is closed"
  )
  func trusted() throws {
    let controller = try RunningController(
      in: folder,
      settings: [
        "--failed-enrollments", "2", "--devices-proxy", "127.0.0.0/8,::1", "--people-proxy", "127.0.0.1",
      ])
    let client = try ESTClient(controller, folder, serial: "PROXY-1")
    let one = try Forwarder(to: controller.devices, sending: Forwarder.header([192, 0, 2, 1]))
    let two = try Forwarder(to: controller.devices, sending: Forwarder.header([192, 0, 2, 2]))
    #expect(try badTokens(client, port: one.port, count: 3) == [401, 401, 429])
    #expect(try badTokens(client, port: two.port, count: 1) == [401])
    #expect(try badTokens(client, port: one.port, count: 1) == [429])
    // The balancer's own connection has the balancer's address.
    let own = try Forwarder(to: controller.devices, sending: Forwarder.signature + [0x20, 0, 0, 0])
    #expect(try badTokens(client, port: own.port, count: 3) == [401, 401, 429])
    // A byte at a time is as good.
    let slow = try Forwarder(to: controller.devices, sending: Forwarder.header([192, 0, 2, 3]), inBytes: true)
    #expect(try badTokens(client, port: slow.port, count: 1) == [401])

    let text = try Forwarder(
      to: controller.devices, sending: Array("PROXY TCP4 192.0.2.9 127.0.0.1 1 2\r\n".utf8))
    let endless = try Forwarder(to: controller.devices, sending: Forwarder.signature + [0x21, 0x11, 0xff, 0xff])
    for port in [controller.devices, text.port, endless.port] {
      #expect(try badTokens(client, port: port, count: 1) == [0])
    }
    // People come through theirs, and not past it.
    let people = try Forwarder(to: controller.people, sending: Forwarder.header([192, 0, 2, 4]))
    let health = ["-sS", "--max-time", "20", "--cacert", controller.root]
    #expect(try succeed("/usr/bin/curl", health + ["https://localhost:\(people.port)/healthz"]) == "alive\n")
    #expect(try run("/usr/bin/curl", health + ["https://localhost:\(controller.people)/healthz"]).status != 0)
    #expect(controller.stop() == 0)
  }

  @Test("The network of a device's last contact is told by the balancer's header, by its label alone")
  func network() throws {
    let controller = try RunningController(in: folder, settings: ["--devices-proxy", "127.0.0.1"])
    let token = try controller.prepareBatch(serials: ["PROXY-2"])
    let operators = try Operator(controller, folder)
    try operators.rollcall(["network", "set", "192.0.2.0/24", "North High", "-d", "cedar-falls"])
    try operators.rollcall(["network", "set", "198.51.100.0/24", "hot spot", "--state-wide"])
    let client = try ESTClient(controller, folder, serial: "PROXY-2")
    func through(_ address: [UInt8], _ body: ([String]) throws -> Void) throws {
      let balancer = try Forwarder(to: controller.devices, sending: Forwarder.header(address))
      try withExtendedLifetime(balancer) { try body(["--connect-to", "::127.0.0.1:\(balancer.port)"]) }
    }
    func shown() throws -> String? { try operators.object(["device", "show", "PROXY-2"])["lastNetwork"] as? String }
    try through([192, 0, 2, 33]) { way in
      let reply = try client.post("simpleenroll", try client.request(), credentials: ["-u", "device:\(token)"] + way)
      try #require(reply.status == 200, "\(reply)")
      try client.keep(reply.body, as: client.certificate)
      #expect(try client.checkIn(sequence: 1, identity: client.identity + way).status == 200)
    }
    #expect(try shown() == "North High")
    for (sequence, address, label) in [
      (2, [198, 51, 100, 9], "hot spot"), (3, [203, 0, 113, 77], "elsewhere"), (4, [192, 0, 2, 200], "North High"),
    ] as [(Int, [UInt8], String)] {
      try through(address) { way throws in
        #expect(try client.checkIn(sequence: sequence, identity: client.identity + way).status == 200)
      }
      #expect(try shown() == label)
    }
    #expect(
      try operators.list(["network", "list", "-d", "cedar-falls"]).compactMap { $0["label"] as? String } == [
        "North High"
      ])
    try operators.rollcall(["network", "remove", "192.0.2.0/24", "-d", "cedar-falls"])
    #expect(try shown() == nil)
    #expect(controller.stop() == 0)
  }

  @Test("From an address that is not trusted a header is never believed: it fails as any bytes that are not TLS")
  func untrusted() throws {
    for settings in [[], ["--devices-proxy", "10.0.0.0/8,2001:db8::/32"]] {
      let folder = try TemporaryFolder()
      let controller = try RunningController(in: folder, settings: settings)
      let client = try ESTClient(controller, folder, serial: "PROXY-1")
      let liar = try Forwarder(to: controller.devices, sending: Forwarder.header([10, 0, 0, 1]))
      #expect(try badTokens(client, port: liar.port, count: 1) == [0])
      #expect(try badTokens(client, port: controller.devices, count: 1) == [401])
      #expect(controller.stop() == 0)
    }
  }

  @Test("A range that is none is refused with the setting's name")
  func badRange() throws {
    let state = folder.file("controller")
    try succeed(Programs.path("rollcalld"), ["init", "--state", state])
    let refused = try run(
      Programs.path("rollcalld"), ["serve", "--state", state, "--devices-proxy", "10.0.0.0/8,balancer.example.org"])
    #expect(refused.status == 1 && refused.errors.contains("'devices-proxy'"), "\(refused)")
    #expect(refused.errors.contains("balancer.example.org") && refused.errors.contains("[config.bad-value]"))
  }
}
