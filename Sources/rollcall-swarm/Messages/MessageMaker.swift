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

/// Makes the messages of one worker's devices.
struct MessageMaker {
  let seed: UInt64
  let mixture: Mixture
  private var random: SeededRandom
  private var facts: FactMaker

  init(seed: UInt64, mixture: Mixture, worker: Int) {
    self.seed = seed
    self.mixture = mixture
    random = SeededRandom(seed: seed, stream: UInt64(worker) &+ 0xfeed)
    facts = FactMaker(seed: seed, table: mixture.table, sets: mixture.sets)
  }

  /// The next message of `device`: everything at first, then what changed or was asked for.
  ///
  /// - Parameter tail: kept by the caller between two messages of the device; nil makes a new one.
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
      let made = try facts.encoded(section, of: device)
      encoded.append(EncodedSection(section: section, json: made.json))
      hashes[section] = made.hash
      tail?.set(made.hash, of: section)
    }
    if !sections.isEmpty { device.hashes = hashes }
    tail?.set(sequence: device.sequence + 1, sentAt: now)
    return ByteBuffer(bytes: CheckInMessage.body(encoded, tail: tail ?? CheckInTail()))
  }
}
