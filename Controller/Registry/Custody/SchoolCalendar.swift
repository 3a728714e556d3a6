import Vocabulary

/// A day of the week; its place in ``allCases`` is that of ISO 8601, from Monday.
package enum Weekday: String, CaseIterable, Sendable, Hashable, Codable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday
}

/// The days on which a district's schools are open. Days are counted since 1970-01-01, and begin at midnight UTC.
package struct SchoolCalendar: Sendable, Hashable {
  /// At least one.
  package var weekdays: Set<Weekday>
  /// School weekdays on which the schools are closed all the same.
  package var closed: Set<Int64>

  package init(weekdays: Set<Weekday>, closed: Set<Int64> = []) {
    (self.weekdays, self.closed) = (weekdays, closed)
  }

  /// Where a district has not said: Monday to Friday.
  package static let standard = SchoolCalendar(weekdays: [.monday, .tuesday, .wednesday, .thursday, .friday])

  /// Closed days that a district may list.
  package static let closedLimit = 1000
  /// The longest loan, in school days.
  package static let longestLoan = 200

  package func isOpen(_ day: Int64) -> Bool {
    // 1970-01-01 was a Thursday.
    let place = ((day % 7 + 7) % 7 + 3) % 7
    return weekdays.contains(Weekday.allCases[Int(place)]) && !closed.contains(day)
  }

  /// The school day that is `count` school days after `day`; nil where the calendar has none within 40 years.
  package func day(_ count: Int, after day: Int64) -> Int64? {
    var left = count
    for next in (day + 1)...(day + 14_610) where isOpen(next) {
      left -= 1
      if left <= 0 { return next }
    }
    return nil
  }

  /// School days from `due`, which is not one of them, until `today`, which is.
  package func daysLate(_ due: Int64, today: Int64) -> Int {
    guard due < today else { return 0 }
    // No loan is counted for longer than a year: what is later is as late.
    return (max(due + 1, today - 366)...today).count(where: isOpen)
  }
}

extension Instant {
  /// The day since 1970-01-01, in UTC.
  var day: Int64 { CivilDate.day(of: self) }
}

extension CivilDate {
  static func day(of instant: Instant) -> Int64 {
    let (quotient, remainder) = instant.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The day of `2026-12-03`; nil for anything else.
  static func day(of text: String) -> Int64? {
    guard text.utf8.count == 10, let instant = Instant(rfc3339: text) else { return nil }
    return day(of: instant)
  }

  /// `2026-12-03`.
  static func text(of day: Int64) -> String { CivilDate(daysSinceEpoch: day).description }
}
