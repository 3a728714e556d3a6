import ArgumentParser
import Vocabulary

/// `rollcall`: the operator's command, over the public API only.
@main
enum Program {
  static func main() {
    let status = run(Array(CommandLine.arguments.dropFirst()))
    if status != .success { RollcallCommand.exit(withError: ExitCode(status.rawValue)) }
  }

  /// Runs one command line to its end; every error is printed here, and nowhere else.
  static func run(_ arguments: [String]) -> ExitStatus {
    let console = Surroundings.current.console
    do {
      var command = try RollcallCommand.parseAsRoot(arguments)
      do { try command.run() } catch let error as ValidationError { return misused(type(of: command), error, console) }
      return .success
    } catch let error as CommandError {
      console.error(ErrorText.text(error))
      return error.exit
    } catch {
      return parserEnded(error, arguments, console)
    }
  }

  /// A command that needs something more, with its own usage.
  private static func misused(
    _ command: any ParsableCommand.Type, _ error: ValidationError, _ console: any Console
  ) -> ExitStatus {
    let usage = RollcallCommand.usageString(for: command)
    console.error("Error: \(TerminalText.neutralised(error.message))\nUsage: \(usage)\n")
    return .usage
  }

  /// The names of `command` and of what stands below it.
  static func names(of command: any ParsableCommand.Type) -> CommandTree {
    CommandTree(command._commandName, command.configuration.subcommands.map(names))
  }

  /// Help and completion scripts go to the output, mistakes in the arguments to the error.
  private static func parserEnded(
    _ error: any Error, _ arguments: [String], _ console: any Console
  ) -> ExitStatus {
    let text = RollcallCommand.fullMessage(for: error)
    switch RollcallCommand.exitCode(for: error) {
    case .success:
      console.output(text.hasSuffix("\n") ? text : text + "\n")
      return .success
    case .validationFailure:
      guard let mistake = names(of: RollcallCommand.self).mistake(in: arguments) else {
        console.error(text + "\n")
        return .usage
      }
      // The parser's own line knows no name that is near.
      console.error("Error: \(TerminalText.neutralised(mistake))\(text.drop { $0 != "\n" })\n")
      return .usage
    default:
      console.error("error: \(TerminalText.neutralised(text))\n")
      return .failure
    }
  }
}

/// What the command's exit code says. These are part of the interface.
enum ExitStatus: Int32, Sendable, CaseIterable {
  case success = 0
  case failure = 1
  /// The command line is wrong.
  case usage = 2
  /// There is no such thing, or several.
  case notFound = 3
  /// Not signed in, or not allowed.
  case notAllowed = 4
  /// No answer from the controller, or it is too busy.
  case unreachable = 5
  /// The controller does not take the input.
  case refused = 6
  /// A proof does not hold: a file, or the journal that it is of, was changed.
  case disproved = 7

  /// Of an answer that is not a success.
  static func of(httpStatus: Int) -> ExitStatus {
    switch httpStatus {
    case 404, 410: .notFound
    case 401, 403: .notAllowed
    case 429, 502, 503, 504: .unreachable
    case 400..<500: .refused
    default: .failure
    }
  }
}
