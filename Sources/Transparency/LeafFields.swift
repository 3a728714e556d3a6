package import Vocabulary

/// An entry of the journal as a leaf of its tree: ids and a salted digest of the body, never the body itself, so that a
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
package struct LeafFields: Sendable, Equatable {
  package static let version: UInt8 = 1
  /// The longest text of a leaf, in bytes of UTF-8.
  package static let longestText = 255
  /// The largest body, in bytes.
  package static let largestBody = 64 << 10
  package static let saltLength = 16

  package var at: Instant
  package var id: String
  package var district: String
  package var actor: (kind: String, id: String)
  package var action: String
  package var object: (kind: String, id: String)
  package var bodyDigest: Digest

  package init(
    at: Instant, id: String, district: String, actor: (kind: String, id: String), action: String,
    object: (kind: String, id: String), bodyDigest: Digest
  ) {
    (self.at, self.id, self.district, self.actor) = (at, id, district, actor)
    (self.action, self.object, self.bodyDigest) = (action, object, bodyDigest)
  }

  package static func == (left: LeafFields, right: LeafFields) -> Bool {
    left.at == right.at && left.texts == right.texts && left.bodyDigest == right.bodyDigest
  }

  private var texts: [String] { [id, district, actor.kind, actor.id, action, object.kind, object.id] }

  /// - Throws: `transparency.leaf` where a text is too long.
  package func encoded() throws(TransparencyError) -> [UInt8] {
    var leaf: [UInt8] = [Self.version]
    withUnsafeBytes(of: at.milliseconds.bigEndian) { leaf += $0 }
    for text in texts {
      guard let length = UInt16(exactly: text.utf8.count), length <= Self.longestText else {
        throw TransparencyError(
          .leaf, "A text of a journal entry has \(text.utf8.count) bytes; it may have \(Self.longestText).")
      }
      leaf += [UInt8(length >> 8), UInt8(length & 255)] + text.utf8
    }
    return leaf + bodyDigest.bytes
  }

  /// - Throws: `transparency.leaf`.
  package func hash() throws(TransparencyError) -> Digest { MerkleTree.leaf(try encoded()) }

  package static func bodyDigest(_ body: [UInt8], salt: [UInt8]) -> Digest { MerkleTree.sha256(salt + body) }
}
