import ArgumentParser
import Enrollment
import Foundation
import Vocabulary

struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a state folder: certificates, database, and the first administrator's token.",
    discussion: """
      Settings that are given here as flags are written to rollcalld.yaml in the state folder, unless that is there, so
      that 'serve' uses them.

      The root key is written to ca/root.key. It signs nothing after this: move it off the machine, to somewhere safe.
      With --ca-root, --ca-issuing and --ca-issuing-key, your own certificates are used and no root key is made.

      EXAMPLES
        rollcalld init --state /var/lib/rollcall --names rollcall.example.org,10.1.2.3
        rollcalld init --ca-root root.pem --ca-issuing issuing.pem --ca-issuing-key issuing.key
      """)

  @OptionGroup var flags: SettingFlags
  @Option(help: "Your own root certificate (PEM).") var caRoot: String?
  @Option(help: "Your own issuing certificate (PEM).") var caIssuing: String?
  @Option(help: "The private key (PEM) of your own issuing certificate.") var caIssuingKey: String?

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      let folder = settings.state
      try StateArchive.requireReadable(folder)
      guard !FileManager.default.fileExists(atPath: folder.database) else {
        throw ConfigurationError(
          .state, "\(folder.path) holds a controller already; nothing was changed. Use another --state, or 'serve' it.")
      }
      let authority = try makeAuthority(folder)
      try ServerIdentities.write(authority, settings, now: SystemClock.now)
      let kept = try KeptSettings.keep(flags.given, in: folder)
      let controller = try await Controller(settings: settings, authority: authority, logger: Logs.silent)
      let secret = try await controller.makeFirstAdministrator(now: SystemClock.now)
      try await controller.close()
      try DurableFile.write(secret + "\n", to: folder.adminToken, mode: 0o600)
      print(summary(folder, authority, kept))
    }
  }

  private func makeAuthority(_ folder: StateFolder) throws -> CertificateAuthority {
    for path in [folder.path, folder.authorityFolder, folder.serverFolder] {
      try StateArchive.makeFolder(path)
    }
    let files = AuthorityFiles(folder: folder.authorityFolder)
    switch (caRoot, caIssuing, caIssuingKey) {
    case (nil, nil, nil):
      // An interrupted init left the authority behind: go on with it, for devices could trust it already.
      if FileManager.default.fileExists(atPath: files.issuingKey) { return try files.load() }
      let new = try NewAuthority(name: "Rollcall", now: SystemClock.now)
      try files.write(new)
      return new.authority
    case (let root?, let issuing?, let key?):
      let texts = try [root, issuing, key].map { try DurableFile.text(of: $0) }
      let authority = try CertificateAuthority(rootPEM: texts[0], issuingPEM: texts[1], issuingKeyPEM: texts[2])
      try DurableFile.write(texts[0], to: files.rootCertificate, mode: 0o644)
      try DurableFile.write(texts[1], to: files.issuingCertificate, mode: 0o644)
      try DurableFile.write(texts[2], to: files.issuingKey, mode: 0o600)
      return authority
    default:
      throw ValidationError("--ca-root, --ca-issuing and --ca-issuing-key go together.")
    }
  }

  private func summary(
    _ folder: StateFolder, _ authority: CertificateAuthority, _ kept: KeptSettings.Outcome
  ) -> String {
    """
    The controller's state is in \(folder.path).
      database             \(folder.database)
      root certificate     \(folder.root)
      its SHA-256          \(authority.rootDigest)
      administrator token  \(folder.adminToken) (0600)
    \(Self.words(kept, folder))
    \(caRoot == nil ? "Move \(folder.authorityFolder)/root.key off this machine: it is not needed to run." : "")
    Next: rollcalld serve --state \(folder.path)
    """
  }

  private static func words(_ kept: KeptSettings.Outcome, _ folder: StateFolder) -> String {
    switch kept {
    case .nothingToKeep: "  settings             the defaults; \(folder.configuration) may change them"
    case .written: "  settings             \(folder.configuration) (0600) holds what you gave; 'serve' reads it"
    case .stays:
      "  settings             \(folder.configuration) was there and stays; write there what you gave, or give it to 'serve' too"
    }
  }
}
