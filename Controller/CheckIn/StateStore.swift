internal import Serving
internal import Storage
internal import Vocabulary
internal import Wire

/// `checkin_state`: what was last taken of each key, and what it was answered.
enum StateStore {
  struct Stored {
    let device: DeviceID
    let held: Bool
    let last: KnownState.Last
    let hashes: SectionHashes
  }

  typealias Unchanged = (visit: CheckInVisit, acceptance: Acceptance)

  static func row(key: Digest, district: DistrictID, in transaction: any Transaction) throws -> Stored? {
    let query: SQL = """
      SELECT device_id, held, sequence, body_digest, reply, hashes FROM checkin_state
      WHERE district_id = \(district) AND key = \(key)
      """
    return try transaction.row(query).map(stored)
  }

  /// The rows of the visits' keys, as many as there are. A cross join, for SQLite answers `IN (VALUES …)` by a scan of all.
  static func rows(of visits: [CheckInVisit], in transaction: any Transaction) throws -> [Digest: Stored] {
    var pairs = visits.map { "(\($0.known.district), \($0.peer.key))" as SQL }
    // Lists of all lengths make few different texts, as in `IN \(list:)`.
    if let last = pairs.last { while pairs.count & (pairs.count - 1) != 0 { pairs.append(last) } }
    var found: [Digest: Stored] = [:]
    for row in try transaction.rows(
      """
      SELECT key, device_id, held, sequence, body_digest, reply, hashes
      FROM (VALUES \(SQL.joined(pairs, separator: ", "))) AS wanted CROSS JOIN checkin_state
      WHERE checkin_state.district_id = wanted.column1 AND checkin_state.key = wanted.column2
      """)
    { found[try row.get("key")] = try stored(row) }
    return found
  }

  private static func stored(_ row: Row) throws -> Stored {
    // Without them they are taken from the sections themselves.
    let hashes = SectionHashes(packed: try row.get("hashes")) ?? .none
    return Stored(
      device: try row.get("device_id"), held: try row.get("held"),
      last: KnownState.Last(
        sequence: try row.get("sequence"), digest: try row.get("body_digest"),
        reply: StoredReply(bytes: try row.get("reply"))),
      hashes: hashes)
  }

  static func write(
    _ acceptance: Acceptance, visit: CheckInVisit, isNew: Bool, in transaction: any Transaction
  ) throws {
    let known = visit.known
    let reply = try StoredReply(acceptance.reply).bytes
    guard isNew else {
      try transaction.run(
        """
        UPDATE checkin_state SET device_id = \(known.device), held = \(visit.held),
          sequence = \(visit.check.message.sequence), body_digest = \(visit.check.digest), reply = \(reply),
          hashes = \(acceptance.hashes.packed), at = \(visit.now)
        WHERE district_id = \(known.district) AND key = \(known.key)
        """)
      return
    }
    try transaction.run(
      """
      INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
      VALUES (\(known.district), \(known.key), \(known.device), \(visit.held), \(visit.check.message.sequence),
        \(visit.check.digest), \(reply), \(acceptance.hashes.packed), \(visit.now))
      """)
  }

  /// The rows that are there of many keys, once each, whose facts stay as they are.
  static func rewrite(_ taken: [Unchanged], in transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (district_id, key) DO UPDATE SET sequence = excluded.sequence, body_digest = excluded.body_digest,
        reply = excluded.reply, hashes = excluded.hashes, at = excluded.at
      """,
      rows: try taken.map { visit, acceptance in
        [
          visit.known.district.sqlValue, visit.known.key.sqlValue, visit.known.device.sqlValue, false.sqlValue,
          visit.check.message.sequence.sqlValue, visit.check.digest.sqlValue,
          try StoredReply(acceptance.reply).bytes.sqlValue,
          acceptance.hashes.packed.sqlValue, visit.now.sqlValue,
        ]
      })
  }

  /// The rows of these keys of a device no longer say what is stored of it; they will ask the sections themselves.
  static func forgetHashes(of keys: [Digest], in district: DistrictID, _ transaction: any Transaction) throws {
    guard !keys.isEmpty else { return }
    try transaction.run(
      """
      UPDATE checkin_state SET hashes = \([UInt8]())
      WHERE district_id = \(district) AND key IN \(list: keys) AND held = \(false)
      """)
  }
}
