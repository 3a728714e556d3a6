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
    try record([entry], in: transaction)
  }

  /// Appends many in their order, by one statement.
  ///
  /// - Throws: `audit.entry`, `storage.*`.
  package static func record(_ entries: [JournalEntry], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO audit_entry (
        district_id, position, id, at, actor_kind, actor, action, object_kind, object, salt, body, body_digest,
        leaf_hash, leaf_version)
      VALUES ($1, \(nextPosition), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      """, rows: try entries.map(row))
  }

  private static func row(_ entry: JournalEntry) throws -> [SQLValue] {
    var generator = SystemRandomNumberGenerator()
    let salt = withUnsafeBytes(of: (generator.next(), generator.next())) { Array($0) }
    let body = try JSONText.encode(entry.body)
    let leaf = try JournalLeaf(entry, body: body, salt: salt)
    return [
      tenant(entry.district).sqlValue, entry.id.sqlValue, entry.at.sqlValue, entry.actor.kind.sqlValue,
      entry.actor.name.sqlValue, entry.action.sqlValue, entry.object.kind.sqlValue, entry.object.id.sqlValue,
      salt.sqlValue, body.sqlValue, leaf.bodyDigest.sqlValue, leaf.hash.sqlValue, Int(JournalLeaf.version).sqlValue,
    ]
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
