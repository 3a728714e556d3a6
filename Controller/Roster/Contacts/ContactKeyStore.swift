package import Storage
import Vocabulary

/// Which key a database's guardians are sealed with: an HMAC under it, of nothing.
package enum ContactKeyStore {
  /// Whether a key was taken, or something is sealed.
  package static func isInUse(_ transaction: any Transaction) throws -> Bool {
    if try fingerprint(transaction) != nil { return true }
    return try transaction.row("SELECT 1 AS one FROM roster_guardian LIMIT 1") != nil
  }

  /// Takes the key as the database's, the first one and where it replaces another.
  ///
  /// - Returns: whether it is the database's now.
  package static func claim(_ key: ContactKey, isReplaced: Bool, in transaction: any Transaction) throws -> Bool {
    let stored = try fingerprint(transaction)
    if stored == key.fingerprint { return true }
    guard try isReplaced || (stored == nil && opensWhatIsSealed(key, transaction)) else { return false }
    try transaction.run(
      """
      INSERT INTO roster_contact_key (id, fingerprint) VALUES (1, \(key.fingerprint))
      ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint
      """)
    return true
  }

  private static func fingerprint(_ transaction: any Transaction) throws -> Digest? {
    try transaction.row("SELECT fingerprint FROM roster_contact_key WHERE id = 1")?.get("fingerprint")
  }

  /// Guardians may have been sealed before this was kept.
  private static func opensWhatIsSealed(_ key: ContactKey, _ transaction: any Transaction) throws -> Bool {
    guard let row = try transaction.row("SELECT district_id, sourced_id, sealed FROM roster_guardian LIMIT 1") else {
      return true
    }
    let sealed: [UInt8] = try row.get("sealed")
    return (try? key.open(sealed, of: row.get("sourced_id"), in: row.get("district_id"))) != nil
  }
}
