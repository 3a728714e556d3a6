import Crypto
import NIOCore
import Vocabulary
import Wire

/// What of a fleet's messages changes.
struct Mixture: Sendable {
  /// The share of check-ins whose vitals changed, 0 to 1.
  var changed: Double
  /// The share of check-ins whose software changed, 0 to 1.
  var software: Double
  var table: HardwareTable
  var sets: SoftwareSets
}

/// Makes the messages of one worker's devices; what many devices share is encoded once.
struct MessageMaker {
  let seed: UInt64
  let mixture: Mixture
  private var random: SeededRandom
  private var vitals: [Int: (json: [UInt8], hash: Vocabulary.Digest)] = [:]

  init(seed: UInt64, mixture: Mixture, worker: Int) {
    self.seed = seed
    self.mixture = mixture
    random = SeededRandom(seed: seed, stream: UInt64(worker) &+ 0xfeed)
  }

  /// The next message of `device`: everything at first, then what changed or was asked for.
  mutating func message(
    for device: inout SimulatedDevice, tail: inout CheckInTail?, want: [FactSection], now: Instant
  ) throws -> ByteBuffer {
    var sections = Set(want)
    if device.hashes == nil || tail == nil {
      if device.hashes == nil { sections = Set(FactSection.allCases) }
      tail = CheckInTail()
      for (section, hash) in device.hashes ?? [:] { tail?.set(hash, of: section) }
    }
    if sections.isEmpty {
      if random.happens(mixture.changed) {
        device.variant = (device.variant + 1) % DeviceFacts.vitalVariants
        sections.insert(.vitals)
      }
      if random.happens(mixture.software) {
        device.edition += 1
        sections.insert(.software)
      }
    }
    var hashes = device.hashes ?? [:]
    var encoded: [EncodedSection] = []
    for section in sections {
      let (json, hash) = try self.encoded(section, of: device)
      encoded.append(EncodedSection(section: section, json: json))
      hashes[section] = hash
      tail?.set(hash, of: section)
    }
    if !sections.isEmpty { device.hashes = hashes }
    tail?.set(sequence: device.sequence + 1, sentAt: now)
    return ByteBuffer(bytes: CheckInMessage.body(encoded, tail: tail ?? CheckInTail()))
  }

  private mutating func encoded(
    _ section: FactSection, of device: SimulatedDevice
  ) throws -> (json: [UInt8], hash: Vocabulary.Digest) {
    let identity = DeviceIdentity(index: device.index, seed: seed)
    var drawn = SeededRandom(seed: seed, stream: UInt64(device.index) &+ 0xdead)
    let number = mixture.table.draw(&drawn)
    let model = mixture.table.models[number]
    switch section {
    case .identity: return try encode(DeviceFacts.identity(identity, model))
    case .hardware: return try encode(DeviceFacts.hardware(identity, model))
    case .system: return try encode(DeviceFacts.system(identity))
    case .software:
      let list = mixture.sets.list(device: device.index, edition: device.edition, seed: seed)
      return (jsonText(list), try digest(Array(list.utf8)))
    case .vitals:
      let key = number * DeviceFacts.vitalVariants + device.variant
      if let known = vitals[key] { return known }
      let made = try encode(DeviceFacts.vitals(model, variant: device.variant))
      vitals[key] = made
      return made
    }
  }

  private func encode(_ facts: some Canonical & Encodable) throws -> (json: [UInt8], hash: Vocabulary.Digest) {
    (try WireCodec.encode(facts), try digest(facts.canonicalBytes))
  }

  private func digest(_ bytes: [UInt8]) throws -> Vocabulary.Digest {
    guard let digest = Vocabulary.Digest(bytes: SHA256.hash(data: bytes)) else {
      throw SwarmError("SHA-256 is not 32 bytes.")
    }
    return digest
  }
}

/// `text` as a JSON string. Of what JSON escapes, synthetic package lists hold tabs and line ends alone.
func jsonText(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = [UInt8(ascii: "\"")]
  bytes.reserveCapacity(text.utf8.count * 9 / 8)
  for byte in text.utf8 {
    switch byte {
    case 9: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
    case 10: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
    default: bytes.append(byte)
    }
  }
  bytes.append(UInt8(ascii: "\""))
  return bytes
}
