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

  /// The event as the projection takes it: who did it says nothing of where the device stands.
  var event: LedgerEvent {
    LedgerEvent(kind, at: at, actor: .controller, stage: stage, custody: custody, reason: reason, evidence: evidence)
  }

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
      standing = standing.after(entry.event)
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

  /// Where a device's ledger ends.
  struct Standing {
    let device: DeviceID
    /// The last event's sequence, 0 before the first.
    var last: Int64
    var projection: LedgerProjection
    /// When its first event was.
    var first: Instant?
  }

  /// The standings of many devices, those without an event too.
  static func standings(
    of devices: [DeviceID], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [Standing] {
    var found: [DeviceID: Standing] = [:]
    for part in devices.parts(of: 512) {
      for id in part { found[id] = Standing(device: id, last: 0, projection: LedgerProjection()) }
      let query: SQL = """
        SELECT device_id, sequence, at, actor, kind, stage, custody, reason, evidence FROM registry_ledger_event
        WHERE district_id = \(district) AND device_id IN \(list: part) ORDER BY device_id, sequence
        """
      try transaction.each(query) { row in
        found[try row.get("device_id")]?.take(try entry(row))
      }
    }
    return Array(found.values)
  }

  /// The same event for many devices, whose ledgers stand as told.
  static func append(
    _ event: LedgerEvent, to standings: [Standing], of district: DistrictID, in transaction: any Transaction
  ) throws {
    let (at, actor, kind) = (event.at.sqlValue, event.actor.ledgerText.sqlValue, event.kind.sqlValue)
    let (stage, custody) = (event.stage.sqlValue, event.custody.sqlValue)
    let (reason, evidence, tenant) = (event.reason.sqlValue, event.evidence.sqlValue, district.sqlValue)
    try transaction.run(
      """
      INSERT INTO registry_ledger_event
        (district_id, device_id, sequence, at, actor, kind, stage, custody, reason, evidence)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      """,
      rows: standings.lazy.map {
        [tenant, $0.device.sqlValue, ($0.last + 1).sqlValue, at, actor, kind, stage, custody, reason, evidence]
      })
    try transaction.run(
      "UPDATE registry_device SET stage = $3, custody = $4 WHERE district_id = $1 AND device_id = $2",
      rows: standings.lazy.compactMap { standing in
        let next = standing.projection.after(event)
        let was = standing.projection
        guard next.stage != was.stage || next.custody != was.custody else { return nil }
        return [tenant, standing.device.sqlValue, next.stage.sqlValue, next.custody.sqlValue]
      })
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

extension LedgerStore.Standing {
  /// This standing after one more entry of the ledger.
  fileprivate mutating func take(_ entry: LedgerEntry) {
    last = entry.sequence
    first = first ?? entry.at
    projection = projection.after(entry.event)
  }
}
