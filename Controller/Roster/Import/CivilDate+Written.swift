import Vocabulary

/// Days as files of rosters write them: millions, so that no text is made of any.
extension CivilDate {
  /// `2015-03-09`; nil where it is written otherwise, no day of the calendar, or before 1900.
  init?(written cell: Cell) {
    guard cell.count == 10, cell[4] == UInt8(ascii: "-"), cell[7] == UInt8(ascii: "-"),
      let year = Self.number(cell[0..<4]), let month = Self.number(cell[5..<7]), let day = Self.number(cell[8..<10]),
      year >= 1900
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  init?(written text: String) {
    var text = text
    guard let date = text.withUTF8({ CivilDate(written: $0) }) else { return nil }
    self = date
  }

  /// The day of a moment, in UTC.
  init(_ moment: Instant) {
    let day = 86_400_000 as Int64
    let (days, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: day)
    self.init(daysSinceEpoch: rest < 0 ? days - 1 : days)
  }

  static func < (one: CivilDate, other: CivilDate) -> Bool {
    (one.year, one.month, one.day) < (other.year, other.month, other.day)
  }

  private static func number(_ digits: Slice<Cell>) -> Int64? {
    var number: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = number * 10 + Int64(digit - 0x30)
    }
    return number
  }
}
