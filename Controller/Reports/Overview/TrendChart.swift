import Vocabulary

/// The trend as a picture of stacked bars, one a day, made here: it needs no script, and its table stands beside it.
struct TrendChart: Sendable {
  struct Bar: Sendable {
    /// `failing`, `attention`, `unknown`, `well`: the style sheet has their colours.
    let kind: String
    let x: Int
    let y: Int
    let width: Int
    let height: Int
  }

  struct Row: Sendable {
    let day: String
    let inUse: String
    let well: String
    let attention: String
    let failing: String
    let unknown: String
    let unseen: String
  }

  static let (width, height) = (600, 160)
  private static let step = width / Int(OverviewNumbers.trend)

  let width = Self.width
  let height = Self.height
  /// Under the bars.
  let base = Self.height + 18
  let bars: [Bar]
  let first: String
  let last: String
  let most: String
  /// What the picture says, in a sentence.
  let words: String
  /// Newest first.
  let rows: [Row]
  let isShort: Bool

  /// nil where no day is kept yet.
  init?(_ days: [OverviewNumbers.Day], now: Instant) {
    guard let oldest = days.first, let newest = days.last else { return nil }
    let most = max(1, days.map(\.counts.inUse).max() ?? 1)
    let begin = CalendarDay.of(now) - OverviewNumbers.trend + 1
    bars = days.flatMap { Self.bars(of: $0, begin: begin, most: most) }
    (first, last) = (Self.date(begin), Self.date(CalendarDay.of(now)))
    self.most = Words.number(most)
    isShort = days.count < 2
    let (then, today) = (oldest.counts, newest.counts)
    words =
      days.count < 2
      ? "On \(Self.date(newest.day)) \(Words.share(today.well, of: today.inUse)) of \(Words.number(today.inUse)) devices in use were well."
      : "From \(Self.date(oldest.day)) to \(Self.date(newest.day)) the devices that are well went from \(Words.share(then.well, of: then.inUse)) to \(Words.share(today.well, of: today.inUse)), and those that fail from \(Words.number(then.failing)) to \(Words.number(today.failing))."
    rows = days.reversed().map { day in
      Row(
        day: Self.date(day.day), inUse: Words.number(day.counts.inUse), well: Words.number(day.counts.well),
        attention: Words.number(day.counts.attention), failing: Words.number(day.counts.failing),
        unknown: Words.number(day.counts.unknown), unseen: Words.number(day.unseen))
    }
  }

  private static func bars(of day: OverviewNumbers.Day, begin: Int64, most: Int) -> [Bar] {
    let x = Int(day.day - begin) * step + 2
    var below = 0
    let parts = [
      ("failing", day.counts.failing), ("attention", day.counts.attention), ("unknown", day.counts.unknown),
      ("well", day.counts.well),
    ]
    return parts.compactMap { kind, count in
      let (low, high) = (scaled(below, most), scaled(below + count, most))
      below += count
      return high > low ? Bar(kind: kind, x: x, y: height - high, width: step - 4, height: high - low) : nil
    }
  }

  private static func scaled(_ count: Int, _ most: Int) -> Int {
    Int((Double(count) / Double(most) * Double(height)).rounded())
  }

  private static func date(_ day: Int64) -> String {
    CivilDate(daysSinceEpoch: CellText.bounded(day)).description
  }
}
