/// When the devices that wait for the index of software are taken up, by looks at how many wait, one second apart.
///
/// A pallet that is enrolled, or an update that a district takes on Monday morning, touches the same names by the
/// thousand: a step costs by its names more than by its devices. So while more and more wait, it waits for many; where
/// nobody more came, they are taken up at once, and none waits for long.
struct SoftwareIndexPace {
  /// Devices that are enough for a step.
  static let enough = SoftwareFold.devices
  /// Looks after which those who wait are taken up, however few they are.
  static let patience = 15

  private var last = 0
  private var looks = 0

  /// - Parameter waiting: devices that wait, ``enough`` at most.
  mutating func isDue(waiting: Int) -> Bool {
    defer { last = waiting }
    guard waiting > 0 else {
      looks = 0
      return false
    }
    looks += 1
    guard waiting >= Self.enough || waiting == last || looks >= Self.patience else { return false }
    looks = 0
    return true
  }
}
