import Crypto
import Vocabulary
import Wire

/// Who one simulated device is: everything follows from the fleet's seed and the device's number.
struct DeviceIdentity {
  let index: Int
  let seed: UInt64
  let serial: String
  let uuid: String
  let boardSerial: String
  let mac: String

  init(index: Int, seed: UInt64) {
    self.index = index
    self.seed = seed
    var random = SeededRandom(seed: seed, stream: UInt64(index) &+ 1)
    serial = "SW" + padded(seed % 10_000, 4) + padded(UInt64(index), 7)
    uuid = Self.uuid(&random)
    boardSerial = "BB" + Hex.encode(random.bytes(6)).uppercased()
    mac = ([0] + random.bytes(5)).map { Hex.encode([$0]) }.joined(separator: ":")
  }

  /// The device's key. A simulation may derive it from a seed; a real device's never leaves it and is random.
  ///
  /// - Throws: where the derived number is no scalar of the curve, which happens once in 2³².
  func privateKey() throws -> P256.Signing.PrivateKey {
    let digest = SHA256.hash(data: Array("rollcall-swarm key \(seed) \(index)".utf8))
    return try P256.Signing.PrivateKey(rawRepresentation: Array(digest))
  }

  private static func uuid(_ random: inout SeededRandom) -> String {
    var bytes = random.bytes(16)
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    let hex = Array(Hex.encode(bytes).utf8)
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return groups.map { String(decoding: hex[$0], as: UTF8.self) }.joined(separator: "-")
  }
}

func padded(_ number: UInt64, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
