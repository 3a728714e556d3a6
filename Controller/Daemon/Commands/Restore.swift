import ArgumentParser
import Enrollment
import Foundation
import Vocabulary

struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a state folder from a backup.",
    discussion: """
      Every enrolment token in the backup is revoked, for it may have been used since. A device that was enrolled after
      the backup is not known by it: its next check-in waits as pending until somebody approves it. Everybody is signed out
      of their browsers, and every one-time link is dead.

      What was taken away after the backup is there again: passwords, accounts that were disabled, API tokens, grants and
      device keys that were revoked since.
      --revoke-api-tokens revokes every API token and writes a new one of the first state administrator to admin.token.
      Device keys that were revoked since have to be revoked again, with 'rollcall device revoke'.

      EXAMPLES
        rollcalld restore /backup/rollcall-2026-11-21 --state /var/lib/rollcall
        rollcalld restore /backup/rollcall-2026-11-21 --revoke-api-tokens
      """)

  @Argument(help: "A folder that 'rollcalld backup' made.") var folder: String
  @Flag(help: "Revoke every API token in the backup, and make a new one for the first state administrator.")
  var revokeApiTokens = false
  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      try Backup.refuse(settings)
      let madeAt = try StateArchive.restore(from: folder, to: settings.state)
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      let controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
      let now = SystemClock.now
      let revoked = try await controller.revokeEnrollmentTokens(now: now)
      try await controller.endSignIns(now: now)
      let tokens = try await apiTokens(controller, settings.state, now)
      try await controller.close()
      try StateArchive.commitRestore(settings.state)
      let time = madeAt.map { "made at \($0)" } ?? "made at a time that it does not tell"
      print(
        """
        Restored to \(settings.state.path), from a backup \(time); \(revoked) enrolment tokens were revoked.
        Everybody is signed out of their browsers, and no one-time link holds any more.
        What was taken away after that time is there again:
          accounts     passwords are those of that time, and accounts that were disabled or reset since are not: do it
                       again with 'rollcall account disable' or 'rollcall account reset'.
          API tokens   \(tokens)
          grants       look through them with 'rollcall principal list'; remove again those that were removed since.
          issuers      '\(authority.name)' signs; \(Self.former(authority)). Where the issuing certificate was replaced
                       since, see "Backup and restore" in docs/configuration.md before you start.
          device keys  those revoked since are trusted again: revoke them again with 'rollcall device revoke'.
        Next: rollcalld serve --state \(settings.state.path)
        """)
    }
  }

  private static func former(_ authority: CertificateAuthority) -> String {
    let names = authority.former.map { "'\($0.name)'" }
    return names.isEmpty ? "there is no former one" : "of \(names.joined(separator: ", ")) devices are trusted too"
  }

  /// Revokes the API tokens where that was asked for.
  ///
  /// - Returns: how they stand, for people.
  private func apiTokens(_ controller: Controller, _ state: StateFolder, _ now: Instant) async throws -> String {
    guard revokeApiTokens else {
      let usable = try await controller.usableAPITokens(now: now)
      return """
        \(usable) can sign in, also such as were revoked since. Revoke those again with 'rollcall api-token revoke', or
                       restore with --revoke-api-tokens.
        """
    }
    let (count, secret) = try await controller.replaceAPITokens(now: now)
    try DurableFile.write(secret + "\n", to: state.adminToken, mode: 0o600)
    return "all \(count) were revoked; a new state administrator's token is in \(state.adminToken) (0600)."
  }
}
