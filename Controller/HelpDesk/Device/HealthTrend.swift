import Registry
import Vocabulary

/// How the verdicts of a device's health went in the last months, worked out from what is and from each change before.
struct HealthTrend: Sendable, Hashable {
  struct Span: Sendable, Hashable {
    let from: Instant
    let to: Instant
    /// nil where nothing was known yet.
    let verdict: Health.Verdict?
  }

  struct Line: Sendable, Hashable {
    let item: String
    let now: Health.Verdict
    let reason: String
    /// Since when it is so; nil where no change is known.
    let since: Instant?
    /// What it was before that.
    let before: Health.Verdict?
    /// The oldest first, without gaps from the beginning to the end.
    let spans: [Span]
  }

  static let days: Int64 = 90

  let begin: Instant
  let end: Instant
  let lines: [Line]

  /// - Parameter changes: of the section `health`, newest first.
  init(_ health: Health, _ changes: [StoredChange], knownSince: Instant, now: Instant) {
    begin = now.advanced(by: .seconds(-Self.days * 86_400))
    end = now
    let first = begin
    lines = health.items.map { item in
      let own = changes.filter { $0.change.field == item.item && $0.at <= now }
      let latest = own.first { $0.change.new == item.verdict.rawValue }
      return Line(
        item: item.item, now: item.verdict, reason: item.reason, since: latest?.at,
        before: latest?.change.old.flatMap(Health.Verdict.init(rawValue:)),
        spans: Self.spans(item.verdict, own, from: first, knownSince: knownSince, to: now))
    }
  }

  private static func spans(
    _ verdict: Health.Verdict, _ changes: [StoredChange], from begin: Instant, knownSince: Instant, to end: Instant
  ) -> [Span] {
    var spans: [Span] = []
    var (end, verdict) = (end, Optional(verdict))
    for change in changes {
      guard change.at > begin else { break }
      if change.at < end { spans.append(Span(from: change.at, to: end, verdict: verdict)) }
      (end, verdict) = (min(end, change.at), change.change.old.flatMap(Health.Verdict.init(rawValue:)))
    }
    let known = max(begin, min(knownSince, end))
    if known < end { spans.append(Span(from: known, to: end, verdict: verdict)) }
    if begin < known { spans.append(Span(from: begin, to: known, verdict: nil)) }
    return spans.reversed()
  }
}

/// A span as a rectangle of the chart; the height tells the verdict too, for who sees no colours.
struct TrendBar: Sendable, Hashable {
  static let width = 360
  static let height = 24

  let x: Int
  let y: Int
  let width: Int
  let height: Int
  /// The class of the style sheet.
  let kind: String

  /// nil where it is too short to be seen.
  init?(_ span: HealthTrend.Span, in trend: HealthTrend) {
    let whole = Double(max(1, trend.end.milliseconds - trend.begin.milliseconds))
    func place(_ moment: Instant) -> Int {
      let share = Double(moment.milliseconds - trend.begin.milliseconds) / whole
      return Int((min(1, max(0, share)) * Double(Self.width)).rounded())
    }
    guard let verdict = span.verdict, verdict != .unknown else { return nil }
    x = place(span.from)
    width = max(1, place(span.to) - x)
    switch verdict {
    case .well: (height, kind) = (6, "well")
    case .attention: (height, kind) = (14, "attention")
    case .failing, .unknown: (height, kind) = (24, "failing")
    }
    y = Self.height - height
  }
}
