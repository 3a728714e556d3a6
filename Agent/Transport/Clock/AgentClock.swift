import Glibc
package import Vocabulary

/// One look at the machine's clocks.
package struct ClockReading: Hashable, Sendable {
  /// Source: CLOCK_REALTIME; may be decades off.
  package let system: Instant
  /// Since boot, time asleep included. Source: CLOCK_BOOTTIME
  package let sinceBoot: Duration

  package init(system: Instant, sinceBoot: Duration) {
    self.system = system
    self.sinceBoot = sinceBoot
  }

  package static var now: ClockReading {
    var real = timespec()
    var boot = timespec()
    clock_gettime(CLOCK_REALTIME, &real)
    clock_gettime(CLOCK_BOOTTIME, &boot)
    return ClockReading(
      system: Instant(milliseconds: Int64(real.tv_sec) * 1000 + Int64(real.tv_nsec) / 1_000_000),
      sinceBoot: .seconds(boot.tv_sec) + .nanoseconds(boot.tv_nsec))
  }
}

/// The agent's idea of the time: the latest of the machine's clock, the release, what was kept from before, and what
/// a verified controller said. A laptop fresh from its box may believe that it is 1970.
///
/// It never sets the machine's clock, and never goes back.
package struct ClockEstimate: Hashable, Sendable {
  /// When this version of the agent was released: it cannot run before.
  package static let release = Instant(seconds: 1_795_219_200)  // 2026-11-21

  private var floor: Instant
  private var learnedAt: Duration

  /// - Parameter kept: the estimate that was stored last, if any.
  package init(kept: Instant? = nil, at reading: ClockReading) {
    floor = max(Self.release, kept ?? Self.release)
    learnedAt = reading.sinceBoot
  }

  /// Takes a time from a verified controller; an earlier one than known changes nothing.
  package mutating func learn(_ time: Instant, at reading: ClockReading) {
    let known = now(at: reading, ignoringSystem: true)
    guard time > known else { return }
    floor = time
    learnedAt = reading.sinceBoot
  }

  package func now(at reading: ClockReading) -> Instant { max(reading.system, now(at: reading, ignoringSystem: true)) }

  /// How far the machine's clock is behind what is known to have passed already; zero where it is not.
  package func lag(at reading: ClockReading) -> Duration {
    let known = now(at: reading, ignoringSystem: true)
    return known > reading.system ? known.since(reading.system) : .zero
  }

  private func now(at reading: ClockReading, ignoringSystem: Bool) -> Instant {
    let elapsed = reading.sinceBoot - learnedAt
    return elapsed > .zero ? floor.advanced(by: elapsed) : floor
  }
}
