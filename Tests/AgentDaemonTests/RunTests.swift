import CurlClient
import Glibc
import Testing
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

@Suite struct RunTests {
  @Test("A throttle of bad tokens does not set the pace of the next tries; a busy controller does")
  func throttled() {
    func refusal(_ code: ErrorCode) -> Refusal {
      Refusal(status: 429, code: code, message: "", retryAfter: .seconds(6))
    }
    #expect(RunLoop.asked(by: refusal("enroll.too-many-failures")) == nil)
    #expect(RunLoop.asked(by: refusal("checkin.busy")) == .seconds(6))
    #expect(RunLoop.asked(by: TransferError(.refused, "")) == nil)
  }

  @Test("Failures are retried from 30 s, doubling with jitter, up to an hour")
  func backoff() {
    #expect(Backoff.delay(failures: 1, random: 0.5) == .seconds(30))
    for failures in 1...100 {
      for random in [0.0, 0.5, 0.999] {
        let delay = Backoff.delay(failures: failures, random: random)
        #expect(delay >= .seconds(30) && delay <= .seconds(3600))
      }
    }
    #expect(Backoff.delay(failures: 5, random: 0) == .seconds(240))
    #expect(Backoff.delay(failures: 40, random: 0) == .seconds(1800))
  }

  @Test("Retry-After is honoured, never shortened, and bounded at a day")
  func retryAfter() {
    #expect(Backoff.delay(failures: 1, asked: .seconds(7), random: 0) == .seconds(7))
    #expect(Backoff.delay(failures: 9, asked: .seconds(600), random: 0.5) >= .seconds(600))
    #expect(Backoff.delay(failures: 1, asked: .seconds(1 << 40), random: 0) == .seconds(86_400))
    #expect(Backoff.delay(failures: 1, asked: .zero, random: 0) == .seconds(1))
  }

  @Test(
    "The controller's steering is kept within reason", arguments: [(0, 10), (-5, 10), (3600, 3600), (.max, 86_400)])
  func steering(seconds: Int, expected: Int) { #expect(Backoff.steered(seconds: seconds) == .seconds(expected)) }

  @Test("Log lines are one line each, with values that end where they seem to")
  func log() {
    var lines: [String] = []
    var log = Log()
    log.write = { lines.append($0) }
    log.forJournal = true
    log.info("check-in acknowledged", ["sequence": "7", "reason": "a \"b\"\nc", "empty": ""])
    #expect(lines == ["<6>check-in acknowledged sequence=7 reason=\"a \\\"b\\\" c\" empty=\"\"\n"])
  }

  @Test("The service manager hears what it asked for, on a path and on an abstract name", arguments: [false, true])
  func notifies(isAbstract: Bool) throws {
    let name = "/tmp/rollcall-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { unlink(name) }
    let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(receiver) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { space in
      space.copyBytes(from: name.utf8)
      if isAbstract { space[0] = 0 }
    }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(receiver, $0, size) }
    }
    #expect(bound == 0)
    let socketName = isAbstract ? "@" + name.dropFirst() : name
    let environment = ["NOTIFY_SOCKET": socketName, "WATCHDOG_USEC": "30000000"]
    let notifier = ServiceNotifier { environment[$0] }
    #expect(notifier.watchdog == .seconds(30))
    notifier.ready()
    notifier.alive()
    var text = [UInt8](repeating: 0, count: 100)
    for expected in ["READY=1", "WATCHDOG=1"] {
      let count = recv(receiver, &text, text.count, Int32(MSG_DONTWAIT))
      #expect(count > 0 && String(decoding: text[..<max(0, count)], as: UTF8.self) == expected)
    }
  }

  @Test("Without a service manager nothing is sent, and another process's watchdog is not ours")
  func silent() {
    #expect(ServiceNotifier { _ in nil }.watchdog == nil)
    let environment = ["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"]
    #expect(ServiceNotifier { environment[$0] }.watchdog == nil)
  }

  @Test("A state comes back from its file; one changed bit does not")
  func stateFile() throws {
    var state = AgentState()
    state.sequence = 7
    state.acknowledged = [.system: try SHA256.digest([1])]
    state.lastFailure = "é\u{0}\"}"
    let bytes = try StateFile.encoded(state)
    #expect(try StateFile.decoded(bytes) == state)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 4
      #expect(try StateFile.decoded(damaged) == nil)
    }
    for length in 0..<bytes.count { #expect(try StateFile.decoded(Array(bytes[..<length])) == nil) }
  }

  @Test("Another key counts from the beginning and asks what the controller holds")
  func otherKey() throws {
    let (first, second) = (try SHA256.digest([1]), try SHA256.digest([2]))
    var state = AgentState().counting(for: first)
    #expect(state.acknowledged == [:])
    state.sequence = 9
    #expect(state.counting(for: first) == state)
    let other = state.counting(for: second)
    #expect(other.sequence == 0 && other.acknowledged == nil)
  }
}

@Suite struct DoctorTests {
  private func verdicts(_ kind: TransferError.Kind) -> [Finding.Verdict] {
    Connection.failed(TransferError(kind, "x")).map(\.verdict)
  }

  @Test("The first thing that does not work is named; what comes before works, what comes after is not known")
  func stages() {
    #expect(verdicts(.nameNotFound) == [.wrong, .unknown, .unknown, .unknown])
    #expect(verdicts(.refused) == [.well, .wrong, .unknown, .unknown])
    #expect(verdicts(.serverExpired) == [.well, .well, .wrong, .unknown])
    #expect(verdicts(.interrupted) == [.well, .well, .well, .wrong])
  }

  @Test("Whatever is wrong comes with what to do", arguments: TransferError.Kind.allCases)
  func advice(kind: TransferError.Kind) {
    for finding in Connection.failed(TransferError(kind, "x")) where finding.verdict == .wrong {
      #expect(!finding.advice.isEmpty)
    }
  }

  @Test("A clock that is behind is told, with the time that the agent goes by")
  func clock() {
    let reading = ClockReading(system: Instant(seconds: 0), sinceBoot: .zero)
    #expect(Examination.clock(ClockEstimate(at: reading), at: reading).verdict == .attention)
    let right = ClockReading(system: ClockEstimate.release.advanced(by: .seconds(60)), sinceBoot: .zero)
    #expect(Examination.clock(ClockEstimate(at: right), at: right).verdict == .well)
  }

  @Test("A certificate is judged by its dates")
  func certificate() {
    let begin = ClockEstimate.release
    let end = begin.advanced(by: .seconds(90 * 86_400))
    let due = begin.advanced(by: .seconds(72 * 86_400))
    func verdict(_ days: Int64) -> Finding.Verdict {
      Examination.certificate(
        notBefore: begin, notAfter: end, due: due, at: begin.advanced(by: .seconds(days * 86_400))
      )
      .verdict
    }
    #expect([-1, 1, 80, 100, 600].map(verdict) == [.wrong, .well, .well, .attention, .wrong])
  }

  @Test("A device that is not enrolled is told so without asking a controller")
  func notEnrolled() throws {
    let machine = try TestMachine(TestController())
    let findings = Examination(agent: try machine.agent, reading: .now).findings()
    #expect(findings.first { $0.subject == "Certificate" }?.verdict == .wrong)
    #expect(findings.last?.verdict == .unknown)
  }

  @Test("An enrolled device that reports is well")
  func well() throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    machine.controller.now = ClockReading.now.system
    try machine.once()
    let findings = Examination(agent: try machine.agent, reading: .now).findings()
    #expect(findings.allSatisfy { $0.verdict == .well }, "\(findings)")
    let text = try StatusCommand.report(try machine.agent, at: .now)
    #expect(text.contains("as dev_0123456789abcdef") && text.contains("active: trusted"))
  }

  @Test("A revoked device is told so by doctor, and a failed single contact is remembered")
  func revoked() throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    machine.controller.now = ClockReading.now.system
    try machine.once()
    machine.controller.revoked = Set(machine.controller.issued.keys)
    let agent = try machine.agent
    var state = try agent.loadState()
    #expect(throws: Refusal.self) { try agent.contactOnce(&state) }
    #expect(try machine.state.failures == 1)
    let findings = Examination(agent: agent, reading: .now).findings()
    #expect(findings.first { $0.subject == "Key at the controller" }?.verdict == .wrong)
    #expect(findings.first { $0.subject == "Last contact" }?.verdict == .attention)
  }

  @Test("A quarantined device is told so by doctor")
  func quarantined() throws {
    let machine = try TestMachine(TestController())
    #expect(try machine.enroll())
    machine.controller.now = ClockReading.now.system
    machine.controller.standing = .quarantined
    let finding = Examination(agent: try machine.agent, reading: .now).findings().last
    #expect(finding?.subject == "Key at the controller" && finding?.verdict == .attention)
  }
}
