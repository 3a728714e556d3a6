internal import Serving
internal import Synchronization
internal import Vocabulary

/// Counts the bad enrolment tokens of each origin: past a burst they come no faster than a rate.
///
/// It never decides over a good token: whole warehouses stand behind one address. What it spares is the writer, which a
/// throttled origin reaches only with a token that a read found good.
///
/// An origin is kept as one instant, until which its failures have used up the rate: one failure moves it on by the time
/// that the rate gives to one, and it may lie as far ahead as the burst.
package final class FailureThrottle: Sendable {
  package struct Limits: Hashable, Sendable {
    /// Failures that are answered one after another.
    package var burst: Int
    package var perMinute: Int

    package init(burst: Int = 30, perMinute: Int = 10) {
      self.burst = burst
      self.perMinute = perMinute
    }
  }

  /// The most origins that are remembered; past them the ones that failed longest ago are forgotten.
  static let originLimit = 4096

  private struct Failures: Sendable {
    /// Until then the failures have used up the rate, in milliseconds since 1970.
    var spentUntil: Int64
    /// Orders the origins by their last failure.
    var turn: UInt64
  }

  private struct State: Sendable {
    var origins: [Origin: Failures] = [:]
    var turn: UInt64 = 0
  }

  /// What one failure takes of the rate, in milliseconds.
  private let cost: Int64
  private let burst: Int64
  private let state = Mutex(State())

  package init(_ limits: Limits = Limits()) {
    cost = max(1, 60_000 / Int64(max(1, limits.perMinute)))
    burst = Int64(max(1, limits.burst))
  }

  /// How many origins are remembered.
  package var count: Int { state.withLock { $0.origins.count } }

  /// Whether the origin's next failure would be one too many.
  func isSpent(_ origin: Origin, now: Instant) -> Bool {
    state.withLock { wait(for: $0.origins[origin]?.spentUntil, now) } != nil
  }

  /// Takes note of a failure.
  ///
  /// - Returns: nil where the failure may be answered as what it is; else the seconds until the next one may.
  func fail(_ origin: Origin, now: Instant) -> Int? {
    state.withLock { state in
      let spent = state.origins[origin]?.spentUntil
      state.turn += 1
      if let wait = wait(for: spent, now) {
        state.origins[origin]?.turn = state.turn
        return wait
      }
      state.origins[origin] = Failures(
        spentUntil: max(spent ?? 0, now.milliseconds) + cost, turn: state.turn)
      if state.origins.count > Self.originLimit { Self.forget(&state, now) }
      return nil
    }
  }

  private func wait(for spentUntil: Int64?, _ now: Instant) -> Int? {
    guard let spentUntil else { return nil }
    let over = spentUntil + cost - burst * cost - now.milliseconds
    return over > 0 ? Int((over + 999) / 1000) : nil
  }

  /// Drops those whose rate is free again, and a quarter of the others if that is not enough: seldom, and then much.
  private static func forget(_ state: inout State, _ now: Instant) {
    state.origins = state.origins.filter { $0.value.spentUntil > now.milliseconds }
    guard state.origins.count > originLimit * 3 / 4 else { return }
    let turns = state.origins.values.map(\.turn).sorted()
    let oldest = turns[turns.count - originLimit * 3 / 4]
    state.origins = state.origins.filter { $0.value.turn >= oldest }
  }
}
