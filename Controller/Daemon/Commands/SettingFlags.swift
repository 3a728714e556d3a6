import ArgumentParser
import Foundation

/// The settings as flags, the same for every command that needs them.
struct SettingFlags: ParsableArguments {
  @Option(
    help: """
      A YAML file of settings; by default rollcalld.yaml in the state folder, and above it \(StateFolder.machineSettings) \
      where that is the package's folder.
      """)
  var config: String?

  @Option(help: help(.state)) var state: String?
  @Option(help: help(.database)) var database: String?
  @Option(help: help(.databaseSessions)) var databaseSessions: String?
  @Option(help: help(.sealKey)) var sealKey: String?
  @Option(help: help(.contactKey)) var contactKey: String?
  @Option(help: help(.people)) var people: String?
  @Option(help: help(.devices)) var devices: String?
  @Option(help: help(.peopleProxy)) var peopleProxy: String?
  @Option(help: help(.devicesProxy)) var devicesProxy: String?
  @Option(help: help(.names)) var names: String?
  @Option(help: help(.peopleCertificate)) var peopleCertificate: String?
  @Option(help: help(.peopleKey)) var peopleKey: String?
  @Option(help: help(.checkInInterval)) var checkInInterval: String?
  @Option(help: help(.connections)) var connections: String?
  @Option(help: help(.idleTimeout)) var idleTimeout: String?
  @Option(help: help(.requestTimeout)) var requestTimeout: String?
  @Option(help: help(.queue)) var queue: String?
  @Option(help: help(.databaseReaders)) var databaseReaders: String?
  @Option(help: help(.failedEnrollments)) var failedEnrollments: String?
  @Option(help: help(.failedEnrollmentsPerMinute)) var failedEnrollmentsPerMinute: String?
  @Option(help: help(.sessionIdle)) var sessionIdle: String?
  @Option(help: help(.sessionLife)) var sessionLife: String?
  @Option(help: help(.threads)) var threads: String?
  @Option(help: help(.logLevel)) var logLevel: String?
  @Option(help: help(.logFormat)) var logFormat: String?

  private static func help(_ setting: Setting) -> ArgumentHelp {
    ArgumentHelp(
      "\(setting.meaning) (\(setting.unit)\(setting.fallback.map { "; default \($0)" } ?? "")).",
      valueName: setting.rawValue)
  }

  /// What the flags themselves say.
  var given: [Setting: String] {
    let flags: [(Setting, String?)] = [
      (.state, state), (.database, database), (.databaseSessions, databaseSessions), (.sealKey, sealKey),
      (.contactKey, contactKey), (.people, people),
      (.devices, devices), (.peopleProxy, peopleProxy), (.devicesProxy, devicesProxy), (.names, names),
      (.peopleCertificate, peopleCertificate), (.peopleKey, peopleKey), (.checkInInterval, checkInInterval),
      (.connections, connections), (.idleTimeout, idleTimeout), (.requestTimeout, requestTimeout), (.queue, queue),
      (.databaseReaders, databaseReaders), (.failedEnrollments, failedEnrollments),
      (.failedEnrollmentsPerMinute, failedEnrollmentsPerMinute), (.sessionIdle, sessionIdle),
      (.sessionLife, sessionLife), (.threads, threads), (.logLevel, logLevel), (.logFormat, logFormat),
    ]
    return Dictionary(uniqueKeysWithValues: flags.compactMap { setting, text in text.map { (setting, $0) } })
  }

  /// - Throws: ``ConfigurationError``.
  func settings() throws -> ControllerSettings {
    let environment = ProcessInfo.processInfo.environment
    let folder = StateFolder(path: state ?? environment[Setting.state.variable] ?? Setting.state.fallback ?? ".")
    let files = folder.settingFiles(config: config) { FileManager.default.fileExists(atPath: $0) }
    return try ControllerSettings(
      SettingSources(machine: files.machine, file: files.own, environment: environment, flags: given))
  }
}
