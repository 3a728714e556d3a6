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
    run: { try run($0) })

  private static func run(_ arguments: Arguments) throws -> ExitCode {
    let configuration = try Configuration(arguments)
    let agent = Agent(configuration, log: Log())
    try agent.store.files.makeFolder(configuration.stateFolder.path)
    let lock = try FolderLock(configuration.stateFolder)
    defer { withExtendedLifetime(lock) {} }
    var state = try agent.loadState()
    let again = arguments.switches.contains("again")
    if let identity = try agent.store.identity(.current), !again {
      Program.output("This device is enrolled already, \(words(identity)).\n")
      return .done
    }
    let slot: IdentityStore.Slot = try agent.store.identity(.current) == nil ? .current : .next
    let token = try token(configuration, agent.store.files)
    while true {
      switch try agent.enroll(token, in: slot, &state) {
      case .issued(let identity):
        if slot == .next { try agent.store.promote() }
        Program.output("Enrolled \(words(identity)).\n")
        return .done
      case .pending(let wait):
        Program.output(
          "The controller's people have to approve this device first; it asks again in \(wait.components.seconds) s.\n")
        guard arguments.switches.contains("wait") else { return .waiting }
        if Signals.wait(max(.seconds(1), min(wait, .seconds(3600)))) == .terminate { return .waiting }
      }
    }
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
