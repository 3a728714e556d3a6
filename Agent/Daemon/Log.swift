import Glibc

/// Lines on standard error: a constant text, then `key=value`; with the journal's level where the journal reads it.
///
/// Source: sd-daemon(3), "Logging"
struct Log {
  enum Level: Int, CaseIterable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7
  }

  typealias Data = KeyValuePairs<StaticString, String>

  /// Lines above it are left out.
  var threshold: Level = .info
  /// Whether lines begin with `<level>`.
  var forJournal = getenv("JOURNAL_STREAM") != nil
  var write: (String) -> Void = { line in
    var line = line
    line.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Something failed that needs somebody.
  func error(_ text: StaticString, _ data: Data = [:]) { line(.error, text, data) }
  /// Something failed that will be tried again.
  func warning(_ text: StaticString, _ data: Data = [:]) { line(.warning, text, data) }
  /// Rare and worth reading: enrolled, renewed, resynchronised.
  func notice(_ text: StaticString, _ data: Data = [:]) { line(.notice, text, data) }
  /// Each contact.
  func info(_ text: StaticString, _ data: Data = [:]) { line(.info, text, data) }

  private func line(_ level: Level, _ text: StaticString, _ data: Data) {
    guard level.rawValue <= threshold.rawValue else { return }
    var line = forJournal ? "<\(level.rawValue)>\(text)" : "\(text)"
    for (key, value) in data { line += " \(key)=\(Self.quoted(value))" }
    write(line + "\n")
  }

  /// In quotes where a reader could not tell where the value ends; never more than one line.
  static func quoted(_ value: String) -> String {
    let plain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x7f }
    if plain { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
