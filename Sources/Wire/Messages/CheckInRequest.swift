package import Vocabulary

/// What an agent says of its machine: hashes of all it knows, and those sections that the controller may not have.
///
/// ```
/// agent                                    controller
///   │ POST /agent/v1/checkin (mTLS)             │
///   │ sequence n, hashes, changed sections ───▶ │ one transaction, durable
///   │ ◀─── sequence n, want [], next in 3600 s  │
/// ```
package struct CheckInRequest: Hashable, Sendable {
  package var version: Int
  /// Counts up by one with each new message of this key, from 1. A repeated message repeats its number.
  package var sequence: Int64
  /// The device's own clock when it made the message.
  package var sentAt: Instant
  /// The agent's version, such as `0.1.0`.
  package var agent: String
  /// SHA-256 over the canonical encoding of each section that the agent knows.
  package var hashes: [FactSection: Digest]
  /// The sections that changed since the last acknowledged check-in, or were asked for.
  package var facts: Facts
  /// How many sections in the message this side does not know.
  package var unknownSections: Int

  package init(sequence: Int64, sentAt: Instant, agent: String, hashes: [FactSection: Digest], facts: Facts) {
    version = WireVersion.current
    self.sequence = sequence
    self.sentAt = sentAt
    self.agent = agent
    self.hashes = hashes
    self.facts = facts
    unknownSections = 0
  }
}

extension CheckInRequest: Codable {
  private enum Key: String, CodingKey { case version, sequence, sentAt, agent, hashes, facts }

  /// Any section's name, known here or not.
  private struct SectionKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    version = try container.decode(Int.self, forKey: .version)
    // Before anything else: what another version means by the rest is not known here.
    guard WireVersion.accepts(version) else { throw WireVersion.unsupported(version) }
    sequence = try container.decode(Int64.self, forKey: .sequence)
    sentAt = try container.decode(Instant.self, forKey: .sentAt)
    agent = try container.decode(String.self, forKey: .agent)
    let hashed = try container.nestedContainer(keyedBy: SectionKey.self, forKey: .hashes)
    hashes = [:]
    var unknown: Set<String> = []
    for key in hashed.allKeys {
      guard let section = FactSection(rawValue: key.stringValue) else {
        unknown.insert(key.stringValue)
        continue
      }
      hashes[section] = try hashed.decode(Digest.self, forKey: key)
    }
    facts = Facts()
    if container.contains(.facts) {
      facts = try container.decode(Facts.self, forKey: .facts)
      let sections = try container.nestedContainer(keyedBy: SectionKey.self, forKey: .facts)
      unknown.formUnion(sections.allKeys.map(\.stringValue).filter { FactSection(rawValue: $0) == nil })
    }
    unknownSections = unknown.count
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(version, forKey: .version)
    try container.encode(sequence, forKey: .sequence)
    try container.encode(sentAt, forKey: .sentAt)
    try container.encode(agent, forKey: .agent)
    var hashed = container.nestedContainer(keyedBy: SectionKey.self, forKey: .hashes)
    for (section, digest) in hashes { try hashed.encode(digest, forKey: SectionKey(stringValue: section.rawValue)) }
    if facts != Facts() { try container.encode(facts, forKey: .facts) }
  }
}
