internal import Vocabulary

/// How often devices come back, and what a restricted one is told.
package struct CheckInPolicy: Sendable, Hashable {
  /// Between the check-ins of a device that nothing is asked of.
  package var interval: Duration
  /// How far from `interval` a device may be put, as a share of it.
  package var jitter: Double
  /// While something is awaited: sections, a person's approval.
  package var soon: Duration
  /// Shown by a lost or stolen device.
  package var restrictedNotice: String

  package init(
    interval: Duration = .seconds(3600), jitter: Double = 0.2, soon: Duration = .seconds(30),
    restrictedNotice: String = "This device was reported missing. Please return it to the school."
  ) {
    self.interval = interval
    self.jitter = min(max(jitter, 0), 0.9)
    self.soon = soon
    self.restrictedNotice = restrictedNotice
  }

  /// When a device comes back, in whole seconds from now: the same on one day for one device, spread over devices
  /// and days, and up to twice as late while the controller is loaded.
  ///
  /// - Parameter load: 0 idle to 1 full.
  func secondsToNext(device: DeviceID, now: Instant, soon isSoon: Bool, load: Double) -> Int {
    let day = now.milliseconds / 86_400_000
    let point = Spread.fraction(device.rawValue, UInt64(bitPattern: day)) * 2 - 1
    let base = isSoon ? soon : interval
    let stretch = 1 + min(max(load, 0), 1)
    return max(1, Int((base.inSeconds * (1 + point * jitter) * stretch).rounded()))
  }

  /// Whether the certificate is to be renewed: from 80 % ± 10 % of its life, by the device's id.
  static func renewalIsDue(device: DeviceID, notBefore: Instant, notAfter: Instant, now: Instant) -> Bool {
    let life = notAfter.since(notBefore).inSeconds
    let share = 0.7 + 0.2 * Spread.fraction(device.rawValue, 0x72_656e_6577)
    return life > 0 && now.since(notBefore).inSeconds >= life * share
  }
}

/// Numbers that are the same for the same device everywhere, and evenly spread over devices.
enum Spread {
  static func hash(_ text: String, _ salt: UInt64) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ salt
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return hash ^ (hash >> 31)
  }

  /// From 0 to below 1.
  static func fraction(_ text: String, _ salt: UInt64) -> Double { Double(hash(text, salt) >> 11) * 0x1p-53 }
}

extension Duration {
  var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
