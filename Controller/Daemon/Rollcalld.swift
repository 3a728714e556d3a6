import ArgumentParser
import Foundation
import Vocabulary

@main
struct Rollcalld: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollcalld",
    abstract: "The Rollcall controller: enrols devices, takes their check-ins, and answers operators.",
    discussion: """
      EXAMPLES
        rollcalld init --state /var/lib/rollcall --names rollcall.example.org
        rollcalld serve --people 0.0.0.0:8443 --devices 0.0.0.0:8444
        rollcalld backup /backup/rollcall-monday
        rollcalld doctor

      Settings come from flags, then from ROLLCALLD_… variables, then from files; 'rollcalld config' lists them.
      Exit codes: 0 done, 1 failed, 2 the doctor found faults, 64 wrong usage.
      """,
    version: Release.version,
    subcommands: [
      Init.self, Serve.self, Doctor.self, Backup.self, Restore.self, MigrateDatabase.self, AdminToken.self,
      Authority.self, Config.self, ShowVersion.self,
    ])

  /// As ArgumentParser's, and tells the nearest name of a command that there is not.
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(arguments)
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
    } catch {
      if exitCode(for: error) == .validationFailure, let mistake = names(of: self).mistake(in: arguments) {
        // The parser's own line knows no name that is near.
        let rest = fullMessage(for: error).drop { $0 != "\n" }
        FileHandle.standardError.write(Data("Error: \(mistake)\(rest)\n".utf8))
        exit(withError: ExitCode.validationFailure)
      }
      exit(withError: error)
    }
  }

  /// The names of `command` and of what stands below it.
  static func names(of command: any ParsableCommand.Type) -> CommandTree {
    CommandTree(command._commandName, command.configuration.subcommands.map(names))
  }
}

struct ShowVersion: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() { print("rollcalld \(Release.version)") }
}

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List every setting with its meaning, unit and default.")

  func run() {
    for setting in Setting.allCases {
      print("\(setting.rawValue)\n    \(setting.meaning).")
      print("    \(setting.unit); default \(setting.fallback ?? "computed"); \(setting.variable)")
    }
  }
}
