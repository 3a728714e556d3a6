import AgentTransport
import FoundationEssentials
import Glibc
import Vocabulary
import Wire

/// `run`: the service.
enum RunCommand {
  static let command = Command(
    name: "run", summary: "reports to the controller for ever; the service",
    options: Command.configuration,
    examples: [("rollcall-agent run", "SIGHUP checks in now, SIGTERM ends")],
    run: { arguments in
      let configuration = try Configuration(arguments)
      let agent = Agent(configuration, log: Log())
      try agent.store.files.makeFolder(configuration.stateFolder.path)
      let lock = try FolderLock(configuration.stateFolder)
      defer { withExtendedLifetime(lock) {} }
      let notifier = ServiceNotifier { name in getenv(name).map { String(cString: $0) } }
      return try RunLoop(agent: agent, notifier: notifier).run()
    })
}

/// `once`: one contact.
enum OnceCommand {
  static let command = Command(
    name: "once", summary: "checks in once and says what the controller answered",
    options: Command.configuration,
    examples: [("rollcall-agent once", "the same as one round of the service; asks again where enrolment waits")],
    run: { arguments in
      let configuration = try Configuration(arguments)
      let agent = Agent(configuration, log: Log())
      guard try agent.hasBegun() else {
        throw AgentError(.notEnrolled, "This device is not enrolled. Run 'rollcall-agent enroll' with a token.")
      }
      try agent.store.files.makeFolder(configuration.stateFolder.path)
      let lock = try FolderLock(configuration.stateFolder)
      defer { withExtendedLifetime(lock) {} }
      var state = try agent.loadState()
      let reply = try agent.contactOnce(&state)
      Program.output(
        "Checked in: number \(reply.sequence), \(reply.standing.rawValue); next in \(reply.nextCheckInSeconds) s.\n")
      if let notice = reply.notice { Program.output("Notice: \(notice)\n") }
      return .done
    })
}

/// `collect`: the facts, without a controller.
enum CollectCommand {
  static let command = Command(
    name: "collect", summary: "prints what the agent would report, as JSON; needs no controller",
    options: Command.configuration + [Option("compact", nil, "on one line")],
    examples: [
      ("rollcall-agent collect", "everything that would travel; nothing is sent"),
      ("rollcall-agent collect --root /mnt/image", "reads another machine's files"),
    ],
    run: { arguments in
      let agent = Agent(try Configuration(arguments), log: Log())
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      if !arguments.switches.contains("compact") { encoder.outputFormatting.insert(.prettyPrinted) }
      Program.output(String(decoding: try encoder.encode(agent.collect(nil)), as: UTF8.self) + "\n")
      return .done
    })
}

/// `version`.
enum VersionCommand {
  static let command = Command(
    name: "version", summary: "prints the agent's and the messages' version", options: [], examples: [],
    run: { _ in
      Program.output("rollcall-agent \(Release.version), messages version \(WireVersion.current)\n")
      return .done
    })
}
