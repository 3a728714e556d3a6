import Foundation
import Logging

/// Structured logs on standard error: `key=value` text with journald's severity, or one JSON object a line.
enum Logs {
  static let silent = Logger(label: "rollcalld") { _ in SwiftLogNoOpLogHandler() }

  static func logger(_ settings: ControllerSettings) -> Logger {
    let underJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
    var logger = Logger(label: "rollcalld") { _ in
      LineLogHandler(json: settings.logsJSON, severityPrefix: underJournal && !settings.logsJSON)
    }
    logger.logLevel = settings.logLevel
    return logger
  }
}

/// Writes each message as one line. Messages are constant text; data stands in the metadata.
struct LineLogHandler: LogHandler {
  let json: Bool
  let severityPrefix: Bool
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()

  init(json: Bool, severityPrefix: Bool) {
    self.json = json
    self.severityPrefix = severityPrefix
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let line = json ? jsonLine(event, pairs) : textLine(event, pairs)
    StandardError.write(line + "\n")
  }

  private func textLine(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
    let fields = pairs.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
    if severityPrefix { return "<\(Self.severity(event.level))>\(event.message)\(fields)" }
    return "\(SystemClock.now) \(event.level) \(event.message)\(fields)"
  }

  private func jsonLine(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
    var object = ["time": SystemClock.now.rfc3339, "level": event.level.rawValue, "message": "\(event.message)"]
    for (key, value) in pairs { object[key] = "\(value)" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) } ?? "\(event.message)"
  }

  /// A value with spaces or control characters is quoted, so that nothing can forge a line.
  private static func quoted(_ value: String) -> String {
    value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f && $0 != "\"" && $0 != "=" }
      ? value : value.debugDescription
  }

  /// Source: sd-daemon(3), syslog's levels.
  private static func severity(_ level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}

/// Standard error, where a full disk or a closed pipe is no reason to die.
enum StandardError {
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
