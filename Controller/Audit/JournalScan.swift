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
    /// Entries that the engine takes and ``page(before:limit:_:position:_:)``'s `item` passes over, of one page.
    var passed = 20_000
  }

  /// The first window; each is twice the one before, for most pages are full soon.
  private static let first = 1_000
  /// Rows that are asked for at once where `item` passes some over.
  private static let round = 1_000
  /// Districts that are asked for one by one, so that the engine goes down the index of each, newest first; of a list of districts
  /// SQLite sorts every entry that there is of them.
  private static let mostArms = 32

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

  /// A page of up to `limit` items, the newest first.
  ///
  /// - Parameter item: of a row with ``JournalItem/columns``; nil passes the row over.
  func page<Item>(
    before start: Int64, limit: Int, _ transaction: any Transaction, position: (Item) -> Int64,
    _ item: (Row) throws -> Item?
  ) throws -> Page<Item> {
    var before = try until.map { try beginning(start, $0, transaction) } ?? start
    var found: [Item] = []
    var (passed, gone, size) = (0, 0, min(Self.first, bounds.window))
    // Without a filter the engine takes every entry, and goes through no more than it gives.
    let isFiltered = !times.isEmpty || !filter.isEmpty
    repeat {
      let last = try isFiltered ? end(of: before, size, transaction) : nil
      let floor: SQL = last.map { " AND position >= \($0.position)" } ?? ""
      while true {
        // One more than asked tells that there is a next page.
        let wanted = max(limit + 1 - found.count, passed > 0 ? Self.round : 0)
        let rows = try transaction.rows(
          newest(JournalItem.columns, " AND position < \(before)\(floor)\(times)\(filter)", "LIMIT \(wanted)"))
        for row in rows {
          before = try row.get("position")
          guard let taken = try item(row) else {
            passed += 1
            continue
          }
          found.append(taken)
          if found.count > limit { return Page(found, limit: limit) { String(position($0)) } }
        }
        guard rows.count == wanted else { break }
        if passed >= bounds.passed { return Page(found, next: String(before)) }
      }
      guard let last else { return Page(found, next: nil) }
      if let from, last.at.advanced(by: Self.disorder) < from { return Page(found, next: nil) }
      before = last.position
      gone += size
      size = min(size * 2, bounds.window)
    } while gone < bounds.most
    return Page(found, next: String(before))
  }

  /// `columns` of the entries, the newest first.
  private func newest(_ columns: SQL, _ condition: SQL, _ bound: SQL) -> SQL {
    var tenants: [SQL] = ["\(scope)"]
    if case .districts(let districts) = scope, districts.count <= Self.mostArms, !districts.isEmpty {
      tenants = districts.sorted().map { "district_id = \($0)" }
    }
    let arms = tenants.map { tenant -> SQL in "SELECT \(columns) FROM audit_entry WHERE \(tenant)\(narrow)\(condition)"
    }
    return SQL.joined(arms, separator: " UNION ALL ") + " ORDER BY position DESC \(bound)"
  }

  private var times: SQL {
    var times: SQL = ""
    if let from { times = times + " AND at >= \(from)" }
    if let until { times = times + " AND at < \(until)" }
    return times
  }

  /// The last entry of a whole window; nil where there are no more.
  private func end(
    of before: Int64, _ size: Int, _ transaction: any Transaction
  ) throws -> (position: Int64, at: Instant)? {
    let row = try transaction.row(
      newest("position, at", " AND position < \(before)", "LIMIT 1 OFFSET \(size - 1)"))
    return try row.map { (try $0.get("position"), try $0.get("at")) }
  }

  /// A position before which every entry of before `until` stands: found by halving, for time has no index.
  private func beginning(_ before: Int64, _ until: Instant, _ transaction: any Transaction) throws -> Int64 {
    let latest = until.advanced(by: Self.disorder)
    func last(to position: Int64) throws -> (position: Int64, at: Instant)? {
      try transaction.row(newest("position, at", " AND position <= \(position)", "LIMIT 1"))
        .map { (try $0.get("position"), try $0.get("at")) }
    }
    guard let first = try last(to: before - 1), first.at >= latest else { return before }
    var (low, high) = (Int64(0), first.position)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if let found = try last(to: middle), found.at >= latest { high = found.position } else { low = middle }
    }
    return high
  }
}
