import Serving
package import Storage
import Vocabulary

/// The append-only journal of every change by people, tokens and keys (not check-ins).
package enum Journal {
  /// The tenant of entries that belong to the state as a whole; no district can have this code.
  package static let stateTenant = "*"

  /// Appends `entry` within the caller's transaction: there is no change without its entry, and no entry without its change.
  ///
  /// - Throws: `audit.entry`, `storage.*`.
  package static func record(_ entry: JournalEntry, in transaction: any Transaction) throws {
    var generator = SystemRandomNumberGenerator()
    let salt = withUnsafeBytes(of: (generator.next(), generator.next())) { Array($0) }
    let body = try JSONText.encode(entry.body)
    let leaf = try JournalLeaf(entry, body: body, salt: salt)
    try transaction.run(
      """
      INSERT INTO audit_entry (
        district_id, position, id, at, actor_kind, actor, action, object_kind, object, salt, body, body_digest,
        leaf_hash, leaf_version)
      VALUES (
        \(tenant(entry.district)), \(nextPosition), \(entry.id), \(entry.at), \(entry.actor.kind), \(entry.actor.name),
        \(entry.action), \(entry.object.kind), \(entry.object.id), \(salt), \(body), \(leaf.bodyDigest), \(leaf.hash),
        \(Int(JournalLeaf.version)))
      """)
  }

  /// Appends `entry` unless the newest one of its action and object has the same body: for what is changed in files, by
  /// hand, and noticed here.
  package static func recordIfNew(_ entry: JournalEntry, in transaction: any Transaction) throws {
    let newest = try transaction.row(
      """
      SELECT body FROM audit_entry
      WHERE district_id = \(tenant(entry.district)) AND object = \(entry.object.id) AND action = \(entry.action)
      ORDER BY position DESC LIMIT 1
      """)
    if try newest?.get("body", as: [UInt8]?.self) == JSONText.encode(entry.body) { return }
    try record(entry, in: transaction)
  }

  static func tenant(_ district: DistrictID?) -> String { district?.rawValue ?? stateTenant }
}
