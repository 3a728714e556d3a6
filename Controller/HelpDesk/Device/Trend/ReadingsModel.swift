import Vocabulary

/// The readings of a year as the template shows them: a chart for each number, and a table of the same.
struct ReadingsModel: Sendable {
  struct Chart: Sendable {
    let code: String
    let name: String
    let words: String
    /// Of lines, each without a gap.
    let lines: [String]
    let dots: [Dot]
    /// The height at which the part is to be replaced.
    let border: [Int]
    let highest: String
  }

  struct Dot: Sendable {
    let x: Int
    let y: Int
  }

  struct Row: Sendable {
    let day: String
    let battery: String
    let disk: String
    let space: String
    let memory: String
    let temperature: String
  }

  static let (width, height) = (240, 72)
  /// Rows of the table: a year, every fourth week.
  static let rowsShown = 14

  let width = Self.width
  let height = Self.height
  let charts: [Chart]
  /// Newest first.
  let rows: [Row]
  let isThinned: Bool

  /// nil where nothing was ever measured.
  init?(_ told: MachineTold?, now: Instant) {
    guard let told else { return nil }
    let today = CivilDate.today(now)
    let trends = ReadingTrend.Measure.allCases.compactMap { ReadingTrend($0, told, today: today) }
    guard !trends.isEmpty else { return nil }
    charts = trends.map(Self.chart)
    var shown: [MachineReading] = []
    for reading in told.readings.reversed() where ReadingTrend.isInSight(reading.monday, today) {
      guard shown.count < Self.rowsShown else { break }
      if let last = shown.last, last.monday - reading.monday < 28 { continue }
      shown.append(reading)
    }
    rows = shown.map(Row.init)
    isThinned = shown.count < told.readings.count
  }

  private static func chart(_ trend: ReadingTrend) -> Chart {
    let most = trend.measure == .temperature ? 110 : 100
    // The week of today is the last one, 52 before it the first.
    let begin = trend.today - 53 * 7
    func x(_ day: Int64) -> Int {
      Int((min(1, max(0, Double(day - begin) / (53 * 7))) * Double(width - 6)).rounded()) + 3
    }
    func y(_ value: Int) -> Int {
      height - 3 - Int((Double(min(max(value, 0), most)) / Double(most) * Double(height - 6)).rounded())
    }
    var parts: [[ReadingTrend.Point]] = []
    for point in trend.points {
      // Laptops sleep all summer: no line over what nobody measured.
      if let last = parts.last?.last, point.day - last.day <= 35 {
        parts[parts.count - 1].append(point)
      } else {
        parts.append([point])
      }
    }
    return Chart(
      code: trend.measure.rawValue, name: TrendWords.name(trend.measure), words: TrendWords.sentences(trend),
      lines: parts.filter { $0.count > 1 }.map { part in
        part.map { "\(x($0.day)),\(y($0.value))" }.joined(separator: " ")
      },
      dots: parts.filter { $0.count == 1 }.flatMap { $0 }.map { Dot(x: x($0.day), y: y($0.value)) },
      border: trend.border.map { [y($0)] } ?? [], highest: "\(most) \(TrendWords.unit(trend.measure))")
  }
}

extension ReadingsModel.Row {
  init(_ reading: MachineReading) {
    func cell(_ measure: ReadingTrend.Measure) -> String {
      measure.value(of: reading).map { "\($0) \(TrendWords.unit(measure))" } ?? "–"
    }
    day = CivilDate.words(of: reading.monday)
    battery = cell(.battery)
    disk = cell(.disk)
    space = cell(.space)
    memory = cell(.memory)
    temperature = cell(.temperature)
  }
}
