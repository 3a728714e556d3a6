import CurlClient
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

@Suite("The command enroll")
struct EnrollCommandTests {
  private func enrolled() throws -> TestMachine {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    machine.controller.now = ClockReading.now.system
    try machine.once()
    return machine
  }

  private func revoke(_ machine: TestMachine) { machine.controller.revoked.formUnion(machine.controller.issued.keys) }

  private func key(_ machine: TestMachine) throws -> Digest {
    try #require(try machine.agent.store.identity(.current)).keyDigest
  }

  @Test("On an enrolled device whose key is good it changes nothing")
  func enrolledAlready() throws {
    let machine = try enrolled()
    try machine.giveToken()
    let (code, said) = try machine.enrollCommand()
    #expect(code == .done && said.contains("enrolled already"))
    #expect(machine.controller.issued.count == 1)
  }

  @Test("A revoked key gives way to a new one, and the device reports again", arguments: [false, true])
  func revoked(isRemembered: Bool) throws {
    let machine = try enrolled()
    let old = try key(machine)
    revoke(machine)
    if isRemembered {
      let agent = try machine.agent
      var state = try agent.loadState()
      #expect(throws: Refusal.self) { try agent.contactOnce(&state) }
      #expect(try machine.state.lastFailureCode == "device.key-revoked")
      machine.controller.beforeRequest = { request throws(TransferError) in
        if request.url.hasSuffix(AgentPath.standing) { throw TransferError(.timeout, "no answer") }
      }
    }
    try machine.giveToken()
    let (code, said) = try machine.enrollCommand()
    #expect(code == .done && said.contains("Enrolled as"))
    #expect(try key(machine) != old)
    #expect(try machine.state.lastFailureCode == nil && machine.state.failures == 0)
    #expect(try machine.once().standing == .active)
    #expect(try machine.enrollCommand().said.contains("enrolled already"))
  }

  @Test("A revoked key without a token is a failure, not 'enrolled already'")
  func revokedWithoutToken() throws {
    let machine = try enrolled()
    revoke(machine)
    #expect(throws: ConfigurationError.self) { try machine.enrollCommand() }
  }

  @Test("A next key that was revoked along with the current one gives way too", arguments: [[], ["--again"]])
  func revokedNext(words: [String]) throws {
    let machine = try enrolled()
    machine.controller.renewNow = true
    try machine.once()
    let next = try #require(try machine.agent.store.key(.next)).publicKey
    revoke(machine)
    try machine.giveToken()
    let result = try words.isEmpty ? machine.enrollCommand() : machine.enrollCommand("--again")
    #expect(result.code == .done)
    #expect(try #require(try machine.agent.store.identity(.current)).key.publicKey != next)
  }

  @Test("While a new enrolment waits for a person, the same new key asks again")
  func pendingAnew() throws {
    let machine = try enrolled()
    revoke(machine)
    machine.controller.approves = false
    try machine.giveToken()
    #expect(try machine.enrollCommand().code == .waiting)
    let next = try #require(try machine.agent.store.key(.next)).publicKey
    machine.controller.approves = true
    #expect(try machine.enrollCommand().code == .done)
    #expect(try #require(try machine.agent.store.identity(.current)).key.publicKey == next)
  }

  @Test("Another controller's address on an enrolled device is refused with what to do; its own is not")
  func anotherAddress() throws {
    let machine = try enrolled()
    try machine.giveToken()
    let error = #expect(throws: AgentError(.otherController, "")) {
      try machine.enrollCommand("--controller", "https://elsewhere:8444")
    }
    #expect(error?.message.contains("--again") == true)
    #expect(ExitCode(of: AgentError(.otherController, "")) == .configuration)
    #expect(try machine.enrollCommand("--controller", "https://Controller/").code == .done)
  }

  @Test("The people port is told from the devices port, before a root is pinned and after")
  func peoplePort() throws {
    let machine = try TestMachine(TestController())
    try machine.giveToken()
    machine.controller.isPeoplePort = true
    let error = #expect(throws: AgentError(.otherListener, "")) { try machine.enrollCommand() }
    #expect(error?.message.contains("is it the people port? The devices port is 8444 by default") == true)
    machine.controller.isPeoplePort = false
    machine.controller.approves = false
    #expect(try machine.enrollCommand().code == .waiting)
    machine.controller.isPeoplePort = true
    #expect(throws: AgentError(.otherListener, "")) { try machine.enrollCommand() }
    #expect(ExitCode(of: AgentError(.otherListener, "")) == .unreachable)
  }

  @Test("A new enrolment at a wrong address leaves the device with the controller that it has")
  func addressStays() throws {
    let machine = try enrolled()
    try machine.giveToken()
    machine.controller.isPeoplePort = true
    #expect(throws: AgentError(.otherListener, "")) {
      try machine.enrollCommand("--again", "--controller", "https://controller:8443")
    }
    #expect(try machine.agent.storedAddress() == "https://controller")
  }
}
