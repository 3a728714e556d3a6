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

  static func row(key: Digest, district: DistrictID, in transaction: any Transaction) throws -> Stored? {
    let query: SQL = """
      SELECT device_id, held, sequence, body_digest, reply, hashes FROM checkin_state
      WHERE district_id = \(district) AND key = \(key)
      """
    guard let row = try transaction.row(query) else { return nil }
    // Without them they are taken from the sections themselves.
    let hashes = SectionHashes(packed: try row.get("hashes")) ?? .none
    return Stored(
      device: try row.get("device_id"), held: try row.get("held"),
      last: KnownState.Last(
        sequence: try row.get("sequence"), digest: try row.get("body_digest"), reply: try row.get("reply")),
      hashes: hashes)
  }

  static func write(
    _ acceptance: Acceptance, reply: [UInt8], visit: CheckInVisit, isNew: Bool, in transaction: any Transaction
  ) throws {
    let known = visit.known
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

  /// The rows of the device's other keys no longer say what is stored; they will ask the sections themselves.
  static func forgetHashes(ofOtherKeysThan visit: CheckInVisit, in transaction: any Transaction) throws {
    try transaction.run(
      """
      UPDATE checkin_state SET hashes = \([UInt8]())
      WHERE district_id = \(visit.known.district) AND device_id = \(visit.known.device) AND key <> \(visit.known.key)
        AND held = \(false)
      """)
  }
}
