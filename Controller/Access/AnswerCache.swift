import Synchronization
import Vocabulary

/// What was answered of the secrets that were used within the last second; bounded.
final class AnswerCache<Answer: Sendable>: Sendable {
  private struct Kept {
    let answer: Answer
    let at: Instant
    let until: Instant
  }

  private struct State {
    var kept: [[UInt8]: Kept] = [:]
    /// Counts the changes, so that an answer read before a change is not kept after it.
    var generation = 0
  }

  private let bound = 1024
  private let state = Mutex(State())

  var generation: Int { state.withLock { $0.generation } }

  func answer(_ hash: [UInt8], now: Instant) -> Answer? {
    state.withLock { state in
      guard let kept = state.kept[hash], Self.isFresh(kept, now), kept.until > now else { return nil }
      return kept.answer
    }
  }

  func keep(_ answer: Answer, for hash: [UInt8], until: Instant, now: Instant, generation: Int) {
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.kept.count >= bound { state.kept = state.kept.filter { Self.isFresh($1, now) } }
      if state.kept.count >= bound { state.kept = [:] }
      state.kept[hash] = Kept(answer: answer, at: now, until: until)
    }
  }

  /// Another answer in place of what is kept, for as long.
  ///
  /// - Parameter generation: of before the kept one was read: what was kept since then is newer than what follows from it.
  func change(_ answer: Answer, for hash: [UInt8], generation: Int) {
    state.withLock { state in
      guard state.generation == generation, let kept = state.kept[hash] else { return }
      state.kept[hash] = Kept(answer: answer, at: kept.at, until: kept.until)
    }
  }

  func forgetAll() {
    state.withLock { state in
      state.kept = [:]
      state.generation += 1
    }
  }

  /// Also false where the clock was set back.
  private static func isFresh(_ kept: Kept, _ now: Instant) -> Bool {
    let age = now.since(kept.at)
    return age >= .zero && age < AccessDirectory.lag
  }
}
