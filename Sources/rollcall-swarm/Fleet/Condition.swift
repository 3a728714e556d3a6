/// How a simulated device has fared: most are well, some need attention, a few fail.
struct Condition: Hashable, Sendable {
  var batteryPercent: Int64
  var diskUsedPercent: Int
  var freePercent: Int
  var updates: Int

  static let new = Condition(batteryPercent: 88, diskUsedPercent: 4, freePercent: 90, updates: 3)

  /// Of one device, always the same: 84 % well, 12 % with something to look after, 4 % failing.
  static func of(_ identity: DeviceIdentity) -> Condition {
    var random = SeededRandom(seed: identity.seed, stream: UInt64(identity.index) &+ 0xc0de)
    var condition = Condition(
      batteryPercent: Int64(70 + random.below(6) * 5), diskUsedPercent: 2 + random.below(4) * 8, freePercent: 90,
      updates: random.below(4))
    switch random.below(100) {
    case 0..<2: condition.batteryPercent = 35
    case 2..<4: condition.diskUsedPercent = 103
    case 4..<10: condition.batteryPercent = 55
    case 10..<13: condition.updates = 45
    case 13..<16: condition.diskUsedPercent = 85
    default: break
    }
    return condition
  }
}

/// The disk that a device was bought with.
struct DiskKind: Hashable, Sendable {
  let model: String
  let bytes: Int64

  static let usual = DiskKind(model: "KBG40ZNS256G NVMe KIOXIA 256GB", bytes: 256_060_514_304)
  private static let all = [
    usual, usual, DiskKind(model: "KBG40ZNS128G NVMe KIOXIA 128GB", bytes: 128_035_676_160),
    DiskKind(model: "SAMSUNG MZVLQ512HALU-000H1", bytes: 512_110_190_592),
  ]

  static func of(_ identity: DeviceIdentity) -> DiskKind {
    var random = SeededRandom(seed: identity.seed, stream: UInt64(identity.index) &+ 0xd15c)
    return all[random.below(all.count)]
  }
}
