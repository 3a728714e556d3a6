import Vocabulary

/// Lengths of time as people say them.
enum TimeWords {
  /// `2 days ago`, `in 3 hours`, `now`.
  static func from(_ now: Instant, to moment: Instant) -> String {
    let seconds = moment.since(now).components.seconds
    let words = length(seconds.magnitude)
    guard let words else { return "now" }
    return seconds < 0 ? "\(words) ago" : "in \(words)"
  }

  /// nil under a minute.
  static func length(_ seconds: UInt64) -> String? {
    switch seconds {
    case ..<60: nil
    case ..<5400: count(seconds / 60, "minute")
    case ..<129_600: count((seconds + 1800) / 3600, "hour")
    case ..<5_184_000: count((seconds + 43_200) / 86_400, "day")
    case ..<63_072_000: count(seconds / 2_592_000, "month")
    default: count(seconds / 31_536_000, "year")
    }
  }

  private static func count(_ number: UInt64, _ unit: String) -> String { "\(number) \(unit)\(number == 1 ? "" : "s")" }
}
