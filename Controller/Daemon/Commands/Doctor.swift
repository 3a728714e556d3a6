import Access
import ArgumentParser
import Enrollment
import Foundation
import NIOSSL
import Registry
import Serving
import Storage
import StoragePostgres
import StorageSQLite
import Vocabulary
import X509

struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say in plain words what is wrong with this controller, and what to do.",
    discussion:
      "Changes nothing. Exit code 0: sound; 2: at least one fault.\n\nEXAMPLES\n  rollcalld doctor --state /var/lib/rollcall\n  rollcalld doctor --state /var/lib/rollcall --ledgers"
  )

  @Flag(help: "Replay every device's custody ledger too, and compare: up to a minute for some millions of events.")
  var ledgers = false

  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let examination = Examination(settings: try flags.settings(), replaysLedgers: ledgers)
      let findings = await examination.findings()
      for finding in findings { print("\(finding.mark) \(finding.subject): \(finding.words)") }
      if findings.contains(where: { $0.mark == .fault }) { throw ExitCode(2) }
    }
  }
}

/// What the doctor looks at, one subject after another.
struct Examination {
  struct Finding {
    enum Mark: String, CustomStringConvertible {
      case sound = "ok   "
      case advice = "note "
      case fault = "FAULT"
      var description: String { rawValue }
    }
    let mark: Mark
    let subject: String
    let words: String
  }

  let settings: ControllerSettings
  var replaysLedgers = false

  func findings() async -> [Finding] {
    var found = [folder(), space(), clock()]
    guard settings.database != nil || FileManager.default.fileExists(atPath: settings.state.database) else {
      return found
    }
    found += keys()
    found += authority()
    found.append(certificate("devices certificate", settings.state.devicesCertificate))
    found.append(
      certificate("people certificate", settings.peopleIdentity?.certificate ?? settings.state.peopleCertificate))
    found.append(await database())
    if replaysLedgers { found.append(await ledgers()) }
    if let path = settings.sealKey { found.append(await sharing(path)) }
    found.append(await administrator())
    return found
  }

  private func sharing(_ path: String) async -> Finding {
    let subject = "shared keys"
    do {
      guard let address = settings.database,
        let differ = try await PostgresDatabase.look(
          at: address, having: SharedStore.table,
          { try SharedKeys.differing(settings, key: SealKey.load(path), in: $0) }
        )
      else {
        return Finding(mark: .advice, subject: subject, words: "none in the database yet; 'serve' puts them there")
      }
      return differ.isEmpty
        ? Finding(mark: .sound, subject: subject, words: "the database opens with \(path) and holds what is here")
        : Finding(
          mark: .advice, subject: subject,
          words:
            "not the same here and in the database: \(differ.joined(separator: ", ")). Send SIGHUP to rollcalld, and read its log."
        )
    } catch {
      return Finding(mark: .fault, subject: subject, words: (error as? any CodedError)?.message ?? "\(error)")
    }
  }

  private func administrator() async -> Finding {
    let subject = "administrator"
    do {
      if try await Controller.hasAdministrator(settings) {
        return Finding(mark: .sound, subject: subject, words: "there is a state administrator")
      }
      return Finding(
        mark: .fault, subject: subject,
        words: "there is none: 'rollcalld init' did not come to its end. Run it again.")
    } catch {
      return Finding(
        mark: .fault, subject: subject, words: "cannot be told while the database cannot be read; see above.")
    }
  }

  private func folder() -> Finding {
    do {
      try StateArchive.requireWhole(settings.state, database: settings.database)
      return Finding(mark: .sound, subject: "state folder", words: settings.state.path)
    } catch {
      return Finding(
        mark: .fault, subject: "state folder", words: (error as? ConfigurationError)?.message ?? "\(error)")
    }
  }

  private func space() -> Finding {
    var space = statvfs()
    guard statvfs(settings.state.path, &space) == 0 else {
      return Finding(
        mark: .fault, subject: "disk",
        words: "\(settings.state.path) cannot be read: \(String(cString: strerror(errno))).")
    }
    let free = ByteCount(
      Int64(clamping: UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize)).partialValue))
    if free < .mebibytes(256) {
      return Finding(
        mark: .fault, subject: "disk", words: "only \(free) free; check-ins will be refused when it is full. Make room."
      )
    }
    return Finding(mark: free < .mebibytes(2048) ? .advice : .sound, subject: "disk", words: "\(free) free")
  }

  private func clock() -> Finding {
    let now = SystemClock.now
    let plausible = now > Instant(seconds: 1_780_000_000)
    return Finding(
      mark: plausible ? .sound : .fault, subject: "clock",
      words: plausible
        ? "\(now)"
        : "it says \(now), which is before this program was made; certificates would not hold. Set the clock (NTP).")
  }

  func keys() -> [Finding] {
    var found: [Finding] = []
    var paths = [
      AuthorityFiles(folder: settings.state.authorityFolder).issuingKey, settings.state.devicesKey,
      settings.peopleIdentity?.key ?? settings.state.peopleKey,
    ]
    // The first 'serve' after an upgrade makes it.
    if FileManager.default.fileExists(atPath: settings.state.checkpointKey) {
      paths.append(settings.state.checkpointKey)
    }
    if ContactKeyFile.isThere(settings) { paths.append(settings.contactKeyPath) }
    for path in paths {
      var info = stat()
      guard stat(path, &info) == 0 else {
        found.append(Finding(mark: .fault, subject: "key", words: "\(path) is missing or not readable by this user."))
        continue
      }
      if info.st_mode & 0o077 != 0 {
        found.append(
          Finding(mark: .fault, subject: "key", words: "\(path) can be read by others. Run: chmod 600 \(path)"))
      }
    }
    let root = AuthorityFiles(folder: settings.state.authorityFolder).rootKey
    if FileManager.default.fileExists(atPath: root) {
      found.append(
        Finding(
          mark: .advice, subject: "root key",
          words: "\(root) is on this machine and not needed to run. Move it somewhere safe and offline."))
    }
    return found.isEmpty ? [Finding(mark: .sound, subject: "keys", words: "readable by this user alone")] : found
  }

  private func authority() -> [Finding] {
    do {
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      let current = ending(
        "issuing certificate", authority.notAfter, name: authority.name, advice: .seconds(365 * 86_400))
      return [current] + authority.former.map(former)
    } catch {
      return [Finding(mark: .fault, subject: "issuing certificate", words: error.message)]
    }
  }

  /// A device may re-enrol for 400 days after its certificate's end, which is never later than its issuer's.
  private func former(_ issuer: FormerIssuer) -> Finding {
    let last = issuer.notAfter.advanced(by: DeviceContext.reenrolmentGrace)
    let useless = SystemClock.now > last
    let advice = "; no device can use it any more. Remove \(issuer.path), then send SIGHUP to rollcalld."
    return Finding(
      mark: useless ? .advice : .sound, subject: "former issuer",
      words: "'\(issuer.name)' (\(issuer.path)), until \(issuer.notAfter)\(useless ? advice : "")")
  }

  private func certificate(_ subject: String, _ path: String) -> Finding {
    do {
      guard let leaf = try NIOSSLCertificate.fromPEMFile(path).first else {
        return Finding(mark: .fault, subject: subject, words: "\(path) holds no certificate.")
      }
      let certificate = try Certificate(derEncoded: try leaf.toDERBytes())
      return ending(
        subject, Instant(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970)), advice: .seconds(20 * 86_400)
      )
    } catch {
      return Finding(mark: .fault, subject: subject, words: "\(FaultWords.ofPEM(path)). \(advice(path))")
    }
  }

  private func advice(_ path: String) -> String {
    path == settings.peopleIdentity?.certificate
      ? "Put your certificate chain there as PEM." : "Start 'rollcalld serve', or send it SIGHUP: it makes a new one."
  }

  private func ending(_ subject: String, _ end: Instant, name: String? = nil, advice: Duration) -> Finding {
    let now = SystemClock.now
    let holds = (name.map { "'\($0)' " } ?? "") + "holds until \(end)"
    if now > end {
      return Finding(
        mark: .fault, subject: subject,
        words: "ended on \(end); nobody can connect. Renew it, then send SIGHUP to rollcalld.")
    }
    let soon = now.advanced(by: advice) > end
    return Finding(
      mark: soon ? .advice : .sound, subject: subject, words: "\(holds)\(soon ? "; renew it soon" : "")")
  }

  private func database() async -> Finding {
    do {
      if let address = settings.database {
        _ = try await PostgresDatabase.look(at: address, having: Access.grants) { try $0.rows("SELECT 1 AS one") }
        return Finding(mark: .sound, subject: "database", words: "\(address.shown) answers")
      }
      let faults = try SQLiteBackup.integrityFaults(of: settings.state.database)
      if faults.isEmpty { return Finding(mark: .sound, subject: "database", words: "passes SQLite's integrity check") }
      return Finding(
        mark: .fault, subject: "database",
        words: "damaged: \(faults.prefix(3).joined(separator: "; ")). Restore a backup.")
    } catch {
      let words = (error as? any CodedError)?.message ?? "\(error)"
      guard settings.database == nil else { return Finding(mark: .fault, subject: "database", words: words) }
      return Finding(
        mark: .fault, subject: "database",
        words: "\(words) If the file is damaged: stop rollcalld, keep the file, and 'rollcalld restore' a backup.")
    }
  }
}

extension Examination {
  /// Whether each device stands where its ledger says.
  private func ledgers() async -> Finding {
    let subject = "custody ledgers"
    let began = ContinuousClock.now
    do {
      guard let replay = try await replay() else {
        return Finding(mark: .advice, subject: subject, words: "none in the database yet")
      }
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      let time = String(format: "%.1f", seconds)
      let counted = "\(replay.events) events of \(replay.devices) devices replayed in \(time) s"
      guard replay.differences > 0 else {
        return Finding(mark: .sound, subject: subject, words: "\(counted); each device stands where they leave it")
      }
      let some = replay.differing.prefix(5).map(\.rawValue).joined(separator: ", ")
      return Finding(
        mark: .fault, subject: subject,
        words:
          "\(counted); \(replay.differences) devices stand elsewhere than they say: \(some). Something else than rollcalld wrote into the database; compare with a backup."
      )
    } catch {
      return Finding(mark: .fault, subject: subject, words: (error as? any CodedError)?.message ?? "\(error)")
    }
  }

  private func replay() async throws -> LedgerReplay? {
    if let address = settings.database {
      return try await PostgresDatabase.look(at: address, having: LedgerReplay.table) {
        try LedgerReplay.ofState(in: $0)
      }
    }
    return try SQLiteBackup.look(at: settings.state.database, having: LedgerReplay.table) {
      try LedgerReplay.ofState(in: $0)
    }
  }
}
