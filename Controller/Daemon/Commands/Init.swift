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

      With --database and --seal-key, a key file is made where there is none, and the certificates and the issuing key go
      into the database, sealed with it. Copy that file to each further controller: there, 'serve --database … --seal-key …'
      is all.

      Interrupted, it is run again: it goes on with what is there.

      EXAMPLES
        rollcalld init --state /var/lib/rollcall --names rollcall.example.org,10.1.2.3
        rollcalld init --ca-root root.pem --ca-issuing issuing.pem --ca-issuing-key issuing.key
      """)

  @OptionGroup var flags: SettingFlags
  @Flag(help: "Succeed, and change nothing, where the folder holds a controller already.") var ifMissing = false
  @Option(help: "Your own root certificate (PEM).") var caRoot: String?
  @Option(help: "Your own issuing certificate (PEM).") var caIssuing: String?
  @Option(help: "The private key (PEM) of your own issuing certificate.") var caIssuingKey: String?

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      let folder = settings.state
      try StateArchive.requireReadable(folder)
      try StateArchive.makeFolder(folder.path)
      let lock = try StateLock(folder)
      if try await Controller.hasAdministrator(settings) {
        let place = settings.database?.shown ?? folder.path
        if ifMissing { return print("\(place) holds a controller already; nothing was changed.") }
        throw ConfigurationError(
          .state,
          "\(place) holds a controller already; nothing was changed. Use another --state, or 'serve' it; a further controller of a database takes 'serve' with --seal-key."
        )
      }
      let sealKey = try settings.sealKey.map(SealKey.loadOrMake)
      let authority = try makeAuthority(folder)
      try ServerIdentities.write(authority, settings, now: SystemClock.now)
      _ = try JournalKey.load(settings)
      let contacts = try ContactKeyFile.loadOrMake(settings)
      let kept = try KeptSettings.keep(flags.given, in: folder)
      let controller = try await Controller(
        settings: settings, authority: authority, contacts: contacts, logger: Logs.silent)
      try await ContactKeyFile.claim(contacts, for: settings, on: controller.database)
      if let sealKey {
        let shared = SharedKeys(
          database: controller.database, key: sealKey, state: folder, contactKey: settings.contactKey,
          name: settings.names.first)
        try await shared.agree()
        _ = try await shared.names(or: settings.areNamesSet ? settings.names : nil)
      }
      // The token is on the disk before the administrator counts: no interruption leaves one whom nobody can be.
      try await controller.makeFirstAdministrator(now: SystemClock.now) {
        try DurableFile.write($0 + "\n", to: folder.adminToken, mode: 0o600)
      }
      let firstLink = try await FirstLink.make(controller, settings, now: SystemClock.now)
      try await controller.close()
      print(summary(settings, authority, kept))
      if let firstLink { print(firstLink) }
      _ = consume lock
    }
  }

  private func makeAuthority(_ folder: StateFolder) throws -> CertificateAuthority {
    try StateArchive.makeFolder(folder.serverFolder)
    let files = AuthorityFiles(folder: folder.authorityFolder)
    switch (caRoot, caIssuing, caIssuingKey) {
    case (nil, nil, nil):
      // An interrupted init left the authority behind: go on with it.
      if FileManager.default.fileExists(atPath: files.issuingCertificate) { return try files.load() }
      let new = try NewAuthority(name: "Rollcall", now: SystemClock.now)
      try files.write(new)
      return new.authority
    case (let root?, let issuing?, let key?):
      let texts = try [root, issuing, key].map { try DurableFile.text(of: $0) }
      let authority = try CertificateAuthority(rootPEM: texts[0], issuingPEM: texts[1], issuingKeyPEM: texts[2])
      // An interrupted init left them behind already, or others: then they say that they are there.
      if let there = try? files.load(), there.issuingDER == authority.issuingDER { return there }
      try files.write(
        rootPEM: texts[0], rootKeyPEM: nil, issuing: IssuingPair(certificatePEM: texts[1], keyPEM: texts[2]))
      return authority
    default:
      throw ValidationError("--ca-root, --ca-issuing and --ca-issuing-key go together.")
    }
  }

  private func summary(
    _ settings: ControllerSettings, _ authority: CertificateAuthority, _ kept: KeptSettings.Outcome
  ) -> String {
    let folder = settings.state
    return """
      The controller's state is in \(folder.path).
        database             \(settings.database?.shown ?? folder.database)
        root certificate     \(folder.root)
        its SHA-256          \(authority.rootDigest)
        administrator token  \(folder.adminToken) (0600)
        journal's verifier   \(folder.checkpointVerifier)
      \(Self.words(kept, folder))
      \(caRoot == nil ? "Move \(folder.authorityFolder)/root.key off this machine: it is not needed to run." : "")
      \(settings.sealKey.map { "Copy \($0) to each further controller; who has it and the database has the issuing key." } ?? "")
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
