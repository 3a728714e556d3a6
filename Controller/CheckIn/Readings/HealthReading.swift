package import Vocabulary
package import Wire

/// A device's health in one week, in numbers; what was not told is nil.
package struct HealthReading: Sendable, Hashable {
  /// Weeks since the one of Monday, 1969-12-29. Source: ISO 8601, weeks begin on Mondays.
  package let week: Int64
  /// What the battery that holds least still holds of its design.
  package var batteryPercent: Int?
  /// Endurance that the most worn disk has used up, percent.
  package var diskUsedPercent: Int?
  /// Free on the fullest file system.
  package var spaceFreePercent: Int?
  package var memoryFreePercent: Int?
  /// The hottest part.
  package var celsius: Int?

  package init(week: Int64) { self.week = week }

  package init(_ facts: Facts, at now: Instant) {
    week = Self.week(of: now)
    batteryPercent = Reading.battery(facts).map(Self.percent)
    diskUsedPercent = (facts.vitals?.disks ?? []).compactMap(\.percentUsed).max().map { Self.percent(Int64($0)) }
    spaceFreePercent = Reading.space(facts).map(Self.percent)
    memoryFreePercent = Reading.memory(facts).map(Self.percent)
    celsius = Reading.celsius(facts).map { Int(min($0, 150)) }
  }

  /// Of a battery and a disk more than 100 can be told; more than 254 says nothing more.
  private static func percent(_ value: Int64) -> Int { Int(min(max(value, 0), 254)) }

  package static func week(of moment: Instant) -> Int64 {
    // 1970-01-01 was a Thursday.
    let days = moment.milliseconds / 86_400_000 - (moment.milliseconds % 86_400_000 < 0 ? 1 : 0)
    return (days + 3) / 7 - ((days + 3) % 7 < 0 ? 1 : 0)
  }

  /// Its week's Monday, in days since 1970-01-01.
  package var monday: Int64 { week * 7 - 3 }

  var isEmpty: Bool { self == HealthReading(week: week) }

  /// This reading, with `later`'s numbers where it has none.
  func filled(from later: HealthReading) -> HealthReading {
    var filled = self
    filled.batteryPercent = batteryPercent ?? later.batteryPercent
    filled.diskUsedPercent = diskUsedPercent ?? later.diskUsedPercent
    filled.spaceFreePercent = spaceFreePercent ?? later.spaceFreePercent
    filled.memoryFreePercent = memoryFreePercent ?? later.memoryFreePercent
    filled.celsius = celsius ?? later.celsius
    return filled
  }
}
