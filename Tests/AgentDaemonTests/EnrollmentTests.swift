import CurlClient
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

@Suite struct EnrollmentTests {
  @Test("A token brings a device to a certificate that leads to the pinned root")
  func enrols() throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    let identity = try #require(try machine.agent.store.identity(.current))
    #expect(identity.device?.rawValue == "dev_0123456789abcdef")
    #expect(identity.certificates.count == 2)
    #expect(try machine.agent.store.root()?.fingerprint == machine.controller.authority.root.fingerprint)
    #expect(try machine.agent.store.files.read(machine.folder.token) == nil)
  }

  @Test("The key and the token are readable by their owner only")
  func modes() throws {
    let machine = try TestMachine(TestController())
    machine.controller.approves = false
    #expect(try !machine.enroll())
    for path in [machine.folder.key, machine.folder.token] {
      var facts = stat()
      #expect(stat(path, &facts) == 0)
      #expect(facts.st_mode & 0o777 == 0o600)
    }
  }

  @Test("A device that waits for approval comes back with the same key and the same request")
  func pending() throws {
    let machine = try TestMachine(TestController())
    machine.controller.approves = false
    var bodies: [[UInt8]] = []
    machine.controller.beforeRequest = { request throws(TransferError) in
      if request.url.hasSuffix("simpleenroll") { bodies.append(request.body ?? []) }
    }
    #expect(try !machine.enroll())
    #expect(try !machine.enroll())
    machine.controller.approves = true
    #expect(try machine.enroll())
    #expect(bodies.count == 3 && Set(bodies).count == 1)
  }

  @Test("A controller whose root is not the token's gets neither token nor request")
  func otherRoot() throws {
    let machine = try TestMachine(TestController())
    let stranger = TestController.printed(root: try SHA256.digest([1, 2, 3]))
    machine.controller.token = try EnrollmentToken(printed: stranger)
    var posts = 0
    machine.controller.beforeRequest = { request throws(TransferError) in posts += request.method == .post ? 1 : 0 }
    #expect(throws: AgentError(.rootMismatch, "")) { try machine.enroll() }
    #expect(posts == 0)
  }

  @Test("An agent killed after any step of enrolment goes on with the same key and gets one certificate")
  func killedAnywhere() throws {
    var deaths = 0
    for limit in 1...200 {
      let machine = try TestMachine(TestController())
      machine.stepsToLive = limit
      do {
        #expect(try machine.enroll())
        break
      } catch is TestMachine.Killed { deaths += 1 }
      let key = try machine.agentAlive().store.key(.current)?.publicKey
      #expect(try machine.enroll(), "after step \(limit)")
      let identity = try #require(try machine.agent.store.identity(.current))
      if let key { #expect(identity.key.publicKey == key, "after step \(limit)") }
      #expect(machine.controller.issued.count == 1, "after step \(limit)")
    }
    #expect(deaths >= 20)
  }

  @Test("A lost reply to an enrolment costs nothing but another question")
  func lostReply() throws {
    let machine = try TestMachine(TestController())
    machine.controller.beforeAnswer = { request throws(TransferError) in
      if request.url.hasSuffix("simpleenroll") { throw TransferError(.interrupted, "lost", mayHaveArrived: true) }
    }
    #expect(throws: TransferError(.interrupted, "")) { try machine.enroll() }
    machine.controller.beforeAnswer = { _ throws(TransferError) in }
    #expect(try machine.enroll())
    #expect(machine.controller.issued.count == 1)
  }

  @Test("A refusal keeps the controller's code")
  func refused() throws {
    let machine = try TestMachine(TestController())
    let foreign = try TestController()
    machine.controller.token = try EnrollmentToken(
      printed: TestController.printed(root: try machine.controller.authority.root.fingerprint))
    let agent = try machine.agent
    var state = AgentState()
    let wrong = try EnrollmentToken(printed: machine.controller.token.printed.replacingFirst("rct1.B", with: "rct1.C"))
    #expect(throws: Refusal(status: 401, code: "enroll.token", message: "")) {
      _ = try agent.enroll(wrong, in: .current, &state)
    }
    #expect(foreign.issued.isEmpty)
  }

  @Test("Of what comes with a certificate only authorities that lead to the root are stored")
  func strangersAlongside() throws {
    let machine = try TestMachine(TestController())
    let authority = machine.controller.authority
    let device = try authority.client().certificates[0]
    machine.controller.alongside = [try TestAuthority().issuing, authority.issuing, authority.root, device]
    #expect(try machine.enroll())
    let identity = try #require(try machine.agent.store.identity(.current))
    #expect(identity.certificates.dropFirst().map(\.der) == [authority.issuing.der])
  }
}

extension TestMachine {
  /// The same folder, with an agent that nothing kills.
  func agentAlive() throws -> Agent {
    stepsToLive = nil
    return try agent
  }
}

extension String {
  func replacingFirst(_ old: String, with new: String) -> String { hasPrefix(old) ? new + dropFirst(old.count) : self }
}
