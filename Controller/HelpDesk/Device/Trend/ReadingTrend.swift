import Vocabulary

/// How one number of a machine's health went in the last year, and where that leads.
struct ReadingTrend: Sendable, Hashable {
  enum Measure: String, CaseIterable, Sendable {
    case battery, disk, space, memory, temperature
  }

  struct Point: Sendable, Hashable {
    /// Its week's Monday, in days since 1970-01-01.
    let day: Int64
    let value: Int
  }

  let measure: Measure
  /// Oldest first; never empty.
  let points: [Point]
  /// As it was told last.
  let now: Int
  /// Days since 1970-01-01.
  let today: Int64
  /// Where a part that wears out is to be replaced; nil for what does not wear out.
  let border: Int?

  /// nil where nothing was ever measured of it.
  init?(_ measure: Measure, _ told: MachineTold, today: Int64) {
    self.measure = measure
    self.today = today
    points = told.readings.compactMap { reading in
      guard Self.isInSight(reading.monday, today) else { return nil }
      return measure.value(of: reading).map { Point(day: reading.monday, value: $0) }
    }
    guard let last = points.last else { return nil }
    now = measure.value(of: told) ?? last.value
    border =
      switch measure {
      case .battery: told.batteryReplacedUnder
      case .disk: told.diskReplacedAt
      case .space, .memory, .temperature: nil
      }
  }

  /// Whether a week is of the last year, and not of the future.
  static func isInSight(_ monday: Int64, _ today: Int64) -> Bool { monday <= today && monday > today - 54 * 7 }

  // MARK: - Where it leads

  /// When a part that wears out is to be replaced.
  enum Outlook: Sendable, Hashable {
    case now
    /// On about this day, in days since 1970-01-01.
    case day(Int64)
    /// Not within ``ReadingTrend/sight``.
    case later
  }

  /// Days that one looks ahead: what is further off nobody plans for, and the pace says little of it.
  static let sight: Int64 = 730

  /// nil for what does not wear out, where too little is known, and where no wear can be measured.
  var outlook: Outlook? {
    guard let border else { return nil }
    let isFalling = measure == .battery
    if isFalling ? now < border : now >= border { return .now }
    guard let pace, isFalling ? pace < 0 : pace > 0 else { return nil }
    let days = Double(border - now) / pace
    guard days.isFinite, days >= 0, days < Double(Self.sight) else { return .later }
    return .day(today + Int64(days.rounded()))
  }

  /// The change in a day, by the line that fits all points best; nil where they are few, of a short time, or say that hardly
  /// anything changed.
  ///
  /// Source: ordinary least squares.
  private var pace: Double? {
    guard points.count >= 6, let first = points.first, let last = points.last, last.day - first.day >= 56 else {
      return nil
    }
    let count = Double(points.count)
    let days = points.map { Double($0.day - first.day) }
    let values = points.map { Double($0.value) }
    let (meanDay, meanValue) = (days.reduce(0, +) / count, values.reduce(0, +) / count)
    let spread = days.reduce(0) { $0 + ($1 - meanDay) * ($1 - meanDay) }
    guard spread > 0 else { return nil }
    let shared = zip(days, values).reduce(0) { $0 + ($1.0 - meanDay) * ($1.1 - meanValue) }
    let slope = shared / spread
    // Readings are whole percent: less than one in all that time is no wear that was measured.
    return abs(slope) * Double(last.day - first.day) >= 1 ? slope : nil
  }

  /// The oldest point, where it is old enough to compare with.
  var then: Point? { points.first.flatMap { today - $0.day >= 28 ? $0 : nil } }
}

extension ReadingTrend.Measure {
  func value(of reading: MachineReading) -> Int? {
    switch self {
    case .battery: reading.batteryPercent
    case .disk: reading.diskUsedPercent
    case .space: reading.spaceFreePercent
    case .memory: reading.memoryFreePercent
    case .temperature: reading.hottestCelsius
    }
  }

  func value(of told: MachineTold) -> Int? {
    switch self {
    case .battery: told.batteryPercent
    case .disk: told.diskUsedPercent
    case .space: told.spaceFreePercent
    case .memory: told.memoryFreePercent
    case .temperature: told.hottestCelsius
    }
  }
}
