import Compression
import CurlClient
import Vocabulary
import Wire

/// A check-in ready to travel.
struct CheckInMessage {
  /// Bodies above this are compressed, in bytes.
  static let compressionThreshold = 1024

  let pending: AgentState.Pending
  /// The bytes that travel and are spooled.
  let body: [UInt8]

  /// Which sections travel in full: those the controller asked for, and those that differ from what it holds or was told.
  static func sections(
    _ hashes: [FactSection: Digest], beside: [FactSection: Digest] = [:], in state: AgentState
  ) -> Set<FactSection> {
    var sections = Set(state.wanted)
    for (section, hash) in beside where state.acknowledgedBeside?[section] != hash { sections.insert(section) }
    if let acknowledged = state.acknowledged {
      for (section, hash) in hashes where acknowledged[section] != hash { sections.insert(section) }
    }
    return sections.intersection(hashes.keys)
  }

  /// - Throws: `transfer.digest-unavailable`.
  static func hashes(of facts: Facts) throws(TransferError) -> [FactSection: Digest] {
    var hashes: [FactSection: Digest] = [:]
    for section in FactSection.allCases {
      if let bytes = facts.canonical(section) { hashes[section] = try SHA256.digest(bytes) }
    }
    return hashes
  }

  /// Of what sections tell beside what is hashed.
  ///
  /// - Throws: `transfer.digest-unavailable`.
  static func beside(_ facts: Facts) throws(TransferError) -> [FactSection: Digest] {
    var beside: [FactSection: Digest] = [:]
    for section in FactSection.allCases {
      if let bytes = facts.beside(section) { beside[section] = try SHA256.digest(bytes) }
    }
    return beside
  }

  /// The message that follows `state`.
  ///
  /// - Throws: `wire.malformed`, `compression.unavailable`, `transfer.digest-unavailable`.
  init(_ facts: Facts, hashes: [FactSection: Digest], after state: AgentState, at now: Instant) throws {
    let sequence = state.sequence + 1
    let beside = try Self.beside(facts)
    let request = CheckInRequest(
      sequence: sequence, sentAt: now, agent: Release.version, hashes: hashes,
      facts: facts.only(Self.sections(hashes, beside: beside, in: state)))
    let plain = try WireCodec.encode(request)
    let isCompressed = plain.count > Self.compressionThreshold
    body = isCompressed ? try Gzip.compress(plain) : plain
    pending = AgentState.Pending(
      sequence: sequence, body: try SHA256.digest(body), isCompressed: isCompressed, hashes: hashes,
      beside: beside, mayHaveArrived: true)
  }

  init(pending: AgentState.Pending, body: [UInt8]) {
    self.pending = pending
    self.body = body
  }

  var headers: [Request.Header] {
    [Request.Header("Content-Type", "application/json")]
      + (pending.isCompressed ? [Request.Header("Content-Encoding", "gzip")] : [])
  }
}
