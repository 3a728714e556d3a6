/// A device's readings of the last year, at most one a week, packed in the row of its vitals.
///
/// A check-in with new vitals reads and writes that row in any case, so that a reading costs no statement of its own: the
/// first of a week is kept, and what it does not tell is filled in by later ones.
///
/// ```
/// 1 │ newest week, 2 octets │ gap │ battery │ disk │ space │ memory │ °C + 100 │ gap │ …
/// ```
/// The newest first; a gap is how many weeks a reading is before the one in front of it, 0 for the first. 255 is what was
/// not told. So one reading takes 9 octets, and a year of them 321.
struct HealthReadings: Sendable, Hashable {
  /// Readings that are kept, and the weeks that they reach back.
  static let most = 53
  /// What two octets hold: from the week of 1970-01-01 to one of the year 3225.
  static let weeks: ClosedRange<Int64> = 0...Int64(UInt16.max)
  private static let version: UInt8 = 1
  private static let unknown: UInt8 = 255
  private static let size = 6

  /// Oldest first.
  private(set) var all: [HealthReading] = []

  init() {}

  /// nil where they are of no known form.
  init?(packed: [UInt8]) {
    guard !packed.isEmpty else { return }
    guard packed[0] == Self.version, packed.count >= 3, (packed.count - 3).isMultiple(of: Self.size),
      packed.count <= 3 + Self.most * Self.size
    else { return nil }
    var week = Int64(packed[1]) << 8 | Int64(packed[2])
    for start in stride(from: 3, to: packed.count, by: Self.size) {
      guard (packed[start] == 0) == (start == 3) else { return nil }
      week -= Int64(packed[start])
      func value(_ offset: Int) -> Int? {
        let octet = packed[start + offset]
        return octet == Self.unknown ? nil : Int(octet)
      }
      var reading = HealthReading(week: week)
      reading.batteryPercent = value(1)
      reading.diskUsedPercent = value(2)
      reading.spaceFreePercent = value(3)
      reading.memoryFreePercent = value(4)
      reading.celsius = value(5).map { $0 - 100 }
      all.append(reading)
    }
    all.reverse()
  }

  var packed: [UInt8] {
    guard let newest = all.last else { return [] }
    let week = UInt16(clamping: newest.week)
    var bytes = [Self.version, UInt8(week >> 8), UInt8(week & 0xff)]
    var before = newest.week
    for reading in all.reversed() {
      bytes.append(UInt8(clamping: before - reading.week))
      for value in [
        reading.batteryPercent, reading.diskUsedPercent, reading.spaceFreePercent, reading.memoryFreePercent,
        reading.celsius.map { $0 + 100 },
      ] { bytes.append(value.map { UInt8(min(max($0, 0), 254)) } ?? Self.unknown) }
      before = reading.week
    }
    return bytes
  }

  /// These with `reading`; nil where it tells nothing that they have not.
  ///
  /// Of a week that comes after it, where a clock was ahead, nothing stays.
  func taking(_ reading: HealthReading) -> HealthReadings? {
    guard !reading.isEmpty, Self.weeks.contains(reading.week) else { return nil }
    if let last = all.last(where: { $0.week == reading.week }) {
      let filled = last.filled(from: reading)
      guard filled != last else { return nil }
      var taken = self
      taken.all = all.map { $0.week == reading.week ? filled : $0 }
      return taken
    }
    var taken = HealthReadings()
    taken.all = all.filter { $0.week < reading.week && $0.week > reading.week - Int64(Self.most) } + [reading]
    return taken
  }

  /// These with `others` of weeks before the first that was measured here; what was measured stays as it is.
  ///
  /// - Parameter now: this week; where nothing was measured yet, others may come up to it.
  func preceded(by others: [HealthReading], now: Int64) -> HealthReadings {
    let first = all.first?.week ?? now
    let newest = all.last?.week ?? others.map(\.week).filter { $0 < now }.max() ?? now
    var before: [Int64: HealthReading] = [:]
    for other in others where other.week < first && other.week > newest - Int64(Self.most) && !other.isEmpty {
      before[other.week] = before[other.week]?.filled(from: other) ?? other
    }
    var whole = HealthReadings()
    whole.all = before.values.sorted { $0.week < $1.week } + all
    return whole
  }

  /// Those of weeks that begin on this day or later; nil where that is all of them.
  func since(day: Int64) -> HealthReadings? {
    var kept = HealthReadings()
    kept.all = all.filter { $0.monday >= day }
    return kept == self ? nil : kept
  }
}
