import Glibc
package import Vocabulary

/// One look at the machine's clocks.
package struct ClockReading: Hashable, Sendable {
  /// Source: CLOCK_REALTIME; may be decades off, in either direction.
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

/// The agent's idea of the time. A laptop fresh from its box may believe that it is 1970, and one whose clock was set
/// by a wrong hand that it is 2061; the agent never sets the machine's clock, but it does not have to believe it.
///
/// ```
/// told in this contact        the controller's time, and what has passed since boot
/// else, clock known ahead     the machine's clock less what it was ahead at the last contact, if that is not before the floor
/// else                        the later of the machine's clock and the floor
/// ```
/// The *floor* is the time that is proven to have passed: the release of this agent, or what the controller said. It
/// alone is stored; the machine's clock never moves it, so a clock that was once in the future leaves no trace.
package struct ClockEstimate: Hashable, Sendable {
  /// When this version of the agent was released: it cannot run before.
  package static let release = Instant(seconds: 1_795_219_200)  // 2026-11-21

  /// Below this a machine's clock is right: an answer's way takes time, and clocks drift.
  private static let tolerance = Duration.seconds(300)

  private var floor: Instant
  private var learnedAt: Duration
  /// How far the machine's clock was ahead of the controller's at the last contact.
  private var ahead: Duration
  /// Whether the controller has told the time to this process.
  package private(set) var isTold = false

  /// - Parameters:
  ///   - kept: the floor that was stored last, if any.
  ///   - offset: the machine's clock minus the controller's at the last contact, in milliseconds.
  package init(kept: Instant? = nil, offset: Int64? = nil, at reading: ClockReading) {
    floor = max(Self.release, kept ?? Self.release)
    learnedAt = reading.sinceBoot
    ahead = .milliseconds(offset ?? 0)
  }

  // MARK: - What the controller says

  /// Takes a time from a controller whose certificate was verified, dates and all: it is believed in either direction,
  /// but not before the release of this agent, and not where the controller's own certificate does not hold.
  ///
  /// - Returns: whether it is believed.
  @discardableResult
  package mutating func learn(
    _ time: Instant, serverHolds: ClosedRange<Instant>? = nil, at reading: ClockReading
  ) -> Bool {
    guard time >= Self.release, serverHolds?.contains(time) ?? true else { return false }
    floor = time
    learnedAt = reading.sinceBoot
    ahead = .zero
    isTold = true
    return true
  }

  /// Takes a time from a controller whose certificate was verified but for its dates, because they do not fit the
  /// estimate. A key whose certificate has expired may be in wrong hands: so the time may not lie before the floor.
  ///
  /// - Returns: whether it is believed.
  package mutating func correct(
    to time: Instant, serverHolds: ClosedRange<Instant>? = nil, at reading: ClockReading
  ) -> Bool {
    guard time.advanced(by: Self.tolerance) >= proven(at: reading) else { return false }
    return learn(time, serverHolds: serverHolds, at: reading)
  }

  // MARK: - What time it is

  package func now(at reading: ClockReading) -> Instant {
    let proven = proven(at: reading)
    if isTold { return proven }
    let less = reading.system.advanced(by: .zero - ahead)
    return max(proven, ahead > Self.tolerance && less >= proven ? less : reading.system)
  }

  /// The time that is known to have passed: what is stored.
  package func proven(at reading: ClockReading) -> Instant {
    let elapsed = reading.sinceBoot - learnedAt
    return elapsed > .zero ? floor.advanced(by: elapsed) : floor
  }

  /// How far the machine's clock is behind what is known to have passed already; zero where it is not.
  package func lag(at reading: ClockReading) -> Duration { max(.zero, proven(at: reading).since(reading.system)) }

  /// How far the machine's clock is ahead of what the controller said; zero where it is not, or not known to be.
  package func lead(at reading: ClockReading) -> Duration { max(.zero, reading.system.since(now(at: reading))) }
}
