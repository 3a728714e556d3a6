import Vocabulary
import Wire

/// Times and states as people say them.
enum Words {
  static func ago(_ instant: Instant, at now: Instant) -> String {
    now < instant ? "just now" : "\(span(now.since(instant))) ago"
  }

  static func ahead(_ instant: Instant, at now: Instant) -> String {
    instant < now ? "overdue by \(span(now.since(instant)))" : "in \(span(instant.since(now)))"
  }

  /// In its largest unit: `3 days`, `1 hour`, `40 seconds`.
  static func span(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    let units: [(Int64, String)] = [(86_400, "day"), (3600, "hour"), (60, "minute")]
    for (size, name) in units where seconds >= size {
      let count = seconds / size
      return "\(count) \(name)\(count == 1 ? "" : "s")"
    }
    return "\(seconds) second\(seconds == 1 ? "" : "s")"
  }

  static func standing(_ standing: CheckInReply.Standing) -> String {
    switch standing {
    case .active: "active: trusted"
    case .restricted: "restricted: reported lost or stolen; it gets a notice only"
    case .quarantined: "quarantined: its identity is in doubt or a person stopped it; a person has to decide"
    case .pending: "pending: a person has to approve"
    }
  }
}
