import Storage
import Vocabulary

/// People whose id in the source became somebody else's, for the roster is from another source now.
extension PersonStore {
  /// Calls `body` with the id in the source of each person, also of those who left, and who that is: role, number, given and
  /// family name.
  static func eachIdentity(
    in district: DistrictID, _ transaction: any Transaction, _ body: (_ id: String, _ fields: [String]) throws -> Void
  ) throws {
    let query: SQL = """
      SELECT sourced_id, role, number, given_name, family_name FROM roster_person WHERE district_id = \(district)
      """
    try transaction.each(query) { row in
      try body(
        try row.get("sourced_id"),
        [
          try row.get("role"), try row.get("number"), try row.get("given_name"), try row.get("family_name"),
        ])
    }
  }

  /// What the id of somebody becomes whose place an import gave to another: no source's id has a space.
  static func formerID(_ id: String, in number: Int64) -> String { "\(id) \(number)" }

  /// By which id somebody went before the import, where it set them aside.
  static func ownID(_ id: String, before number: Int64) -> String {
    let tail = formerID("", in: number)
    return id.hasSuffix(tail) ? String(id.dropLast(tail.count)) : id
  }

  /// Those who have left go by such ids: nobody of another source becomes them.
  static func leaveIDs(_ ids: [String], _ change: RosterChange) throws {
    try rename(ids.map { ($0, formerID($0, in: change.number)) }, change)
  }

  /// Those people leave under such an id; they stay the same persons, with what is theirs.
  static func setAside(_ ids: [String], _ change: RosterChange) throws {
    let transaction = change.transaction
    try rename(ids.map { ($0, formerID($0, in: change.number)) }, change)
    let former = ids.map { formerID($0, in: change.number) }
    let found = try rows(of: former, in: change.district, transaction)
    try FormerStore.keep(
      .person,
      found.map { StoredRow(id: $0, body: $1.row.body, leftAt: $1.leftAt, hash: $1.hash) }, change)
    let leaving = found.filter { $0.value.leftAt == nil }.map(\.key)
    try RowStore.remove(
      .person, leaving, in: change.district, number: change.number, at: change.now, transaction)
  }

  /// Gives them their ids back, where an import is undone. Whoever has one of these by then, for the ledger names them, goes by
  /// such an id instead.
  static func takeBack(from number: Int64, _ change: RosterChange) throws {
    let tail = formerID("", in: number)
    let former = try change.transaction.rows(
      """
      SELECT sourced_id FROM roster_person WHERE district_id = \(change.district) AND sourced_id LIKE \("%" + tail)
      ORDER BY sourced_id
      """
    ).map { try $0.get("sourced_id", as: String.self) }
    for first in stride(from: 0, to: former.count, by: RowStore.step) {
      let part = former[first..<min(first + RowStore.step, former.count)]
      let ids = part.map { ownID($0, before: number) }
      let taken = try self.ids(of: ids, in: change.district, change.transaction).keys
      try rename(taken.map { ($0, formerID($0, in: change.number)) }, change)
      try rename(zip(part, ids).map { ($0, $1) }, change)
    }
  }

  /// Whoever left has no guardians any more, where the roster is from another source now: by their ids that one tells of
  /// other families. Undo gives them theirs back.
  static func leaveGuardians(_ change: RosterChange) throws {
    let ids = try change.transaction.rows(
      """
      SELECT sourced_id FROM roster_person
      WHERE district_id = \(change.district) AND left_at IS NOT NULL AND agents <> '' ORDER BY sourced_id
      """
    ).map { try $0.get("sourced_id", as: String.self) }
    for first in stride(from: 0, to: ids.count, by: RowStore.step) {
      let part = Array(ids[first..<min(first + RowStore.step, ids.count)])
      let found = try rows(of: part, in: change.district, change.transaction)
      // Who left by this import is kept already, as they were before.
      try FormerStore.keep(
        .person,
        found.map { StoredRow(id: $0, body: $1.row.body, leftAt: $1.leftAt, hash: $1.hash) }, change)
      try removeGuardians(of: part, in: change.district, change.transaction)
    }
  }

  /// Nor does their row name any, of which links would be made again.
  static func removeGuardians(of ids: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    try removeLinks(of: ids, in: district, transaction)
    try transaction.run(
      "UPDATE roster_person SET agents = '' WHERE district_id = \(district) AND sourced_id IN \(list: ids)")
  }

  private static func rename(_ ids: [(from: String, to: String)], _ change: RosterChange) throws {
    let rows = ids.map { [$0.to.sqlValue, change.district.sqlValue, $0.from.sqlValue] }
    try change.transaction.run(
      "UPDATE roster_person SET sourced_id = $1 WHERE district_id = $2 AND sourced_id = $3", rows: rows)
    try change.transaction.run(
      "UPDATE roster_guardian_link SET person = $1 WHERE district_id = $2 AND person = $3", rows: rows)
  }
}
