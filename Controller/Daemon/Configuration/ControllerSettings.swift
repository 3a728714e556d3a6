import Access
import Enrollment
import Logging
import NIOCore
import Serving
import Storage
import StoragePostgres
import Vocabulary

/// The settings as values, each checked.
struct ControllerSettings: Sendable {
  struct Address: Sendable, Equatable {
    let host: String
    let port: Int
  }

  let state: StateFolder
  /// nil for SQLite in the state folder.
  let database: PostgresAddress?
  let databaseSessions: Int
  /// The path of the seal key; nil where this controller shares nothing.
  let sealKey: String?
  /// The path of the contact key; nil for the one in the state folder.
  let contactKey: String?
  /// Where it is, named or not.
  var contactKeyPath: String { contactKey ?? state.contactKey }
  let people: Address
  let devices: Address
  let peopleProxy: [AddressRange]
  let devicesProxy: [AddressRange]
  /// The default where nothing was set, unless another controller of the database was told its names.
  var names: [String]
  let areNamesSet: Bool
  /// The operator's own certificate for people, nil for one by our CA.
  let peopleIdentity: (certificate: String, key: String)?
  let checkInInterval: Duration
  let connections: Int
  let idleTimeout: TimeAmount
  let requestTimeout: TimeAmount
  let queue: Int
  let databaseReaders: Int
  let failedEnrollments: FailureThrottle.Limits
  let sessions: SessionPolicy
  /// Only tests, which make many passwords, take a smaller one.
  var passwordCost = PasswordCost()
  let threads: Int?
  let logLevel: Logger.Level
  let logsJSON: Bool

  /// - Throws: `config.bad-value` with the place of the value.
  init(_ sources: SettingSources) throws {
    func text(_ setting: Setting) -> String { sources.values[setting]?.text ?? "" }
    func bad(_ setting: Setting, _ why: String) -> ConfigurationError {
      let value = sources.values[setting]
      return ConfigurationError(
        .badValue, "\(value?.place ?? "default"): '\(setting.rawValue)' is '\(value?.text ?? "")'; \(why).")
    }
    func number(_ setting: Setting, _ range: ClosedRange<Int>) throws -> Int {
      guard let number = Int(text(setting)), range.contains(number) else {
        throw bad(setting, "it takes a whole number from \(range.lowerBound) to \(range.upperBound) (\(setting.unit))")
      }
      return number
    }
    func address(_ setting: Setting) throws -> Address {
      let value = text(setting)
      guard let colon = value.lastIndex(of: ":"), let port = Int(value[value.index(after: colon)...]),
        (0...65535).contains(port)
      else { throw bad(setting, "it takes an address and a port, such as 0.0.0.0:8443 or [::]:8443") }
      let host = value[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
      guard !host.isEmpty else { throw bad(setting, "the address is missing; 0.0.0.0 means every one") }
      return Address(host: String(host), port: port)
    }
    func ranges(_ setting: Setting) throws -> [AddressRange] {
      try text(setting).split(separator: ",").map { part in
        let part = part.trimming { $0 == " " }
        if let range = AddressRange(part) { return range }
        throw bad(setting, "'\(part)' is no address or range, such as 10.0.0.0/8 or 2001:db8::/32")
      }
    }
    state = StateFolder(path: text(.state))
    database = try sources.values[.database].map(Self.database)
    databaseSessions = try number(.databaseSessions, 1...200)
    sealKey = sources.values[.sealKey]?.text
    contactKey = sources.values[.contactKey]?.text
    guard sealKey == nil || database != nil else {
      throw bad(.sealKey, "controllers share keys through a PostgreSQL database; set 'database' too, or drop it")
    }
    people = try address(.people)
    devices = try address(.devices)
    peopleProxy = try ranges(.peopleProxy)
    devicesProxy = try ranges(.devicesProxy)
    areNamesSet = sources.values[.names]?.place != "default"
    names = text(.names).split(separator: ",").map { $0.trimming(while: { $0 == " " }) }
    guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 253 }) else {
      throw bad(.names, "it takes at least one name")
    }
    // DNS names, also with a wildcard or an underscore, and IP addresses; other languages' names in Punycode.
    let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:")
    if let stray = names.first(where: { !$0.allSatisfy(letters.contains) }) {
      throw bad(.names, "'\(stray)' is no DNS name or IP address; divide several by commas")
    }
    switch (sources.values[.peopleCertificate]?.text, sources.values[.peopleKey]?.text) {
    case (nil, nil): peopleIdentity = nil
    case (let certificate?, let key?): peopleIdentity = (certificate, key)
    default: throw bad(.peopleCertificate, "people-certificate and people-key go together")
    }
    checkInInterval = .seconds(try number(.checkInInterval, 10...86_400))
    connections = try number(.connections, 16...1_000_000)
    idleTimeout = .seconds(Int64(try number(.idleTimeout, 1...3600)))
    requestTimeout = .seconds(Int64(try number(.requestTimeout, 1...3600)))
    queue = try number(.queue, 16...1_000_000)
    databaseReaders = try number(.databaseReaders, 1...64)
    failedEnrollments = FailureThrottle.Limits(
      burst: try number(.failedEnrollments, 1...100_000), perMinute: try number(.failedEnrollmentsPerMinute, 1...60_000)
    )
    sessions = SessionPolicy(
      idle: .seconds(60 * (try number(.sessionIdle, 1...1_440))),
      life: .seconds(60 * (try number(.sessionLife, 5...10_080)))
    )
    threads = sources.values[.threads] == nil ? nil : try number(.threads, 1...256)
    guard let level = Logger.Level(rawValue: text(.logLevel)) else {
      throw bad(.logLevel, "it is one of \(Setting.logLevel.unit)")
    }
    logLevel = level
    guard ["text", "json"].contains(text(.logFormat)) else { throw bad(.logFormat, "it is text or json") }
    logsJSON = text(.logFormat) == "json"
  }
}

extension Substring {
  fileprivate func trimming(while predicate: (Character) -> Bool) -> String {
    var slice = self.drop(while: predicate)
    while let last = slice.last, predicate(last) { slice.removeLast() }
    return String(slice)
  }
}

extension ControllerSettings {
  /// - Throws: `config.bad-value`, which never shows the address: it may hold a password.
  private static func database(_ value: SettingSources.Value) throws -> PostgresAddress {
    do {
      let address = try PostgresAddress(value.text)
      guard !address.holdsPassword || !value.place.hasPrefix("--") else {
        throw ConfigurationError(
          .badValue,
          "\(value.place): everybody on this machine can read a program's arguments. Put the password into rollcalld.yaml (0600), into ROLLCALLD_DATABASE, or into a password file (passfile=… in the address)."
        )
      }
      return address
    } catch let error as StorageError {
      throw ConfigurationError(.badValue, "\(value.place): \(error.message)")
    }
  }
}
