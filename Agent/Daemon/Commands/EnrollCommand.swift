import AgentTransport
import CurlClient
import Glibc
import Vocabulary

/// `enroll`: from a token to a certificate.
enum EnrollCommand {
  static let command = Command(
    name: "enroll", summary: "makes this device's key and gets its certificate with an enrolment token",
    options: Command.configuration + [
      Option("wait", nil, "while a person has to approve, stay and ask again"),
      Option("again", nil, "with a new key although there is a certificate, such as after a revocation"),
    ],
    examples: [
      (
        "rollcall-agent enroll --controller https://rollcall.example.org:8444 --token-file /root/token",
        "enrols; the token's file may then be removed"
      ),
      ("echo $TOKEN | rollcall-agent enroll --token-file -", "reads the token from standard input"),
      (
        "ROLLCALL_TOKEN=rct1.… rollcall-agent enroll --wait",
        "takes the token from the environment, and waits for approval"
      ),
    ],
    run: { arguments in
      let configuration = try Configuration(arguments)
      let agent = Agent(configuration, log: Log())
      try agent.store.files.makeFolder(configuration.stateFolder.path)
      let lock = try FolderLock(configuration.stateFolder)
      defer { withExtendedLifetime(lock) {} }
      return try enroll(agent, arguments, say: Program.output)
    })

  static func enroll(_ agent: Agent, _ arguments: Arguments, say: (String) -> Void) throws -> ExitCode {
    var state = try agent.loadState()
    let current = try agent.store.identity(.current)
    if let current, !arguments.switches.contains("again") {
      try refuseAnotherAddress(agent, arguments)
      guard try isKeyAtItsEnd(current, agent, state) else {
        say("This device is enrolled already, \(words(current)).\n")
        return .done
      }
      say("The controller does not take this device's key any more; it enrols anew, with a new key.\n")
    }
    let slot: IdentityStore.Slot = current == nil ? .current : .next
    let token = try token(agent.configuration, agent.store.files)
    while true {
      switch try attempt(agent, token, in: slot, &state) {
      case .issued(let identity):
        if slot == .next {
          try agent.store.promote()
          state.beginAnew()
          try agent.file.save(state)
        }
        say("Enrolled \(words(identity)).\n")
        return .done
      case .pending(let wait):
        let key = try agent.store.keyDigest(slot).map { " (key \($0.short))" } ?? ""
        say(
          "The controller's people have to approve this device\(key) first; it asks again in \(wait.components.seconds) s.\n"
        )
        guard arguments.switches.contains("wait") else { return .waiting }
        if Signals.wait(max(.seconds(1), min(wait, .seconds(3600)))) == .terminate { return .waiting }
      }
    }
  }

  /// One attempt; a key that was revoked before it came to a certificate gives way to a new one, once.
  private static func attempt(
    _ agent: Agent, _ token: EnrollmentToken, in slot: IdentityStore.Slot, _ state: inout AgentState
  ) throws -> Enroller.Outcome {
    do {
      return try agent.enroll(token, in: slot, &state)
    } catch let refusal as Refusal where refusal.code == "enroll.key-revoked" && agent.store.keyURI == nil {
      try agent.store.drop(slot)
      return try agent.enroll(token, in: slot, &state)
    }
  }

  /// - Throws: `agent.other-controller` where the command line names another address than the enrolment's.
  private static func refuseAnotherAddress(_ agent: Agent, _ arguments: Arguments) throws {
    guard arguments.values["controller"] != nil, let given = agent.configuration.controller,
      let stored = try agent.storedAddress(), stored.lowercased() != given.lowercased()
    else { return }
    throw AgentError(
      .otherController,
      "This device is enrolled with \(stored), not \(given). To enrol there instead, with a new key, add --again and give a token; where that controller has another root certificate, use another --state-dir or remove \(agent.configuration.stateFolder.path) first."
    )
  }

  /// Whether only a new key helps: the controller says so now or, where it cannot be asked, said so last.
  ///
  /// - Throws: `agent.refused` for a revoked key in hardware, which no enrolment could replace.
  private static func isKeyAtItsEnd(_ current: DeviceIdentity, _ agent: Agent, _ state: AgentState) throws -> Bool {
    var code = state.lastFailureCode.map { ErrorCode($0) }
    do {
      _ = try agent.standing(of: current, state)
      return false
    } catch let refusal as Refusal {
      code = refusal.code
    } catch {
      // Out of reach: what it said last holds.
    }
    guard let code, Refusal.endingKey.contains(code) else { return false }
    if code == "device.key-revoked", let uri = agent.store.keyURI {
      throw AgentError(
        .refused,
        "The key in hardware at \(uri) was revoked, and a revoked key can never enrol. Make a new one there, remove \(agent.configuration.stateFolder.certificate), and enrol with the new key's URI."
      )
    }
    return true
  }

  private static func words(_ identity: DeviceIdentity) -> String {
    "as \(identity.device?.rawValue ?? "an unnamed device"), until \(identity.notAfter)"
  }

  /// - Throws: `agent.token-malformed`, `agent.file-unreadable`, ``ConfigurationError``.
  static func token(_ configuration: Configuration, _ files: AtomicFiles) throws -> EnrollmentToken {
    if let path = configuration.tokenFile {
      guard let bytes = try files.read(path == "-" ? "/dev/stdin" : path, limit: 4096) else {
        throw ConfigurationError(message: "The token's file \(path) does not exist.")
      }
      return try EnrollmentToken(printed: String(decoding: bytes, as: UTF8.self))
    }
    if let text = getenv("ROLLCALL_TOKEN") { return try EnrollmentToken(printed: String(cString: text)) }
    if let bytes = try files.read(configuration.stateFolder.token, limit: 4096) {
      return try EnrollmentToken(printed: String(decoding: bytes, as: UTF8.self))
    }
    throw ConfigurationError(message: "No token is given. Use --token-file FILE, --token-file - or ROLLCALL_TOKEN.")
  }
}
