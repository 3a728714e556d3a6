internal import Serving
package import Vocabulary
package import Wire

/// A message whose every claim about its own content was checked; there is no other way to make one.
package struct Verified<Message: Sendable>: Sendable {
  package let message: Message
  /// SHA-256 over the message as it was sent, decompressed.
  package let digest: Digest
  /// The hashes that the message tells.
  let hashes: SectionHashes
  /// The canonical encodings of the sections that the message carries.
  let canonical: [FactSection: [UInt8]]
}

extension Verified<CheckInRequest> {
  /// Decodes `body` once, checks its limits, and each section that it carries against the section's hash.
  ///
  /// - Throws: `wire.malformed`, `wire.unsupported-version`, `wire.too-large`, `wire.software-malformed`,
  ///   `wire.hash-mismatch`.
  package init(body: [UInt8]) throws(WireError) {
    let message = try WireCodec.checkIn(from: body)
    var canonical: [FactSection: [UInt8]] = [:]
    if message.facts != Facts() {
      for section in FactSection.allCases {
        guard let bytes = message.facts.canonical(section) else { continue }
        guard let claimed = message.hashes[section], Digest.sha256(bytes) == claimed else {
          throw WireError(
            .hashMismatch,
            "The section '\(section.rawValue)' does not have the hash that the message tells. The agent's encoding differs from the controller's, or the message was damaged."
          )
        }
        canonical[section] = bytes
      }
    }
    self.message = message
    self.canonical = canonical
    digest = Digest.sha256(body)
    hashes = SectionHashes(message.hashes)
  }
}
