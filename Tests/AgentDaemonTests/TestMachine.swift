import Glibc
import Synchronization
import Vocabulary
import Wire

@testable import AgentTransport
@testable import rollcall_agent

/// A device in a temporary folder, whose facts a test changes and whose agent it kills.
final class TestMachine: @unchecked Sendable {
  // Tests use one thread each; the mark is for the closures that carry it.
  let controller: TestController
  let folder: StateFolder
  var facts: Facts
  var keyURI: String?
  /// Where the configuration says that the controller is.
  var address = "https://controller"
  /// The file with a token that the configuration names.
  var tokenFile: String?
  /// Persisted steps until the agent is killed; nil for never.
  var stepsToLive: Int?
  var steps = 0

  struct Killed: Error {}

  init(_ controller: TestController) throws {
    self.controller = controller
    var template = Array("/tmp/rollcall-agent-test.XXXXXX".utf8CString)
    folder = StateFolder(template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) })
    facts = Facts(identity: IdentityFacts(), system: SystemFacts(), vitals: VitalFacts())
    facts.identity?.serial = "PF3XK9Q2"
    facts.identity?.uuid = "4c4c4544-0042-3010-8052-b9c04f4b4d32"
    facts.system?.hostname = "desk-7"
  }

  deinit {
    for name in ["/spool/checkin", "/spool/checkin.new"] { unlink(folder.path + name) }
    rmdir(folder.spool)
    for path in [
      folder.root, folder.controller, folder.key, folder.certificate, folder.nextKey, folder.nextCertificate,
      folder.request, folder.token, folder.state, folder.damagedState, givenToken,
    ] {
      unlink(path)
      unlink(path + ".new")
    }
    rmdir(folder.path)
  }

  /// The agent as a process that has just begun: it knows only what lies in the folder.
  var agent: Agent {
    get throws {
      var files = AtomicFiles()
      files.after = { [unowned self] _, _ in
        steps += 1
        if let limit = stepsToLive, steps >= limit { throw Killed() }
      }
      var configuration = try Configuration(text: "controller = \(address)", from: "test")
      configuration.stateFolder = folder
      configuration.keyURI = keyURI
      configuration.tokenFile = tokenFile
      var log = Log()
      log.write = { _ in }
      return Agent(
        configuration, log: log, files: files, make: controller.make,
        collect: { [unowned self] offset in
          var facts = facts
          facts.vitals?.clockOffsetMilliseconds = offset
          return facts
        })
    }
  }

  private var givenToken: String { folder.path + "/given" }

  /// Puts the controller's token into a file that the configuration names.
  func giveToken() throws {
    try AtomicFiles().write(Array(controller.token.printed.utf8), to: givenToken)
    tokenFile = givenToken
  }

  /// `enroll` with these words after it; returns the exit status and what was said.
  func enrollCommand(_ words: String...) throws -> (code: ExitCode, said: String) {
    let arguments = try Arguments(words, options: EnrollCommand.command.options)
    if let given = arguments.values["controller"] { address = given }
    var said = ""
    let code = try EnrollCommand.enroll(try agent, arguments) { said += $0 }
    return (code, said)
  }

  /// Enrols and returns whether there is a certificate now.
  func enroll() throws -> Bool {
    let agent = try agent
    var state = try agent.loadState()
    if try agent.store.identity(.current) != nil { return true }
    guard case .issued = try agent.enroll(controller.token, in: .current, &state) else { return false }
    return true
  }

  /// One contact as `once` makes it.
  @discardableResult func once() throws -> CheckInReply {
    let agent = try agent
    var state = try agent.loadState()
    return try agent.contact(&state)
  }

  var state: AgentState { get throws { try agent.loadState() } }
}
