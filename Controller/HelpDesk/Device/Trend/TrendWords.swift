import Vocabulary

/// How a number went, in words that a parent understands.
enum TrendWords {
  /// `The battery holds 71 % of what it did when new; 84 % a year ago. At this pace it is to be replaced in May 2027.`
  static func sentences(_ trend: ReadingTrend) -> String {
    let now = "\(trend.now) \(unit(trend.measure))"
    let said =
      switch trend.measure {
      case .battery: "The battery holds \(now) of what it did when new"
      case .disk: "The disk has used up \(now) of what it is made for"
      case .space: "\(now) of the space is free"
      case .memory: "\(now) of the memory is free"
      case .temperature: "The hottest part is at \(now)"
      }
    let before =
      switch trend.measure {
      case .battery, .disk, .space: compared(trend)
      case .memory, .temperature: range(trend)
      }
    return said + before + "." + (trend.outlook.map { " \(outlook($0))" } ?? "")
  }

  static func unit(_ measure: ReadingTrend.Measure) -> String { measure == .temperature ? "°C" : "%" }

  static func name(_ measure: ReadingTrend.Measure) -> String {
    switch measure {
    case .battery: "Battery"
    case .disk: "Disk"
    case .space: "Space"
    case .memory: "Memory"
    case .temperature: "Temperature"
    }
  }

  private static func compared(_ trend: ReadingTrend) -> String {
    guard let then = trend.then else { return "" }
    let ago = ago(trend.today - then.day)
    return then.value == trend.now ? ", as \(ago)" : "; \(then.value) \(unit(trend.measure)) \(ago)"
  }

  private static func range(_ trend: ReadingTrend) -> String {
    let values = trend.points.map(\.value)
    guard let then = trend.then, let low = values.min(), let high = values.max(), low < high else { return "" }
    let days = trend.today - then.day
    let span = days >= 350 ? "in the last year" : "in the last \(count(days))"
    return "; between \(low) and \(high) \(unit(trend.measure)) \(span)"
  }

  private static func outlook(_ outlook: ReadingTrend.Outlook) -> String {
    switch outlook {
    case .now: "It is to be replaced now."
    case .day(let day): "At this pace it is to be replaced in \(month(of: day))."
    case .later: "At this pace it lasts for two years and more."
    }
  }

  private static func ago(_ days: Int64) -> String { days >= 350 ? "a year ago" : "\(count(days)) ago" }

  private static func count(_ days: Int64) -> String {
    days < 63 ? "\(days / 7) weeks" : "\((days + 15) / 30) months"
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  private static func month(of day: Int64) -> String {
    let date = CivilDate(daysSinceEpoch: day)
    return "\(months[min(max(Int(date.month) - 1, 0), 11)]) \(date.year)"
  }
}
