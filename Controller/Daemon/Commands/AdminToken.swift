import ArgumentParser
import Enrollment
import Foundation

struct AdminToken: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a new token of the first state administrator, where every other was lost or has ended.",
    discussion: """
      Whoever may write the state folder may run this; the journal says that the controller made the token. The controller
      is stopped meanwhile.

      EXAMPLE
        rollcalld admin-token --output-file ./admin.token
      """)

  @Option(help: "The file to write the token to, 0600; it must not exist.") var outputFile: String
  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      try StateArchive.requireWhole(settings.state, database: settings.database)
      guard !FileManager.default.fileExists(atPath: outputFile) else {
        throw ConfigurationError(.state, "\(outputFile) exists; name a file that does not.")
      }
      let lock = try StateLock(settings.state)
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      let controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
      let secret = try await controller.makeAdministratorToken(now: SystemClock.now)
      try await controller.close()
      try DurableFile.write(secret + "\n", to: outputFile, mode: 0o600)
      print("The token is in \(outputFile) (0600). Next: rollcall login --token-file \(outputFile)")
      _ = consume lock
    }
  }
}
