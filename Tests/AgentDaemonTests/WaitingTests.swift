import CurlClient
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

/// Source: setfsuid(2): one thread's user for files alone
@_silgen_name("setfsuid") private func setfsuid(_ user: UInt32) -> Int32

@Suite("What a device says that waits for a person")
struct WaitingTests {
  private func waiting() throws -> TestMachine {
    let machine = try TestMachine(TestController())
    machine.controller.now = ClockReading.now.system
    machine.controller.approves = false
    #expect(try !machine.enroll())
    return machine
  }

  private func conclusion(_ machine: TestMachine) throws -> (words: String, code: ExitCode) {
    DoctorCommand.conclusion(of: Examination(agent: try machine.agent, reading: .now).findings())
  }

  @Test("While enrolment waits, a single contact asks again with the stored token and says so")
  func once() throws {
    let machine = try waiting()
    let agent = try machine.agent
    var state = try agent.loadState()
    #expect(try agent.hasBegun())
    let error = #expect(throws: Refusal(status: 503, code: "enroll.pending", message: "")) {
      try agent.contactOnce(&state)
    }
    #expect(error?.message.contains("waits for a person") == true)
    #expect(error.map { ExitCode(of: $0) } == .waiting)
    machine.controller.approves = true
    #expect(try agent.contactOnce(&state).standing == .active)
    let text = try StatusCommand.report(agent, at: .now)
    #expect(!text.contains("Since then"))
  }

  @Test("A device that never had a token is not enrolled, and nothing is begun")
  func notBegun() throws {
    let machine = try TestMachine(TestController())
    #expect(try !machine.agent.hasBegun())
    var state = AgentState()
    #expect(throws: AgentError(.notEnrolled, "")) { try machine.agent.contactOnce(&state) }
  }

  @Test("Status tells an enrolment that waits from one that was refused")
  func status() throws {
    let machine = try waiting()
    #expect(try StatusCommand.report(try machine.agent, at: .now).contains("it waits for a person's approval"))
    let token = machine.controller.token.printed
    machine.controller.token = try EnrollmentToken(printed: token.replacingFirst("rct1.B", with: "rct1.C"))
    let agent = try machine.agent
    var state = try agent.loadState()
    #expect(throws: Refusal.self) { try agent.enroll(EnrollmentToken(printed: token), in: .current, &state) }
    let text = try StatusCommand.report(agent, at: .now)
    #expect(text.contains("refused by the test") && !text.contains("waits for a person"))
  }

  @Test("While it waits, enroll, run and status name the key by which the controller's people know the device")
  func key() throws {
    let machine = try waiting()
    try machine.giveToken()
    let agent = try machine.agent
    let key = try SHA256.digest(try #require(try agent.store.key(.current)).publicKey)
    #expect(key.description.hasPrefix(key.short.dropLast()) && key.short.count == 17)
    let (code, said) = try machine.enrollCommand()
    #expect(code == .waiting && said.contains(key.short), "\(said)")
    let examined = Examination(agent: agent, reading: .now).findings().map(\.text).joined()
    #expect(examined.contains(key.short))
    var state = try agent.loadState()
    let error = #expect(throws: Refusal(status: 503, code: "enroll.pending", message: "")) { try agent.round(&state) }
    #expect(error?.message.contains(key.short) == true)
    #expect(try StatusCommand.report(agent, at: .now).contains("\nKey           \(key.short)\n"))
    machine.controller.approves = true
    _ = try agent.contactOnce(&state)
    #expect(try StatusCommand.report(agent, at: .now).contains("\nKey           \(key.short), active: trusted\n"))
  }

  @Test("Where a person has to decide, doctor says that and not that nothing is wrong")
  func enrolmentWaits() throws {
    let result = try conclusion(try waiting())
    #expect(result.words == "Nothing on this machine is wrong; a person at the controller has to decide.")
    #expect(result.code == .attention)
  }

  @Test(
    "So too for a key that is not trusted", arguments: [CheckInReply.Standing.quarantined, .pending, .restricted])
  func standings(standing: CheckInReply.Standing) throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    machine.controller.now = ClockReading.now.system
    machine.controller.standing = standing
    try machine.once()
    let result = try conclusion(machine)
    #expect(result.words == "Nothing on this machine is wrong; a person at the controller has to decide.")
    #expect(result.code == .attention)
    machine.controller.standing = .active
    let trusted = try conclusion(machine)
    #expect(trusted.words == "Nothing is wrong." && trusted.code == .done)
  }

  @Test("A quarantine is told without guessing who set it")
  func words() {
    #expect(
      Words.standing(.quarantined)
        == "quarantined: its identity is in doubt or a person stopped it; a person has to decide")
  }

  @Test("Doctor's exit status is 0 only where nothing needs attention")
  func exitStatus() {
    func code(_ verdicts: Finding.Verdict...) -> ExitCode {
      DoctorCommand.conclusion(of: verdicts.map { Finding(verdict: $0, subject: "x", state: "y") }).code
    }
    #expect(code(.well) == .done)
    #expect(code(.well, .attention) == .attention)
    #expect(code(.well, .unknown) == .attention)
    #expect(code(.attention, .wrong) == .failed)
    #expect(Program.help.contains("2   \(ExitCode.attention.meaning)"))
  }

  @Test("Another user is told that it may not read the folder, and not that there is no key")
  func anotherUser() throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    let agent = try machine.agent
    let isRoot = geteuid() == 0
    if isRoot { _ = setfsuid(65_534) } else { chmod(machine.folder.path, 0) }
    defer { if isRoot { _ = setfsuid(0) } else { chmod(machine.folder.path, 0o700) } }
    let findings = Examination(agent: agent, reading: .now).findings()
    for subject in ["Key", "State", "Certificate"] {
      let finding = findings.first { $0.subject == subject }
      #expect(finding?.state.contains("this user may not read") == true, "\(subject)")
      #expect(finding?.advice == "Run this as root or as rollcall-agent.", "\(subject)")
    }
    #expect(!findings.map(\.text).joined().contains("Enrol"))
    let error = #expect(throws: AgentError(.fileUnreadable, "")) { try StatusCommand.report(agent, at: .now) }
    #expect(error?.message.contains("run as root, or as its owner (rollcall-agent") == true)
  }
}
