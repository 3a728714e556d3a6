import Storage
import Vocabulary

/// Guardians: sealed, and found by the HMACs of their contacts.
enum GuardianStore {
  /// With their bodies opened.
  static func rows(
    of ids: [String], in district: DistrictID, _ key: ContactKey, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    try sealed(ids, in: district, transaction).mapValues { row in
      StoredRow(
        id: row.id, body: try key.open(row.body, of: row.id, in: district), leftAt: nil, hash: row.hash)
    }
  }

  /// With their bodies as they are stored.
  static func sealed(
    _ ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: StoredRow] {
    var found: [String: StoredRow] = [:]
    let query: SQL = """
      SELECT sourced_id, sealed, hash FROM roster_guardian
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """
    for row in try transaction.rows(query) {
      let id: String = try row.get("sourced_id")
      found[id] = StoredRow(id: id, body: try row.get("sealed"), leftAt: nil, hash: try row.get("hash"))
    }
    return found
  }

  static func write(_ rows: [StoredRow], areNew: Bool, _ change: RosterChange, _ key: ContactKey) throws {
    let values = try rows.map { stored -> [SQLValue] in
      [
        change.district.sqlValue, stored.id.sqlValue,
        try key.seal(stored.body, of: stored.id, in: change.district).sqlValue, stored.hash.sqlValue,
        change.number.sqlValue,
      ]
    }
    try change.transaction.run(
      """
      INSERT INTO roster_guardian (district_id, sourced_id, sealed, hash, changed_in) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (district_id, sourced_id) DO UPDATE SET sealed = excluded.sealed, hash = excluded.hash,
        changed_in = excluded.changed_in
      """, rows: values)
    if !areNew { try removeContacts(of: rows.map(\.id), in: change.district, change.transaction) }
    let contacts = try rows.flatMap { stored -> [[SQLValue]] in
      Contact.all(of: try GuardianRow(stored.body)).map { contact in
        [change.district.sqlValue, key.match(contact, in: change.district).sqlValue, stored.id.sqlValue]
      }
    }
    try change.transaction.run(
      "INSERT INTO roster_guardian_contact (district_id, digest, guardian) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      rows: contacts)
  }

  /// Since when a guardian is nobody's, for those of whom that is so: a file of changes does not tell of it.
  static func markUnlinked(in district: DistrictID, at now: Instant, _ transaction: any Transaction) throws {
    let linked: SQL = """
      EXISTS (SELECT 1 FROM roster_guardian_link AS l
        WHERE l.district_id = roster_guardian.district_id AND l.guardian = roster_guardian.sourced_id)
      """
    try transaction.run(
      """
      UPDATE roster_guardian SET unlinked_at = \(now)
      WHERE district_id = \(district) AND unlinked_at IS NULL AND NOT \(linked)
      """)
    try transaction.run(
      """
      UPDATE roster_guardian SET unlinked_at = NULL
      WHERE district_id = \(district) AND unlinked_at IS NOT NULL AND \(linked)
      """)
  }

  /// Ids of up to `limit` guardians who were nobody's before the moment.
  static func unlinked(
    before moment: Instant, in district: DistrictID, limit: Int, _ transaction: any Transaction
  ) throws -> [String] {
    try transaction.rows(
      """
      SELECT sourced_id FROM roster_guardian WHERE district_id = \(district) AND unlinked_at < \(moment)
      ORDER BY unlinked_at LIMIT \(limit)
      """
    ).map { try $0.get("sourced_id") }
  }

  static func removeContacts(of ids: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run(
      "DELETE FROM roster_guardian_contact WHERE district_id = \(district) AND guardian IN \(list: ids)")
  }

  /// Of a person's guardians: the role, name and contacts, opened.
  static func guardians(
    of person: String, in district: DistrictID, _ key: ContactKey, _ transaction: any Transaction
  ) throws -> [GuardianRow] {
    let rows = try transaction.rows(
      """
      SELECT g.sourced_id, g.sealed FROM roster_guardian_link AS l
      JOIN roster_guardian AS g ON g.district_id = l.district_id AND g.sourced_id = l.guardian
      WHERE l.district_id = \(district) AND l.person = \(person) ORDER BY g.sourced_id
      """)
    return try rows.map { row in
      try GuardianRow(try key.open(try row.get("sealed"), of: try row.get("sourced_id"), in: district))
    }
  }

  /// What finds the people of whom somebody with this contact is a guardian.
  static func condition(_ contact: Contact, in district: DistrictID, _ key: ContactKey) -> SQL {
    """
    sourced_id IN (SELECT l.person FROM roster_guardian_contact AS c
      JOIN roster_guardian_link AS l ON l.district_id = c.district_id AND l.guardian = c.guardian
      WHERE c.district_id = \(district) AND c.digest = \(key.match(contact, in: district)))
    """
  }
}
