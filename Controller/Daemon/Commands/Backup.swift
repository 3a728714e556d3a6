import ArgumentParser
import Foundation

struct Backup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy the whole state to a new folder, while the controller goes on.",
    discussion: """
      The folder holds the database as it stood at one moment, the certificates and keys, and a list of checksums. It
      holds secrets: keep it as safe as the controller.

      EXAMPLE
        rollcalld backup /backup/rollcall-2026-11-21
      """)

  @Argument(help: "The folder to make; it must not exist.") var folder: String
  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let size = try StateArchive.backup(try flags.settings().state, to: folder)
      print("The backup is in \(folder) (\(size)).")
    }
  }
}
