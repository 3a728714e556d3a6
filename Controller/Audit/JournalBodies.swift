package import Storage
package import Vocabulary

extension Journal {
  /// What one step of ``dropBodies(before:district:after:limit:in:)`` did.
  package struct BodiesDropped: Sendable, Hashable {
    /// Bodies that are gone now.
    package let dropped: Int
    /// Where the next step begins; nil where there is nothing left to look at.
    package let next: Int64?
    /// Up to here no entry has a body any more: nobody needs to look there again. nil where the first entry has one still.
    package let settled: Int64?
  }

  /// Drops the bodies, and their salts, of entries of before `moment` among the next `limit` entries after `position`.
  /// Everything of the leaf stays, and so does its hash.
  ///
  /// - Parameter district: nil for the entries of the state as a whole.
  package static func dropBodies(
    before moment: Instant, district: DistrictID?, after position: Int64 = 0, limit: Int,
    in transaction: any Transaction
  ) throws -> BodiesDropped {
    let rows = try transaction.rows(
      """
      SELECT position, at, body IS NOT NULL AS has_body FROM audit_entry
      WHERE district_id = \(tenant(district)) AND position > \(position) ORDER BY position LIMIT \(limit)
      """)
    var old: [Int64] = []
    // Positions are roughly in the order of time: where every entry of a step is young, later ones are too.
    var (isOver, settled, hasYoung) = (true, nil as Int64?, false)
    for row in rows {
      guard try row.get("at", as: Instant.self) < moment else {
        hasYoung = true
        continue
      }
      isOver = rows.count < limit
      if try row.get("has_body") { old.append(try row.get("position")) }
      if !hasYoung { settled = try row.get("position") }
    }
    var dropped = 0
    if !old.isEmpty {
      dropped = try transaction.run(
        """
        UPDATE audit_entry SET salt = NULL, body = NULL
        WHERE district_id = \(tenant(district)) AND position IN \(list: old)
        """)
    }
    return BodiesDropped(dropped: dropped, next: isOver ? nil : try rows.last?.get("position"), settled: settled)
  }
}
