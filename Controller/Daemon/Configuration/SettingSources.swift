import Foundation
import Vocabulary
import Yams

/// Raw values of settings by source; a flag beats the environment, which beats the machine's file, which beats the state
/// folder's, which beats the default.
struct SettingSources: Sendable {
  /// A value and where it came from, for messages.
  struct Value: Sendable, Equatable {
    let text: String
    let place: String
  }

  private(set) var values: [Setting: Value] = [:]

  /// - Throws: `config.unknown-key`, `config.bad-value`, `config.unreadable`.
  init(machine: String? = nil, file: String?, environment: [String: String], flags: [Setting: String]) throws {
    for setting in Setting.allCases {
      if let text = setting.fallback { values[setting] = Value(text: text, place: "default") }
    }
    for file in [file, machine].compactMap(\.self) { try read(file: file) }
    try read(environment: environment)
    for (setting, text) in flags { values[setting] = Value(text: text, place: "--\(setting.rawValue)") }
  }

  private mutating func read(file: String) throws {
    guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8),
      data.count <= 64 << 10
    else {
      throw ConfigurationError(
        .unreadable, "The configuration file \(file) cannot be read as UTF-8 text of at most 64 KiB.")
    }
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch let error as YamlError {
      throw ConfigurationError(.unreadable, "The configuration file \(file) is not YAML: \(error).")
    }
    guard let node else { return }
    guard case .mapping(let mapping) = node else {
      throw ConfigurationError(.unreadable, "\(file):1: the configuration is a list of 'key: value' lines.")
    }
    for (key, value) in mapping { try take(key, value, file: file) }
  }

  private mutating func take(_ key: Node, _ value: Node, file: String) throws {
    let line = key.mark.map { "\($0.line):\($0.column)" } ?? "1:1"
    let place = "\(file):\(line)"
    let name = key.string ?? ""
    guard let setting = Setting(rawValue: name) else {
      throw Self.unknown(name, at: place, among: Setting.allCases.map(\.rawValue))
    }
    guard let text = value.scalar?.string else {
      throw ConfigurationError(.badValue, "\(place): '\(name)' takes one value (\(setting.unit)), not a list.")
    }
    if values[setting]?.place.hasPrefix(file + ":") == true {
      throw ConfigurationError(.badValue, "\(place): '\(name)' is set twice.")
    }
    values[setting] = Value(text: text, place: place)
  }

  private mutating func read(environment: [String: String]) throws {
    let known = Dictionary(uniqueKeysWithValues: Setting.allCases.map { ($0.variable, $0) })
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("ROLLCALLD_") {
      guard let setting = known[name] else {
        throw Self.unknown(name, at: "environment", among: Array(known.keys))
      }
      values[setting] = Value(text: text, place: "environment variable \(name)")
    }
  }

  private static func unknown(_ name: String, at place: String, among names: [String]) -> ConfigurationError {
    let hint =
      Spelling.nearest(to: name, in: names).map { "; did you mean '\($0)'?" }
      ?? "; 'rollcalld config' lists the settings."
    return ConfigurationError(.unknownKey, "\(place): there is no setting '\(name)'\(hint)")
  }
}
