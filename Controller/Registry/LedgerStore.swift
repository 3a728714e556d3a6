import Storage
import Vocabulary

/// An event with its place in the device's ledger.
struct LedgerEntry: Sendable {
  /// From 1 for each device, without gaps.
  let sequence: Int64
  let at: Instant
  let actor: String
  let kind: LedgerEvent.Kind
  let stage: Stage?
  let custody: Custody?
  let reason: String?
  let evidence: String?

  func tells(of key: Digest) -> Bool { evidence?.split(separator: " ").contains("key:\(key)") ?? false }
}

/// Appends to the custody ledger and keeps its projection: the only writer of a device's stage and custody.
enum LedgerStore {
  /// - Returns: the device's standing with the event.
  @discardableResult
  static func append(
    _ event: LedgerEvent, to device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> LedgerProjection {
    var standing = LedgerProjection()
    var last: Int64 = 0
    try transaction.each(query(device, district, after: 0, limit: .max)) { row in
      let entry = try entry(row)
      last = entry.sequence
      standing = standing.after(
        LedgerEvent(entry.kind, at: entry.at, actor: .controller, stage: entry.stage, custody: entry.custody))
    }
    try transaction.run(
      """
      INSERT INTO registry_ledger_event
        (district_id, device_id, sequence, at, actor, kind, stage, custody, reason, evidence)
      VALUES (\(district), \(device), \(last + 1), \(event.at), \(event.actor.ledgerText), \(event.kind),
        \(event.stage), \(event.custody), \(event.reason), \(event.evidence))
      """)
    standing = standing.after(event)
    try transaction.run(
      """
      UPDATE registry_device SET stage = \(standing.stage), custody = \(standing.custody)
      WHERE district_id = \(district) AND device_id = \(device)
      """)
    return standing
  }

  static func entries(
    of device: DeviceID, in district: DistrictID, after sequence: Int64 = 0, limit: Int64 = .max,
    _ transaction: any Transaction
  ) throws -> [LedgerEntry] {
    try transaction.rows(query(device, district, after: sequence, limit: limit)).map(entry)
  }

  private static func query(_ device: DeviceID, _ district: DistrictID, after sequence: Int64, limit: Int64) -> SQL {
    """
    SELECT sequence, at, actor, kind, stage, custody, reason, evidence FROM registry_ledger_event
    WHERE district_id = \(district) AND device_id = \(device) AND sequence > \(sequence)
    ORDER BY sequence LIMIT \(limit)
    """
  }

  private static func entry(_ row: Row) throws -> LedgerEntry {
    LedgerEntry(
      sequence: try row.get("sequence"), at: try row.get("at"), actor: try row.get("actor"), kind: try row.get("kind"),
      stage: try row.get("stage"), custody: try row.get("custody"), reason: try row.get("reason"),
      evidence: try row.get("evidence"))
  }
}
