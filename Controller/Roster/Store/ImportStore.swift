import Serving
import Storage
import Vocabulary

/// The imports of districts, in their order.
enum ImportStore {
  /// The number of the district's last import; 0 where there was none.
  static func revision(of district: DistrictID, _ transaction: any Transaction) throws -> Int64 {
    try transaction.row("SELECT MAX(number) AS last FROM roster_import WHERE district_id = \(district)")?
      .get("last", as: Int64?.self) ?? 0
  }

  static func insert(_ record: ImportRecord, _ transaction: any Transaction) throws {
    try transaction.run(
      """
      INSERT INTO roster_import
        (district_id, number, import_id, kind, source, at, actor, file, former_source, counts)
      VALUES (\(record.district), \(record.number), \(record.id), \(record.kind), \(record.source), \(record.at),
        \(record.actor), \(record.file), \(record.formerSource), \(try JSONText.encode(record.counts)))
      """)
  }

  static func markUndone(
    _ number: Int64, by undoing: Int64, in district: DistrictID, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      "UPDATE roster_import SET undone_by = \(undoing) WHERE district_id = \(district) AND number = \(number)")
  }

  private static let columns: SQL =
    "district_id, number, import_id, kind, source, at, actor, file, former_source, counts, undone_by"

  /// The newest first.
  static func page(
    of district: DistrictID, before: Int64 = .max, limit: Int, _ transaction: any Transaction
  ) throws -> [ImportRecord] {
    try transaction.rows(
      """
      SELECT \(columns) FROM roster_import WHERE district_id = \(district) AND number < \(before)
      ORDER BY number DESC LIMIT \(limit)
      """
    ).map(record)
  }

  /// The state's last import, in each district that it changed.
  static func lastOfState(_ transaction: any Transaction) throws -> [ImportRecord] {
    let last = try transaction.row(
      """
      SELECT import_id FROM roster_import WHERE source = 'state' AND kind = 'import' ORDER BY at DESC, number DESC LIMIT 1
      """)
    guard let id: RosterImportID = try last?.get("import_id") else { return [] }
    return try transaction.rows(
      "SELECT \(columns) FROM roster_import WHERE import_id = \(id) AND kind = 'import' ORDER BY district_id"
    ).map(record)
  }

  private static func record(_ row: Row) throws -> ImportRecord {
    ImportRecord(
      district: try row.get("district_id"), number: try row.get("number"), id: try row.get("import_id"),
      kind: try row.get("kind"), source: try row.get("source"), at: try row.get("at"), actor: try row.get("actor"),
      file: try row.get("file"), formerSource: try row.get("former_source", as: ImportRecord.Source?.self),
      counts: try JSONText.decode([String: RowCounts].self, from: try row.get("counts")),
      undoneBy: try row.get("undone_by"))
  }
}

/// Rows as they were before a district's last import.
enum FormerStore {
  static func clear(_ district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run("DELETE FROM roster_former WHERE district_id = \(district)")
  }

  static func keep(_ kind: RowKind, _ rows: [StoredRow], _ change: RosterChange) throws {
    try change.transaction.run(
      """
      INSERT INTO roster_former (district_id, kind, sourced_id, body, left_at, hash) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT DO NOTHING
      """,
      rows: rows.lazy.map { row in
        [
          change.district.sqlValue, kind.sqlValue, row.id.sqlValue, row.body.sqlValue, row.leftAt.sqlValue,
          row.hash.sqlValue,
        ]
      })
  }

  /// Those of these ids.
  static func rows(
    _ kind: RowKind, of ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [(id: String, body: [UInt8])] {
    try transaction.rows(
      """
      SELECT sourced_id, body FROM roster_former
      WHERE district_id = \(district) AND kind = \(kind) AND sourced_id IN \(list: ids)
      """
    ).map { (try $0.get("sourced_id"), try $0.get("body")) }
  }

  /// Calls `body` with each that is kept of a kind.
  static func each(
    _ kind: RowKind, in district: DistrictID, _ transaction: any Transaction,
    _ body: (_ id: String, _ body: [UInt8]) throws -> Void
  ) throws {
    let query: SQL =
      "SELECT sourced_id, body FROM roster_former WHERE district_id = \(district) AND kind = \(kind)"
    try transaction.each(query) { try body(try $0.get("sourced_id"), try $0.get("body")) }
  }

  static func forget(
    _ kind: RowKind, _ ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    for first in stride(from: 0, to: ids.count, by: RowStore.step) {
      let part = ids[first..<min(first + RowStore.step, ids.count)]
      try transaction.run(
        "DELETE FROM roster_former WHERE district_id = \(district) AND kind = \(kind) AND sourced_id IN \(list: part)")
    }
  }

  static func page(
    _ kind: RowKind, of district: DistrictID, after: String, limit: Int, _ transaction: any Transaction
  ) throws -> [StoredRow] {
    try transaction.rows(
      """
      SELECT sourced_id, body, left_at, hash FROM roster_former
      WHERE district_id = \(district) AND kind = \(kind) AND sourced_id > \(after) ORDER BY sourced_id LIMIT \(limit)
      """
    ).map { row in
      StoredRow(
        id: try row.get("sourced_id"), body: try row.get("body"), leftAt: try row.get("left_at"),
        hash: try row.get("hash"))
    }
  }

  /// Takes away what an import added: its rows that stood in no form before.
  ///
  /// - Parameters:
  ///   - isOthers: whether the roster goes back to another source, whose next file may tell of others by these ids.
  ///   - named: of these people, whom the ledger names. They stay as people who left: the ledger knows them by their id
  ///     alone, which is theirs again when the next file of the same source tells of them.
  static func removeAdded(
    _ kind: RowKind, _ number: Int64, _ change: RosterChange, isOthers: Bool,
    named: ([PersonID]) throws -> Set<PersonID>
  ) throws {
    let person: SQL = kind == .person ? "r.person_id" : "NULL"
    let added = try change.transaction.rows(
      """
      SELECT r.sourced_id, \(person) AS person FROM \(kind.table) AS r
      WHERE r.district_id = \(change.district) AND r.changed_in = \(number) AND NOT EXISTS (
        SELECT 1 FROM roster_former AS f
        WHERE f.district_id = r.district_id AND f.kind = \(kind) AND f.sourced_id = r.sourced_id)
      """
    ).map { (id: try $0.get("sourced_id", as: String.self), person: try $0.get("person", as: PersonID?.self)) }
    for first in stride(from: 0, to: added.count, by: RowStore.step) {
      let part = added[first..<min(first + RowStore.step, added.count)]
      let ids = part.map(\.id)
      if kind == .person { try PersonStore.removeLinks(of: ids, in: change.district, change.transaction) }
      if kind == .guardian { try GuardianStore.removeContacts(of: ids, in: change.district, change.transaction) }
      let kept = try named(part.compactMap(\.person))
      let staying = part.filter { $0.person.map(kept.contains) ?? false }.map(\.id)
      if !staying.isEmpty {
        try RowStore.remove(
          kind, staying, in: change.district, number: change.number, at: change.now, change.transaction)
        try PersonStore.removeGuardians(of: staying, in: change.district, change.transaction)
        if isOthers { try PersonStore.leaveIDs(staying, change) }
      }
      let going = ids.filter { !staying.contains($0) }
      if kind == .person { try NameIndex.forget(sourced: going, in: change.district, change.transaction) }
      try change.transaction.run(
        "DELETE FROM \(kind.table) WHERE district_id = \(change.district) AND sourced_id IN \(list: going)")
    }
  }
}
