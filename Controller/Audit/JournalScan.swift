import Serving
import Storage
import Vocabulary

/// Reads the journal from a position back, through filters that no index answers, and within bounds: a filter that takes few
/// makes short pages with a next one, and no request goes through the whole journal.
///
/// ```
///            until, found by halving     window     window   …      an hour behind `from`, or `most` entries
/// newest ──────────────┤◀───────────────┤◀─────────┤◀────────────────┤                              oldest
/// ```
struct JournalScan {
  struct Bounds {
    /// Entries that the engine goes through at once.
    var window = 20_000
    /// Entries that one page goes through; about half a second.
    var most = 400_000
  }

  /// Positions are roughly in the order of time: nothing of a later moment stands so far behind.
  static let disorder = Duration.seconds(3600)

  var bounds = Bounds()
  let scope: TenantScope
  /// What narrows the entries by an index; begins with ` AND `, or is empty.
  let narrow: SQL
  /// What else is asked for, in the same form.
  let filter: SQL
  let from: Instant?
  let until: Instant?

  private var entries: SQL { "audit_entry WHERE \(scope)\(narrow)" }

  /// A page of up to `limit` items, the newest first.
  ///
  /// - Parameter item: of a row with ``JournalItem/columns``; nil passes the row over.
  func page<Item>(
    before start: Int64, limit: Int, _ transaction: any Transaction, position: (Item) -> Int64,
    _ item: (Row) throws -> Item?
  ) throws -> Page<Item> {
    var before = try until.map { try beginning(start, $0, transaction) } ?? start
    var found: [Item] = []
    var read = 0
    while read < bounds.most {
      // One more than asked tells that there is a next page.
      let wanted = limit + 1 - found.count
      let window: SQL = """
        SELECT \(JournalItem.columns) FROM \(entries) AND position < \(before)
        ORDER BY position DESC LIMIT \(bounds.window)
        """
      let rows = try transaction.rows(
        "SELECT * FROM (\(window)) AS entry WHERE (1 = 1)\(times)\(filter) ORDER BY position DESC LIMIT \(wanted)")
      let last = before
      for row in rows {
        before = try row.get("position")
        guard let taken = try item(row) else { continue }
        found.append(taken)
        if found.count > limit { return Page(found, limit: limit) { String(position($0)) } }
      }
      if rows.count == wanted {
        read += rows.count
        continue
      }
      guard let end = try end(of: last, transaction) else { return Page(found, next: nil) }
      read += bounds.window
      before = end.position
      if let from, end.at.advanced(by: Self.disorder) < from { return Page(found, next: nil) }
    }
    return Page(found, next: String(before))
  }

  private var times: SQL {
    var times: SQL = ""
    if let from { times = times + " AND at >= \(from)" }
    if let until { times = times + " AND at < \(until)" }
    return times
  }

  /// The last entry of a whole window; nil where there are no more.
  private func end(
    of before: Int64, _ transaction: any Transaction
  ) throws -> (position: Int64, at: Instant)? {
    let row = try transaction.row(
      """
      SELECT position, at FROM \(entries) AND position < \(before)
      ORDER BY position DESC LIMIT 1 OFFSET \(bounds.window - 1)
      """)
    return try row.map { (try $0.get("position"), try $0.get("at")) }
  }

  /// A position before which every entry of before `until` stands: found by halving, for time has no index.
  private func beginning(_ before: Int64, _ until: Instant, _ transaction: any Transaction) throws -> Int64 {
    let latest = until.advanced(by: Self.disorder)
    func newest(to position: Int64) throws -> (position: Int64, at: Instant)? {
      try transaction.row(
        "SELECT position, at FROM \(entries) AND position <= \(position) ORDER BY position DESC LIMIT 1"
      ).map { (try $0.get("position"), try $0.get("at")) }
    }
    guard let first = try newest(to: before - 1), first.at >= latest else { return before }
    var (low, high) = (Int64(0), first.position)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if let found = try newest(to: middle), found.at >= latest { high = found.position } else { low = middle }
    }
    return high
  }
}
