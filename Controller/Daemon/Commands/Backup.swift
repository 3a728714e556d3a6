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
      let settings = try flags.settings()
      try Self.refuse(settings)
      let size = try StateArchive.backup(settings.state, to: folder)
      print("The backup is in \(folder) (\(size)).")
    }
  }

  /// A database server is backed up by its own means.
  ///
  /// - Throws: `config.state`.
  static func refuse(_ settings: ControllerSettings) throws {
    guard let address = settings.database else { return }
    throw ConfigurationError(
      .state,
      "The database is \(address.shown): back it up, and restore it, with PostgreSQL's own means (pg_basebackup, or pg_dump), and copy \(settings.state.path) beside it."
    )
  }
}
