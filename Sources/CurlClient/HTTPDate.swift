import Vocabulary

/// A date as HTTP headers carry it, in any of the three forms that a recipient has to understand.
///
/// ```
/// Sun, 06 Nov 1994 08:49:37 GMT       IMF-fixdate, the one that is sent today
/// Sunday, 06-Nov-94 08:49:37 GMT      RFC 850, obsolete
/// Sun Nov  6 08:49:37 1994            asctime, obsolete
/// ```
/// The name of the day is not compared with the date.
///
/// Source: RFC 9110, section 5.6.7
enum HTTPDate {
  /// nil for anything else.
  ///
  /// - Parameter now: which century a year of two digits lies in: not more than 50 years after this.
  static func instant(_ text: String, now: Instant) -> Instant? {
    guard text.utf8.count <= 40 else { return nil }
    let words = text.split(separator: " ").map(String.init)
    switch words.count {
    case 6 where words[0].hasSuffix(",") && words[5] == "GMT":
      return instant(year: number(words[3], 4), words[2], day: number(words[1], 2), words[4])
    case 4 where words[0].hasSuffix(",") && words[3] == "GMT":
      let date = words[1].split(separator: "-").map(String.init)
      guard date.count == 3, let short = number(date[2], 2) else { return nil }
      return instant(year: year(short, now: now), date[1], day: number(date[0], 2), words[2])
    case 5:
      let day = number(words[2], 2) ?? number(words[2], 1)
      return instant(year: number(words[4], 4), words[1], day: day, words[3])
    default: return nil
    }
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  private static func instant(year: Int64?, _ month: String, day: Int64?, _ time: String) -> Instant? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), 2) }
    guard let year, let day, let month = months.firstIndex(of: month),
      let date = CivilDate(year: year, month: Int64(month) + 1, day: day), clock.count == 3,
      let hour = clock[0], hour < 24, let minute = clock[1], minute < 60, let second = clock[2], second <= 60
    else { return nil }
    return Instant(seconds: date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second)
  }

  private static func year(_ short: Int64, now: Instant) -> Int64 {
    let current = CivilDate(daysSinceEpoch: now.milliseconds / 86_400_000).year
    let year = current / 100 * 100 + short
    return year > current + 50 ? year - 100 : year
  }

  private static func number(_ text: String, _ digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}
