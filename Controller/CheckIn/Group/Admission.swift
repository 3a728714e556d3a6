internal import Synchronization

/// Bounds the bytes of messages that are in work at once, before they can fill the memory.
final class Admission: Sendable {
  private struct State {
    var taken = 0
    var refused = 0
  }

  private let state = Mutex(State())
  let limit: Int

  init(limit: Int) { self.limit = limit }

  var inFlight: Int { state.withLock { $0.taken } }
  /// How often there was no room, since the start.
  var refused: Int { state.withLock { $0.refused } }

  /// Whether there was room; what entered has to ``leave(_:)``.
  func enter(_ bytes: Int) -> Bool { grow(from: 0, to: bytes) }

  /// Whether what entered with `bytes` may weigh `more` from now on; else it weighs what it did.
  ///
  /// One that is alone has room whatever it weighs, for it would wait for ever.
  func grow(from bytes: Int, to more: Int) -> Bool {
    state.withLock { state in
      let others = state.taken - bytes
      guard others + more <= limit || others == 0 else {
        state.refused += 1
        return false
      }
      state.taken = others + more
      return true
    }
  }

  func leave(_ bytes: Int) { state.withLock { $0.taken -= bytes } }
}
