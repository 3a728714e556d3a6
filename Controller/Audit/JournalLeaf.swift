package import Vocabulary

/// An entry as a leaf of the journal's tree: ids and a salted digest of the body, never the body itself, so that a
/// body can be forgotten and the tree still holds.
///
/// **The encoding, version 1, is final**; a change makes version 2 and leaves this one readable.
/// ```
/// leaf      = version  at  id  district  actor-kind  actor  action  object-kind  object  body-digest
/// version   = 0x01
/// at        = milliseconds since 1970-01-01T00:00:00Z, 8 bytes, two's complement, big-endian
/// id …      = each text: length in bytes, 2 bytes big-endian, then its UTF-8; in the order above
/// district  = the district's code, or "*" for the state
/// actor     = the id, the key's digest in hexadecimal, or "" for the controller
/// body-digest = SHA-256(salt ‖ body), 32 bytes; salt: 16 random bytes, body: the stored JSON
/// leaf hash = SHA-256(0x00 ‖ leaf)
/// ```
/// Source: RFC 6962, section 2.1, for the leaf hash.
package struct JournalLeaf: Sendable, Equatable {
  package static let version: UInt8 = 1
  /// The longest text of a leaf, in bytes of UTF-8.
  package static let longestText = 255
  /// The largest body, in bytes.
  package static let largestBody = 64 << 10

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
    bodyDigest = Digest.sha256(salt + body)
    var leaf: [UInt8] = [Self.version]
    withUnsafeBytes(of: entry.at.milliseconds.bigEndian) { leaf += $0 }
    let texts = [
      entry.id.rawValue, Journal.tenant(entry.district), entry.actor.kind, entry.actor.name, entry.action,
      entry.object.kind, entry.object.id,
    ]
    for text in texts {
      guard let length = UInt16(exactly: text.utf8.count), length <= Self.longestText else {
        throw AuditError(
          .entry, "A text of a journal entry has \(text.utf8.count) bytes; it may have \(Self.longestText).")
      }
      leaf += [UInt8(length >> 8), UInt8(length & 255)] + text.utf8
    }
    leaf += bodyDigest.bytes
    bytes = leaf
    hash = Digest.sha256([0x00] + leaf)
  }

  private static func isAction(_ text: String) -> Bool {
    let allowed: (UInt8) -> Bool = { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return !text.isEmpty && text.utf8.allSatisfy(allowed)
  }
}
