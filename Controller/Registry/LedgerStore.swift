import Storage
package import Vocabulary

/// An event with its place in the device's ledger.
package struct LedgerEntry: Sendable {
  /// From 1 for each device, without gaps.
  package let sequence: Int64
  package let actor: String
  /// Who did it says nothing of where the device stands: the stored text is in `actor`.
  package let event: LedgerEvent
  package var at: Instant { event.at }
  package var kind: LedgerEvent.Kind { event.kind }

  func tells(of key: Digest) -> Bool { event.evidence?.split(separator: " ").contains("key:\(key)") ?? false }
}

extension LedgerEntry {
  init(_ row: Row) throws {
    sequence = try row.get("sequence")
    actor = try row.get("actor")
    var event = LedgerEvent(
      try row.get("kind"), at: try row.get("at"), actor: .controller, stage: try row.get("stage"),
      custody: try row.get("custody"), holder: try row.get("holder"), reason: try row.get("reason"),
      evidence: try row.get("evidence"))
    event.accessories = try row.get("accessories")
    event.category = try row.get("category")
    event.policeReport = try row.get("police_report")
    event.dueDay = try row.get("due_day")
    event.loanFor = try row.get("loan_for")
    self.event = event
  }
}

/// Appends to the custody ledger and keeps its projection: the only writer of a device's stage and custody.
enum LedgerStore {
  /// Where a device's ledger ends.
  struct Standing {
    let device: DeviceID
    var projection = LedgerProjection()
    /// nil before the first event.
    var lastEntry: LedgerEntry?
    /// When its first event was.
    var first: Instant?
    var count = 0

    /// The last event's sequence, 0 before the first.
    var last: Int64 { lastEntry?.sequence ?? 0 }

    /// This standing after one more entry of the ledger.
    mutating func take(_ entry: LedgerEntry) {
      lastEntry = entry
      first = first ?? entry.at
      count += 1
      projection.take(entry.event)
    }
  }

  /// - Returns: the device's standing with the event.
  @discardableResult
  static func append(
    _ event: LedgerEvent, to device: DeviceID, of district: DistrictID, in transaction: any Transaction
  ) throws -> LedgerProjection {
    let standing = try standing(of: device, in: district, transaction)
    try append([(standing, event)], of: district, in: transaction)
    return standing.projection.after(event)
  }

  static func standing(
    of device: DeviceID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> Standing {
    var standing = Standing(device: device)
    // One device has few: they are not worth a cursor.
    for row in try transaction.rows(query(device, district, after: 0, limit: .max)) {
      standing.take(try LedgerEntry(row))
    }
    return standing
  }

  /// The standings of many devices, those without an event too.
  static func standings(
    of devices: [DeviceID], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [Standing] {
    var found: [DeviceID: Standing] = [:]
    found.reserveCapacity(devices.count)
    for part in devices.parts(of: 512) {
      for id in part { found[id] = Standing(device: id) }
      let query: SQL = """
        SELECT device_id, \(columns) FROM registry_ledger_event
        WHERE district_id = \(district) AND device_id IN \(list: part) ORDER BY device_id, sequence
        """
      try transaction.each(query) { row in
        found[try row.get("device_id")]?.take(try LedgerEntry(row))
      }
    }
    return Array(found.values)
  }

  /// The standings of devices of several districts, those without an event too; each has few.
  static func standings(of devices: [Device], _ transaction: any Transaction) throws -> [DeviceID: Standing] {
    var found = Dictionary(devices.map { ($0.id, Standing(device: $0.id)) }, uniquingKeysWith: { first, _ in first })
    let wanted = SQL.wanted(devices.map { [$0.district, $0.id] })
    for row in try transaction.rows(
      """
      SELECT registry_ledger_event.device_id, \(columns) FROM \(wanted) CROSS JOIN registry_ledger_event
      WHERE registry_ledger_event.district_id = wanted.column1 AND registry_ledger_event.device_id = wanted.column2
      ORDER BY sequence
      """)
    { found[try row.get("device_id")]?.take(try LedgerEntry(row)) }
    return found
  }

  /// The same event for many devices, whose ledgers stand as told.
  static func append(
    _ event: LedgerEvent, to standings: [Standing], of district: DistrictID, in transaction: any Transaction
  ) throws {
    try append(standings.map { ($0, event) }, of: district, in: transaction)
  }

  /// An event for each of many devices, whose ledgers stand as told.
  ///
  /// The devices first: of two transactions that move the same one, the later waits at its row and then runs again.
  static func append(
    _ moves: [(standing: Standing, event: LedgerEvent)], of district: DistrictID, in transaction: any Transaction
  ) throws {
    let after = moves.map { $0.standing.projection.after($0.event) }
    try CustodyStore.project(
      zip(moves, after).map { ($0.standing.device, $0.standing.projection, $1) }, of: district, transaction)
    try insert(moves.lazy.map { (district, $0.standing.device, $0.standing.last + 1, $0.event) }, transaction)
  }

  /// Rows alone, for who projects them.
  static func insert(
    _ events: some Sequence<(DistrictID, DeviceID, Int64, LedgerEvent)>, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO registry_ledger_event
        (district_id, device_id, sequence, at, actor, kind, stage, custody, reason, evidence, holder, accessories,
         category, police_report, due_day, loan_for)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
      """,
      rows: events.lazy.map { district, device, sequence, event -> [SQLValue] in
        [
          district.sqlValue, device.sqlValue, sequence.sqlValue, event.at.sqlValue, event.actor.ledgerText.sqlValue,
          event.kind.sqlValue, event.stage.sqlValue, event.custody.sqlValue, event.reason.sqlValue,
          event.evidence.sqlValue, event.holder.sqlValue, event.accessories.sqlValue, event.category.sqlValue,
          event.policeReport.sqlValue, event.dueDay.sqlValue, event.loanFor.sqlValue,
        ]
      })
  }

  static func entries(
    of device: DeviceID, in district: DistrictID, after sequence: Int64 = 0, limit: Int64 = .max,
    _ transaction: any Transaction
  ) throws -> [LedgerEntry] {
    try transaction.rows(query(device, district, after: sequence, limit: limit)).map(LedgerEntry.init)
  }

  static let columns: SQL = """
    sequence, at, actor, kind, stage, custody, reason, evidence, holder, accessories, category, police_report, due_day,
    loan_for
    """

  private static func query(_ device: DeviceID, _ district: DistrictID, after sequence: Int64, limit: Int64) -> SQL {
    """
    SELECT \(columns) FROM registry_ledger_event
    WHERE district_id = \(district) AND device_id = \(device) AND sequence > \(sequence)
    ORDER BY sequence LIMIT \(limit)
    """
  }
}
