import ArgumentParser
import Enrollment
import Foundation

struct Authority: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "The certificate authority of devices and listeners.", subcommands: [Rotate.self])

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign with a new issuing certificate from now on; devices of the one before stay trusted.",
      discussion: """
        Makes a new issuing certificate with the root's key: bring ca/root.key back for the moment, or name it with
        --root-key. With --issuing and --issuing-key, your own is taken. The one before goes to ca/former/ and verifies
        devices' certificates until you remove it there; its key is overwritten.

        The controller may run meanwhile, and takes the new one up on SIGHUP without dropping a connection. Devices get
        certificates of it as they renew, within 90 days; one that was switched off may come up to 400 days later.

        EXAMPLES
          rollcalld ca rotate --root-key /media/safe/root.key && systemctl reload rollcalld
          rollcalld ca rotate --issuing issuing-2027.pem --issuing-key issuing-2027.key
        """)

    @Option(help: "The root's private key (PEM); by default ca/root.key in the state folder.") var rootKey: String?
    @Option(help: "Your own new issuing certificate (PEM), signed by the same root.") var issuing: String?
    @Option(help: "The private key (PEM) of your own issuing certificate.") var issuingKey: String?
    @OptionGroup var flags: SettingFlags

    func validate() throws {
      guard (issuing == nil) == (issuingKey == nil) else {
        throw ValidationError("--issuing and --issuing-key go together.")
      }
      guard issuing == nil || rootKey == nil else {
        throw ValidationError("--root-key makes a new certificate, --issuing brings one; give one of the two.")
      }
    }

    func run() async throws {
      try await CommandFailure.reported {
        let settings = try flags.settings()
        let state = settings.state
        try StateArchive.requireWhole(state, database: settings.database)
        let files = AuthorityFiles(folder: state.authorityFolder)
        let rotation = try files.rotate(to: try pair(files), now: SystemClock.now)
        print(
          """
          Devices get certificates of '\(rotation.authority.name)', which holds until \(rotation.authority.notAfter).
            former issuer  '\(rotation.kept.name)', until \(rotation.kept.notAfter), in \(rotation.kept.path)
          Next: systemctl reload rollcalld (SIGHUP). Once every device has renewed, remove the former issuer's file.
          """)
        if FileManager.default.fileExists(atPath: files.rootKey) {
          print("Move \(files.rootKey) off this machine: it is not needed to run.")
        }
      }
    }

    private func pair(_ files: AuthorityFiles) throws -> IssuingPair {
      if let issuing, let issuingKey {
        return IssuingPair(
          certificatePEM: try DurableFile.text(of: issuing), keyPEM: try DurableFile.text(of: issuingKey))
      }
      let path = rootKey ?? files.rootKey
      guard FileManager.default.fileExists(atPath: path) else {
        throw ConfigurationError(
          .state,
          "The root's key is not at \(path). Bring it with --root-key, or your own certificate with --issuing and --issuing-key."
        )
      }
      return try files.load().makeSuccessor(rootKeyPEM: try DurableFile.text(of: path), now: SystemClock.now)
    }
  }
}
