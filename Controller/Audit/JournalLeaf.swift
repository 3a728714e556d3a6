import Transparency
package import Vocabulary

/// An entry as it becomes a leaf of the journal's tree; ``LeafFields`` has the encoding.
package struct JournalLeaf: Sendable, Equatable {
  package static let version = LeafFields.version
  package static let largestBody = LeafFields.largestBody

  package let bytes: [UInt8]
  package let bodyDigest: Digest
  /// RFC 6962's leaf hash.
  package let hash: Digest

  /// - Throws: `audit.entry` where a text is too long, the action is malformed, or the body is too large.
  package init(_ entry: JournalEntry, body: [UInt8], salt: [UInt8]) throws(AuditError) {
    guard body.count <= Self.largestBody else {
      throw AuditError(.entry, "A journal entry's body has \(body.count) bytes; it may have \(Self.largestBody).")
    }
    guard Self.isAction(entry.action) else {
      throw AuditError(.entry, "'\(entry.action)' is not an action, such as 'batch.create'.")
    }
    bodyDigest = LeafFields.bodyDigest(body, salt: salt)
    let fields = LeafFields(
      at: entry.at, id: entry.id.rawValue, district: Journal.tenant(entry.district),
      actor: (entry.actor.kind, entry.actor.name), action: entry.action, object: entry.object, bodyDigest: bodyDigest)
    do throws(TransparencyError) { bytes = try fields.encoded() } catch { throw AuditError(.entry, error.message) }
    hash = MerkleTree.leaf(bytes)
  }

  private static func isAction(_ text: String) -> Bool {
    let allowed: (UInt8) -> Bool = { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return !text.isEmpty && text.utf8.allSatisfy(allowed)
  }
}
