import Registry
import Vocabulary
import Web

/// The health as the template shows it: a row for each thing that was looked at, each with its chart.
struct HealthModel: Sendable {
  struct Row: Sendable {
    let item: String
    let name: String
    let verdict: String
    let kind: String
    let reason: String
    let since: Moment?
    let before: String?
    let chart: String
    let bars: [Bar]
  }

  struct Bar: Sendable {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
    let kind: String
  }

  let rows: [Row]
  let begin: String
  let end: String
  let width: Int
  let height: Int

  init(_ trend: HealthTrend, told: MachineTold?) {
    (begin, end) = (String(Moment(trend.begin).iso.prefix(10)), String(Moment(trend.end).iso.prefix(10)))
    (width, height) = (TrendBar.width, TrendBar.height)
    rows = trend.lines.map { line in
      let name = HealthReasons.name(of: line.item)
      let before = line.before.map(ChangeWords.verdict)
      return Row(
        item: ShownText.of(line.item, limit: 40), name: name, verdict: ChangeWords.verdict(line.now),
        kind: line.now.rawValue, reason: ShownText.of(line.reason, limit: 300), since: line.since.map(Moment.init),
        before: before, chart: Self.words(line, name),
        bars: line.spans.compactMap { TrendBar($0, in: trend) }.map {
          Bar(x: $0.x, y: $0.y, width: $0.width, height: $0.height, kind: $0.kind)
        })
    }
  }

  /// The chart in words, for who does not see it.
  private static func words(_ line: HealthTrend.Line, _ name: String) -> String {
    let spans = line.spans.filter { $0.verdict != nil }.suffix(6).map { span in
      "\(ChangeWords.verdict(span.verdict ?? .unknown)) from \(Moment(span.from).iso.prefix(10))"
    }
    return
      "\(name) in the last \(HealthTrend.days) days: \(spans.isEmpty ? "not known" : spans.joined(separator: ", then "))."
  }
}

/// The software as the template shows it.
struct SoftwareModel: Sendable {
  struct Row: Sendable {
    let name: String
    let version: String
  }

  let isTold: Bool
  let count: String?
  let rows: [Row]
  let text: String
  let next: String?
  let first: String?
  let here: String
  let isOpen: Bool

  init(_ titles: [InstalledTitle]?, _ search: SoftwareSearch, here: String, count: Int?) {
    let limit = DevicePages.softwareShown
    isTold = titles != nil
    self.count = count.map(String.init)
    self.here = here
    text = search.text
    let shown = (titles ?? []).prefix(limit)
    rows = shown.map { Row(name: ShownText.of($0.name), version: ShownText.of($0.version)) }
    let q = search.text.isEmpty ? "" : "q=\(PercentEncoding.encode(search.text))&"
    let more = (titles?.count ?? 0) > limit ? shown.last : nil
    next = more.map { "\(here)?\(q)after=\(PercentEncoding.encode($0.place))#software" }
    first = search.after == nil ? nil : "\(here)?\(q)#software".replacing("&#", with: "#").replacing("?#", with: "#")
    isOpen = search.after != nil || !search.text.isEmpty
  }
}
