import AgentTransport
import Glibc
import Vocabulary

/// What `rollcall-agent` understands, and where each word goes.
enum Program {
  static func run(_ words: [String]) -> ExitCode {
    guard let word = words.first, !["--help", "-h", "help"].contains(word) else {
      if words.count > 1, let command = commands.first(where: { $0.name == words[1] }) {
        output(command.help)
      } else {
        output(help)
      }
      return words.isEmpty ? .usage : .done
    }
    do {
      let command = try command(named: word == "--version" ? "version" : word)
      let rest = Array(words.dropFirst())
      if rest.contains("--help") || rest.contains("-h") {
        output(command.help)
        return .done
      }
      return try command.run(Arguments(rest, options: command.options))
    } catch {
      let failure = Failure(error)
      complain(error is UsageError ? "\(failure.message)\nTry 'rollcall-agent --help'." : failure.text)
      return ExitCode(of: error)
    }
  }

  static let commands: [Command] = [
    EnrollCommand.command, RunCommand.command, OnceCommand.command, CollectCommand.command, StatusCommand.command,
    DoctorCommand.command, MeasureCommand.command, VersionCommand.command,
  ]

  static var help: String {
    let width = commands.map(\.name.count).max() ?? 0
    var text = "rollcall-agent: enrols this device with a Rollcall controller and reports its facts.\n\n"
    text += "  rollcall-agent COMMAND [--option VALUE …]\n\nCommands\n"
    for command in commands {
      text += "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)\n"
    }
    text += "\nExit status\n"
    for code in ExitCode.allCases { text += "  \(code.rawValue)\(code.rawValue < 10 ? " " : "")  \(code.meaning)\n" }
    return text + "\n'rollcall-agent COMMAND --help' tells a command's options and examples.\n"
  }

  private static func command(named name: String) throws(UsageError) -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    let near = Spelling.nearest(to: name, in: commands.map(\.name)).map { " Did you mean '\($0)'?" } ?? ""
    throw UsageError(message: "There is no command '\(name)'.\(near)")
  }

  static func output(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func complain(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to file: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// One word of the command line with its options, examples and effect.
struct Command: Sendable {
  let name: String
  let summary: String
  let options: [Option]
  /// Each a command and what it does.
  let examples: [(line: String, effect: String)]
  let run: @Sendable (Arguments) throws -> ExitCode

  /// The options that name the configuration.
  static let configuration =
    [
      Option("config", "FILE", "the configuration, lines of 'key = value' (default \(Configuration.standardFile))")
    ] + Configuration.settings

  var help: String {
    var text = "rollcall-agent \(name): \(summary)\n"
    let rows = options.map { ("--\($0.name)\($0.value.map { " \($0)" } ?? "")", $0.help) }
    let width = rows.map(\.0.count).max() ?? 0
    if !rows.isEmpty { text += "\nOptions\n" }
    for (left, right) in rows { text += "  \(left)\(String(repeating: " ", count: width - left.count))  \(right)\n" }
    if !examples.isEmpty { text += "\nExamples\n" }
    for example in examples { text += "  \(example.line)\n      \(example.effect)\n" }
    return text
  }
}
