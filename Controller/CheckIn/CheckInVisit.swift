internal import Compression
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// One check-in on its way to the database: all work that needs no transaction is done.
struct CheckInVisit: Sendable {
  let peer: PeerCertificate
  let known: KnownKey
  let check: Verified<CheckInRequest>
  /// How the software is to be stored, where it was sent and counts.
  let software: SoftwareBases.Plan?
  /// Sections that were sent and are put off: whole software lists that come too often.
  let puttingOff: Set<FactSection>
  /// The other sections as they are stored.
  let bodies: [FactSection: [UInt8]]
  /// What the network is called that it came from.
  let network: NetworkID?
  let now: Instant
  /// 0 idle to 1 full, when it came.
  let load: Double

  var held: Bool { known.state == .quarantined }

  /// Whether the device, which had no serial when it got its certificate, tells one now.
  var tellsNewSerial: Bool {
    peer.serial == nil && check.message.facts.identity?.serial.flatMap(Serial.init) != nil
  }

  /// Encodes what was sent, outside of any transaction.
  static func prepared(
    _ check: Verified<CheckInRequest>, peer: PeerCertificate, known: KnownKey, bases: SoftwareBases,
    wholeLists: WholeLists, network: NetworkID?, load: Double, now: Instant
  ) async throws -> CheckInVisit {
    var bodies: [FactSection: [UInt8]] = [:]
    var plan: SoftwareBases.Plan?
    var puttingOff: Set<FactSection> = []
    let isStored = known.state != .pending && known.state != .revoked
    let facts = check.message.facts
    for section in check.canonical.keys where isStored {
      switch section {
      case .identity: bodies[section] = try FactPacking.pack(WireCodec.encode(facts.identity))
      case .hardware: bodies[section] = try FactPacking.pack(WireCodec.encode(facts.hardware))
      case .system: bodies[section] = try FactPacking.pack(WireCodec.encode(facts.system))
      case .vitals: bodies[section] = try FactPacking.pack(WireCodec.encode(facts.vitals))
      case .software:
        guard let list = check.canonical[.software], let digest = check.message.hashes[.software] else { continue }
        if known.state == .quarantined {
          bodies[section] = try Gzip.compress(list)
        } else {
          plan = try await bases.plan(for: list, digest: digest, now: now)
          if let made = plan, made.isWhole, !wholeLists.take(known.device, now: now) {
            bases.discard(digest)
            plan = nil
            puttingOff.insert(.software)
          }
        }
      }
    }
    return CheckInVisit(
      peer: peer, known: known, check: check, software: plan, puttingOff: puttingOff, bodies: bodies,
      network: network, now: now, load: load)
  }
}

extension CheckInVisit {
  /// The same message of the same key as that of a quarantined one.
  func quarantined() throws -> CheckInVisit {
    var bodies = bodies
    if let list = check.canonical[.software] { bodies[.software] = try Gzip.compress(list) }
    let held = KnownKey(key: known.key, district: known.district, device: known.device, state: .quarantined)
    return CheckInVisit(
      peer: peer, known: held, check: check, software: nil, puttingOff: [], bodies: bodies, network: network,
      now: now, load: load)
  }
}

/// What a stored check-in answers, and what follows once it is durable.
struct CheckInOutcome: Sendable {
  let reply: [UInt8]
  var changes: KeyChanges
  /// A base that now stands in the database.
  var storedBase: Digest?
}
