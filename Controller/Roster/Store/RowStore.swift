import Storage
import Vocabulary

/// What rows of every kind have in common.
enum RowStore {
  /// Ids that one statement names.
  static let step = 500

  static func count(_ kind: RowKind, in district: DistrictID, _ transaction: any Transaction) throws -> Int {
    try transaction.row("SELECT COUNT(*) AS n FROM \(kind.table) WHERE district_id = \(district)")?.get("n") ?? 0
  }

  /// Calls `body` with the id and hash of each row, whether it has left, and whether it is of staff; the id is valid during
  /// the call alone.
  static func eachHash(
    _ kind: RowKind, in district: DistrictID, _ transaction: any Transaction,
    _ body: (_ id: Cell, _ hash: Int64, _ hasLeft: Bool, _ isStaff: Bool) throws -> Void
  ) throws {
    let left: SQL = kind.staysWhenLeft ? "left_at IS NOT NULL" : "FALSE"
    let staff: SQL = kind == .person ? "role = 'staff'" : "FALSE"
    try transaction.each(
      """
      SELECT sourced_id, hash, \(left) AS has_left, \(staff) AS is_staff FROM \(kind.table)
      WHERE district_id = \(district)
      """
    ) { row in
      // By their places: there are millions.
      guard case .text(var id) = row.values[0], case .integer(let hash) = row.values[1],
        let hasLeft = Bool(sqlValue: row.values[2]), let isStaff = Bool(sqlValue: row.values[3])
      else { throw StorageError(.column, "A row of the roster has no id or no hash.") }
      try id.withUTF8 { try body($0, hash, hasLeft, isStaff) }
    }
  }

  /// Takes rows away, or marks them as left where their kind stays.
  static func remove(
    _ kind: RowKind, _ ids: [String], in district: DistrictID, number: Int64, at now: Instant,
    _ transaction: any Transaction
  ) throws {
    guard kind.staysWhenLeft else {
      try transaction.run("DELETE FROM \(kind.table) WHERE district_id = \(district) AND sourced_id IN \(list: ids)")
      if kind == .guardian { try GuardianStore.removeContacts(of: ids, in: district, transaction) }
      return
    }
    try transaction.run(
      """
      UPDATE \(kind.table) SET left_at = \(now), changed_in = \(number)
      WHERE district_id = \(district) AND sourced_id IN \(list: ids)
      """)
  }
}

/// A row as it is written or kept: a guardian's body in the clear, for it is sealed where it is written.
struct StoredRow: Sendable {
  let id: String
  let body: [UInt8]
  let leftAt: Instant?
  let hash: Int64
}

/// One change of a district's roster within its transaction.
struct RosterChange {
  let transaction: any Transaction
  let district: DistrictID
  /// Of the import; the rows that it changes bear it.
  let number: Int64
  let now: Instant
}
