import Vocabulary

/// Times and sizes for people.
enum TimeText {
  /// `2026-11-21 20:41 UTC (5 min ago)`; the text itself where it is no time.
  static func story(_ text: String?, now: Instant) -> String? {
    guard let text else { return nil }
    guard let instant = Instant(rfc3339: text) else { return text }
    return "\(minute(text)) (\(relative(instant, now: now)))"
  }

  /// `2026-11-21 20:41`.
  static func minute(_ text: String) -> String {
    guard let instant = Instant(rfc3339: text) else { return text }
    return instant.rfc3339.prefix(16).replacing("T", with: " ") + " UTC"
  }

  static func relative(_ instant: Instant, now: Instant) -> String {
    let seconds = now.since(instant).components.seconds
    let words = span(abs(seconds))
    if abs(seconds) < 5 { return "now" }
    return seconds > 0 ? "\(words) ago" : "in \(words)"
  }

  private static func span(_ seconds: Int64) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
  }
}
