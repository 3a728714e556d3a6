import Crypto
import Vocabulary
import Wire

/// Makes the facts of a fleet's devices and encodes them; what many devices share is encoded once. One for each thread.
struct FactMaker {
  let seed: UInt64
  let table: HardwareTable
  let sets: SoftwareSets
  private var vitals: [VitalKey: Encoded] = [:]
  private var bases: [Int: SoftwareSets.Base] = [:]

  /// A section's JSON, and the hash over its canonical form.
  struct Encoded {
    let json: [UInt8]
    let hash: Vocabulary.Digest
  }

  private struct VitalKey: Hashable {
    let model: Int
    let variant: Int
    let disk: DiskKind
    let condition: Condition
  }

  /// Entries after which a table of what was encoded begins anew.
  private static let room = 4096
  private static let baseRoom = 32

  init(seed: UInt64, table: HardwareTable, sets: SoftwareSets) {
    self.seed = seed
    self.table = table
    self.sets = sets
  }

  /// The number of the model that a device is of.
  func modelNumber(of index: Int) -> Int {
    var drawn = SeededRandom(seed: seed, stream: UInt64(index) &+ 0xdead)
    return table.draw(&drawn)
  }

  mutating func encoded(_ section: FactSection, of device: SimulatedDevice) throws -> Encoded {
    let identity = DeviceIdentity(index: device.index, seed: seed)
    let number = modelNumber(of: device.index)
    let model = table.models[number]
    switch section {
    case .identity: return try Self.encode(DeviceFacts.identity(identity, model))
    case .hardware: return try Self.encode(DeviceFacts.hardware(identity, model))
    case .system: return try Self.encode(DeviceFacts.system(identity))
    case .software:
      let list = software(of: device)
      return Encoded(json: jsonText(list), hash: try Self.digest(list))
    case .vitals:
      let key = VitalKey(
        model: number, variant: device.variant, disk: .of(identity), condition: .of(identity))
      if let known = vitals[key] { return known }
      if vitals.count >= Self.room { vitals.removeAll(keepingCapacity: true) }
      let made = try Self.encode(
        DeviceFacts.vitals(model, variant: device.variant, disk: key.disk, condition: key.condition))
      vitals[key] = made
      return made
    }
  }

  /// The device's list in the wire's lines.
  mutating func software(of device: SimulatedDevice) -> [UInt8] {
    let number = device.base ?? sets.number(of: device.index)
    return sets.list(of: base(number), device: device.index, edition: device.edition, seed: seed)
  }

  private mutating func base(_ number: Int) -> SoftwareSets.Base {
    if let known = bases[number] { return known }
    if bases.count >= Self.baseRoom { bases.removeAll(keepingCapacity: true) }
    let made = sets.base(number)
    bases[number] = made
    return made
  }

  static func encode(_ facts: some Canonical & Encodable) throws -> Encoded {
    Encoded(json: try WireCodec.encode(facts), hash: try digest(facts.canonicalBytes))
  }

  static func digest(_ bytes: [UInt8]) throws -> Vocabulary.Digest {
    guard let digest = Vocabulary.Digest(bytes: SHA256.hash(data: bytes)) else {
      throw SwarmError("SHA-256 is not 32 bytes.")
    }
    return digest
  }
}

/// `text` as a JSON string. Of what JSON escapes, synthetic package lists hold tabs and line ends alone.
func jsonText(_ text: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = [UInt8(ascii: "\"")]
  bytes.reserveCapacity(text.count * 9 / 8)
  for byte in text {
    switch byte {
    case 9: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
    case 10: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
    default: bytes.append(byte)
    }
  }
  bytes.append(UInt8(ascii: "\""))
  return bytes
}
