import Vocabulary

/// How long to wait before the next contact.
enum Backoff {
  static let shortest = Duration.seconds(30)
  static let longest = Duration.seconds(3600)

  /// After `failures` contacts in a row that failed: 30 s, doubled each time, to an hour; a random half of it.
  ///
  /// - Parameters:
  ///   - asked: what the controller asked for by Retry-After; never less is waited, and an hour more at most.
  ///   - random: 0 to 1.
  static func delay(failures: Int, asked: Duration? = nil, random: Double) -> Duration {
    let doubled = shortest * (1 << min(max(failures, 1) - 1, 7))
    let bound = min(doubled, longest)
    let jittered = bound / 2 + (bound / 2) * random
    guard let asked else { return max(shortest, jittered) }
    let floor = min(asked, longest * 24)
    return max(floor + min(bound, .seconds(30)) * random, .seconds(1))
  }

  /// What the controller's answer says, kept within 10 s and a day. It has jitter already.
  static func steered(seconds: Int) -> Duration { .seconds(min(max(seconds, 10), 86_400)) }
}
