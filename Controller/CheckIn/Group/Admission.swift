internal import Synchronization

/// Bounds the bytes of messages that are in work at once, before they can fill the memory.
final class Admission: Sendable {
  private let taken = Mutex(0)
  let limit: Int

  init(limit: Int) { self.limit = limit }

  var inFlight: Int { taken.withLock { $0 } }

  /// Whether there was room; what entered has to ``leave(_:)``.
  func enter(_ bytes: Int) -> Bool {
    taken.withLock { taken in
      guard taken + bytes <= limit || taken == 0 else { return false }
      taken += bytes
      return true
    }
  }

  func leave(_ bytes: Int) { taken.withLock { $0 -= bytes } }
}
