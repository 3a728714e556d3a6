import Enrollment
import Foundation

/// The flags of `init` as the settings file of the state folder, so that a plain `serve` does not undo them.
enum KeptSettings {
  enum Outcome: Equatable {
    /// Every flag said what is the default.
    case nothingToKeep
    case written
    /// The file was there, and stays as it is.
    case stays
  }

  /// - Throws: `enroll.file`.
  static func keep(_ flags: [Setting: String], in folder: StateFolder) throws -> Outcome {
    let kept = Setting.allCases.filter { $0 != .state && flags[$0] != nil && flags[$0] != $0.fallback }
    guard !kept.isEmpty else { return .nothingToKeep }
    guard !FileManager.default.fileExists(atPath: folder.configuration) else { return .stays }
    var text = "# What 'rollcalld init' was given; 'rollcalld config' lists every setting.\n"
    for setting in kept {
      let value = flags[setting] ?? ""
      text += "\(setting.rawValue): \(quoted(setting.unit == "path" ? absolute(value) : value))\n"
    }
    try DurableFile.write(text, to: folder.configuration, mode: 0o600)
    return .written
  }

  /// `serve` may be started elsewhere.
  private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// Source: YAML 1.2, section 7.3.2, single-quoted style.
  private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
