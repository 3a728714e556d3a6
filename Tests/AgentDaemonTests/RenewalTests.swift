import CurlClient
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

@Suite struct RenewalTests {
  private func enrolled() throws -> TestMachine {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    return machine
  }

  private func key(_ machine: TestMachine) throws -> Digest {
    try SHA256.digest(try #require(try machine.agent.store.identity(.current)).key.publicKey)
  }

  @Test("A renewal makes a new key, which takes its place once it was used with success")
  func renews() throws {
    let machine = try enrolled()
    let old = try key(machine)
    machine.controller.renewNow = true
    try machine.once()
    #expect(try key(machine) == old)
    #expect(try machine.agent.store.identity(.next) != nil)
    machine.controller.renewNow = false
    try machine.once()
    #expect(try key(machine) != old)
    #expect(try machine.agent.store.identity(.next) == nil)
    #expect(machine.controller.revoked == [old])
    try machine.once()
  }

  @Test("A certificate that is due is renewed without being told")
  func due() throws {
    let machine = try enrolled()
    machine.controller.now = Instant(rfc3339: "2027-02-12T00:00:00Z")!
    try machine.once()
    #expect(try machine.agent.store.identity(.next) != nil)
  }

  @Test("An expired certificate is renewed before the check-in")
  func expired() throws {
    let machine = try enrolled()
    let old = try key(machine)
    machine.controller.now = Instant(rfc3339: "2027-06-01T00:00:00Z")!
    let agent = try machine.agent
    var state = try agent.loadState()
    state.clockFloor = machine.controller.now
    try agent.file.save(state)
    try machine.once()
    #expect(try key(machine) != old)
  }

  @Test("A new certificate that the controller refuses is given up, and the old one goes on")
  func refusedNext() throws {
    let machine = try enrolled()
    let old = try key(machine)
    machine.controller.renewNow = true
    try machine.once()
    machine.controller.renewNow = false
    machine.controller.issued = machine.controller.issued.filter { $0.key == old }
    try machine.once()
    #expect(try key(machine) == old)
    #expect(try machine.agent.store.identity(.next) == nil)
  }

  @Test("While the controller takes neither certificate, both are kept")
  func bothRefused() throws {
    let machine = try enrolled()
    machine.controller.renewNow = true
    try machine.once()
    let issued = machine.controller.issued
    machine.controller.issued = [:]
    #expect(throws: Refusal(status: 401, code: "device.certificate-required", message: "")) { try machine.once() }
    machine.controller.issued = issued
    machine.controller.renewNow = false
    try machine.once()
    #expect(try machine.agent.store.identity(.next) == nil)
  }

  @Test("An agent killed after any step of a renewal always has a certificate that is accepted")
  func killedAnywhere() throws {
    var deaths = 0
    for limit in 1...100 {
      let machine = try enrolled()
      try machine.once()
      let old = try key(machine)
      machine.controller.renewNow = true
      machine.steps = 0
      machine.stepsToLive = limit
      do {
        try machine.once()
        machine.controller.renewNow = false
        try machine.once()
        #expect(try key(machine) != old)
        break
      } catch is TestMachine.Killed { deaths += 1 }
      machine.stepsToLive = nil
      machine.controller.renewNow = true
      try machine.once()
      machine.controller.renewNow = false
      try machine.once()
      try machine.once()
      #expect(try key(machine) != old, "after step \(limit)")
    }
    #expect(deaths >= 20)
  }

  @Test("A revoked device is told so and keeps its files")
  func revoked() throws {
    let machine = try enrolled()
    let old = try key(machine)
    machine.controller.revoked = [old]
    #expect(throws: Refusal(status: 403, code: "device.key-revoked", message: "")) { try machine.once() }
    #expect(try key(machine) == old)
  }

  @Test("A key at a URI stays through a renewal")
  func keyByURI() throws {
    let machine = try TestMachine(TestController())
    let path = machine.folder.path + "/hardware.pem"
    defer { unlink(path) }
    try AtomicFiles().write(try PrivateKey.makeP256().pem(), to: path)
    machine.keyURI = "file:\(path)"
    #expect(try machine.enroll())
    #expect(try AtomicFiles().read(machine.folder.key) == nil)
    let old = try key(machine)
    machine.controller.renewNow = true
    try machine.once()
    machine.controller.renewNow = false
    try machine.once()
    #expect(try key(machine) == old)
    #expect(try machine.agent.store.identity(.next) == nil)
  }

  @Test("A machine in 1970 learns the time from the pinned controller and checks in")
  func lostClock() throws {
    let machine = try enrolled()
    try machine.once()
    let link = try ControllerLink(
      address: "https://controller", root: machine.controller.authority.root, identity: nil,
      clock: ClockEstimate(at: ClockReading(system: Instant(seconds: 0), sinceBoot: .zero)),
      make: machine.controller.make,
      reading: { ClockReading(system: Instant(seconds: 5), sinceBoot: .seconds(5)) })
    machine.controller.validFrom = Instant(rfc3339: "2027-03-01T00:00:00Z")!
    machine.controller.now = Instant(rfc3339: "2027-04-01T00:00:00Z")!
    #expect(try link.time() == machine.controller.now)
    #expect(
      link.clock.now(at: ClockReading(system: Instant(seconds: 6), sinceBoot: .seconds(6))) >= machine.controller.now)
  }

  // MARK: - A clock in the future

  /// A contact of a machine whose clock says `system`.
  @discardableResult
  private func contact(_ machine: TestMachine, saying system: Instant) throws -> CheckInReply {
    let agent = try machine.agent
    var state = try agent.loadState()
    let contact = Contact(
      store: agent.store, file: agent.file, address: "https://controller", make: agent.make, collect: agent.collect,
      log: agent.log, reading: { ClockReading(system: system, sinceBoot: .seconds(100)) })
    return try contact.run(&state)
  }

  @Test("A machine whose clock is decades ahead learns the time, checks in, and renews nothing")
  func futureClock() throws {
    let machine = try enrolled()
    let old = try key(machine)
    machine.controller.validTo = Instant(rfc3339: "2027-02-01T00:00:00Z")!
    let wrong = Instant(rfc3339: "2061-01-01T00:00:00Z")!
    for _ in 0..<3 { try contact(machine, saying: wrong) }
    #expect(try key(machine) == old)
    #expect(try machine.agent.store.identity(.next) == nil)
    #expect(try machine.state.clockFloor == machine.controller.now)
    #expect(try machine.state.lastContact == machine.controller.now)
    let reading = ClockReading(system: wrong, sinceBoot: .zero)
    let finding = Examination.clock(try machine.state.clock(at: reading), at: reading)
    #expect(finding.verdict == .attention)
    #expect(finding.state.contains("by the controller's time it is 2026-11-21T12:00:00Z"))
  }

  @Test("A device whose clock was set right again goes on at once")
  func rightAgain() throws {
    let machine = try enrolled()
    machine.controller.validTo = Instant(rfc3339: "2027-02-01T00:00:00Z")!
    try contact(machine, saying: Instant(rfc3339: "2061-01-01T00:00:00Z")!)
    machine.controller.now = Instant(rfc3339: "2026-11-22T12:00:00Z")!
    try contact(machine, saying: machine.controller.now)
    #expect(try machine.state.clockOffsetMilliseconds == 0)
  }

  @Test("A controller whose certificate has really expired is refused, whatever time it says")
  func reallyExpired() throws {
    let machine = try enrolled()
    machine.controller.now = Instant(rfc3339: "2026-12-10T00:00:00Z")!
    try contact(machine, saying: machine.controller.now)
    machine.controller.validTo = Instant(rfc3339: "2026-12-05T00:00:00Z")!
    let expired = TransferError(.serverExpired, "")
    #expect(throws: expired) { try contact(machine, saying: machine.controller.now) }
    machine.controller.now = Instant(rfc3339: "2026-12-04T00:00:00Z")!
    #expect(throws: expired) { try contact(machine, saying: Instant(rfc3339: "2026-12-11T00:00:00Z")!) }
  }
}
