import ArgumentParser
import Enrollment
import Foundation

struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a state folder from a backup.",
    discussion: """
      Every enrolment token in the backup is revoked, for it may have been used since. A device that was enrolled after
      the backup is not known by it: its next check-in waits as pending until somebody approves it.

      EXAMPLE
        rollcalld restore /backup/rollcall-2026-11-21 --state /var/lib/rollcall
      """)

  @Argument(help: "A folder that 'rollcalld backup' made.") var folder: String
  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      try StateArchive.restore(from: folder, to: settings.state)
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      let controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
      let revoked = try await controller.revokeEnrollmentTokens(now: SystemClock.now)
      try await controller.close()
      try StateArchive.commitRestore(settings.state)
      print("Restored to \(settings.state.path); \(revoked) enrolment tokens were revoked. Next: rollcalld serve")
    }
  }
}
