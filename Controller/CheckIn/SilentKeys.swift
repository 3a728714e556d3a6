internal import Serving
package import Storage
package import Vocabulary

extension CheckIns {
  /// What one step of ``removeSilentKeys(before:of:after:limit:in:)`` did.
  package struct SilentKeysRemoved: Sendable {
    /// Keys of which nothing is kept any more.
    package let removed: Int
    /// Where the next step begins; nil after the last key.
    package let next: Digest?
  }

  /// Removes what is kept of keys that said nothing since `moment`, among the next `limit` keys after `key`: the last
  /// message's number and digest, its answer, and the facts that were held apart. The device's own facts stay; a key that
  /// speaks after all begins anew, with any number.
  package static func removeSilentKeys(
    before moment: Instant, of district: DistrictID, after key: Digest?, limit: Int, in transaction: any Transaction
  ) throws -> SilentKeysRemoved {
    let rows = try transaction.rows(
      """
      SELECT key, at FROM checkin_state WHERE district_id = \(district) AND key > \(key?.bytes ?? [])
      ORDER BY key LIMIT \(limit)
      """)
    var silent: [Digest] = []
    for row in rows where try row.get("at", as: Instant.self) < moment { silent.append(try row.get("key")) }
    if !silent.isEmpty {
      try transaction.run("DELETE FROM checkin_held WHERE district_id = \(district) AND key IN \(list: silent)")
      try transaction.run("DELETE FROM checkin_state WHERE district_id = \(district) AND key IN \(list: silent)")
    }
    return SilentKeysRemoved(
      removed: silent.count, next: rows.count < limit ? nil : try rows.last?.get("key", as: Digest.self))
  }
}
