import CurlClient
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

@Suite struct CheckInTests {
  private func enrolled() throws -> TestMachine {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    return machine
  }

  @Test("The first check-in sends everything, the next only what changed")
  func differences() throws {
    let machine = try enrolled()
    try machine.once()
    #expect(machine.controller.received.map(\.facts.present) == [[.identity, .system, .vitals]])
    machine.facts.system?.kernel = "6.12.1"
    try machine.once()
    let second = try #require(machine.controller.received.last)
    #expect(second.sequence == 2)
    #expect(second.facts.present.contains(.system) && !second.facts.present.contains(.identity))
    try machine.once()
    #expect(machine.controller.received.last?.facts.present == [])
  }

  @Test("Hardware is told again when a part that is not hashed changes, and once after each start")
  func beside() throws {
    let machine = try enrolled()
    machine.facts.hardware = HardwareFacts()
    machine.facts.hardware?.bluetooth = true
    machine.facts.system?.bootID = "one"
    try machine.once()
    #expect(machine.controller.received.last?.facts.present.contains(.hardware) == true)
    try machine.once()
    #expect(machine.controller.received.last?.facts.present.contains(.hardware) == false)
    machine.facts.hardware?.bluetooth = false
    try machine.once()
    #expect(machine.controller.received.last?.facts.present == [.hardware])
    machine.facts.system?.bootID = "two"
    try machine.once()
    #expect(machine.controller.received.last?.facts.present == [.hardware, .system])
    try machine.once()
    #expect(machine.controller.received.last?.facts.present == [])
  }

  @Test("The system is told again once it is known how long the start took, and not again")
  func start() throws {
    let machine = try enrolled()
    machine.facts.system?.bootID = "one"
    func tells() throws -> Bool {
      try machine.once()
      return machine.controller.received.last?.facts.present.contains(.system) == true
    }
    #expect(try tells())
    #expect(try !tells())
    machine.facts.system?.bootMilliseconds = 20_350
    #expect(try tells())
    #expect(machine.controller.received.last?.facts.system?.bootMilliseconds == 20_350)
    machine.facts.system?.bootMilliseconds = 20_400
    #expect(try !tells())
  }

  @Test("What the controller lacks goes in a second message at once")
  func wanted() throws {
    let machine = try enrolled()
    try machine.once()
    machine.controller.held[.identity] = nil
    let reply = try machine.once()
    #expect(reply.want.isEmpty)
    #expect(machine.controller.received.count == 3)
    #expect(machine.controller.received.last?.facts.present == [.identity])
  }

  @Test("A message over 1 KiB travels as gzip and is read whole")
  func compressed() throws {
    let machine = try enrolled()
    machine.facts.software = SoftwareList(
      (0..<1500).map { .init(name: "package-\($0)", version: "1.\($0)", architecture: "amd64", source: "dpkg") })
    var sizes: [Int] = []
    machine.controller.beforeRequest = { request throws(TransferError) in sizes.append(request.body?.count ?? 0) }
    try machine.once()
    #expect(machine.controller.received.last?.facts.software?.packages.count == 1500)
    #expect((sizes.last ?? 0) < 20_000)
  }

  @Test("A lost reply is followed by the very same bytes, then by newer facts")
  func lostReply() throws {
    let machine = try enrolled()
    try machine.once()
    var bodies: [[UInt8]] = []
    machine.controller.beforeRequest = { request throws(TransferError) in bodies.append(request.body ?? []) }
    machine.controller.beforeAnswer = { _ throws(TransferError) in
      throw TransferError(.interrupted, "lost", mayHaveArrived: true)
    }
    machine.facts.system?.kernel = "6.12.1"
    #expect(throws: TransferError(.interrupted, "")) { try machine.once() }
    machine.controller.beforeAnswer = { _ throws(TransferError) in }
    machine.facts.system?.kernel = "6.12.2"
    try machine.once()
    #expect(bodies.count == 3)
    #expect(bodies[0] == bodies[1])
    #expect(machine.controller.received.map(\.sequence) == [1, 2, 3])
    #expect(machine.controller.received.last?.facts.system?.kernel == "6.12.2")
  }

  @Test("Facts that never left are replaced by newer ones under the same number")
  func newestWin() throws {
    let machine = try enrolled()
    machine.controller.beforeRequest = { _ throws(TransferError) in throw TransferError(.refused, "down") }
    for kernel in ["6.12.1", "6.12.2", "6.12.3"] {
      machine.facts.system?.kernel = kernel
      #expect(throws: TransferError(.refused, "")) { try machine.once() }
    }
    machine.controller.beforeRequest = { _ throws(TransferError) in }
    try machine.once()
    #expect(machine.controller.received.map(\.sequence) == [1])
    #expect(machine.controller.received.last?.facts.system?.kernel == "6.12.3")
  }

  @Test("A stale sequence number is resynchronised with hashes, and the controller asks for the rest")
  func resynchronised() throws {
    let machine = try enrolled()
    for _ in 1...3 { try machine.once() }
    machine.controller.held[.system] = nil
    let agent = try machine.agent
    try agent.file.save(.lost)
    try machine.once()
    #expect(machine.controller.received.map(\.sequence) == [1, 2, 3, 4, 5])
    #expect(machine.controller.received[3].facts.present == [])
    // The clock's offset was lost with the state, so the vitals differ too.
    #expect(machine.controller.received[4].facts.present == [.system, .vitals])
  }

  @Test("A damaged state file is set aside and the agent resynchronises", arguments: [0, 40, 120, -1, -2])
  func damaged(place: Int) throws {
    let machine = try enrolled()
    try machine.once()
    let agent = try machine.agent
    var bytes = try #require(try agent.store.files.read(machine.folder.state))
    switch place {
    case -1: bytes = Array(bytes.prefix(bytes.count / 2))
    case -2: bytes = []
    default: bytes[place] ^= 1
    }
    try agent.store.files.write(bytes, to: machine.folder.state)
    try machine.once()
    #expect(try agent.store.files.read(machine.folder.damagedState) == bytes)
    #expect(try machine.state.sequence == 2)
    #expect(machine.controller.received.map(\.sequence) == [1, 2])
  }

  @Test("A spool that does not hold the unanswered message is not sent")
  func damagedSpool() throws {
    let machine = try enrolled()
    machine.controller.beforeAnswer = { _ throws(TransferError) in
      throw TransferError(.timeout, "lost", mayHaveArrived: true)
    }
    #expect(throws: TransferError(.timeout, "")) { try machine.once() }
    machine.controller.beforeAnswer = { _ throws(TransferError) in }
    let agent = try machine.agent
    try agent.store.files.write([1, 2, 3], to: machine.folder.message)
    try machine.once()
    #expect(machine.controller.received.map(\.sequence) == [1, 2])
    #expect(machine.controller.held.count == 3)
  }

  @Test("An agent killed after any step of a check-in loses and doubles nothing")
  func killedAnywhere() throws {
    var deaths = 0
    for limit in 1...100 {
      let machine = try enrolled()
      try machine.once()
      machine.facts.system?.kernel = "6.12.1"
      machine.steps = 0
      machine.stepsToLive = limit
      do {
        try machine.once()
        break
      } catch is TestMachine.Killed { deaths += 1 }
      machine.stepsToLive = nil
      try machine.once()
      let sequences = machine.controller.received.map(\.sequence)
      #expect(sequences == Array(1...Int64(sequences.count)), "after step \(limit)")
      #expect(
        try machine.controller.held[.system] == SHA256.digest(machine.facts.canonical(.system)!), "after step \(limit)")
      #expect(try machine.state.pending == nil, "after step \(limit)")
    }
    #expect(deaths >= 10)
  }

  @Test("A busy controller's message is kept as it was")
  func busy() throws {
    let machine = try enrolled()
    machine.controller.refusal = Response(status: 503, headers: [.init("Retry-After", "7")])
    #expect(throws: Refusal(status: 503, code: "http.503", message: "")) { try machine.once() }
    #expect(try machine.state.pending?.mayHaveArrived == true)
    machine.controller.refusal = nil
    try machine.once()
    #expect(machine.controller.received.map(\.sequence) == [1])
  }

  @Test("A key that waits for a person does not count its facts as told")
  func pendingStanding() throws {
    let machine = try enrolled()
    machine.controller.standing = .pending
    try machine.once()
    #expect(try machine.state.acknowledged == nil)
  }
}

extension Facts {
  var present: Set<FactSection> { Set(FactSection.allCases.filter { canonical($0) != nil }) }
}
