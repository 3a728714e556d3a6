internal import Synchronization
internal import Vocabulary

/// Lets a device store a list that needs a base of its own only so often, so that one device cannot fill the disk.
///
/// It counts by device, not by key: a renewed key does not begin anew. A start forgets it, which costs one base a device.
final class WholeLists: Sendable {
  static let interval: Duration = .seconds(600)

  private let taken = Mutex<[DeviceID: Instant]>([:])
  private let limit: Int

  /// - Parameter limit: devices that are remembered; past them no list is taken until the oldest are over.
  init(limit: Int = 65_536) { self.limit = limit }

  /// Whether the device may store one now; then the next is `interval` away, unless it is given back.
  func take(_ device: DeviceID, now: Instant) -> Bool {
    taken.withLock { taken in
      if let last = taken[device], Self.isRecent(last, now) { return false }
      if taken.count >= limit { taken = taken.filter { Self.isRecent($0.value, now) } }
      guard taken.count < limit else { return false }
      taken[device] = now
      return true
    }
  }

  /// Nothing was stored after all.
  func giveBack(_ device: DeviceID) { taken.withLock { $0[device] = nil } }

  private static func isRecent(_ last: Instant, _ now: Instant) -> Bool { now >= last && now.since(last) < interval }
}
