import Storage

/// Rows of several queries in one order: that of the first two parts of their keys, such as when and which device, then of which
/// query and which of its rows.
///
/// Each query is read in its own order by its own index, some rows at a time, and the least of their heads comes next: nothing
/// is sorted, and little is in memory, however much there is.
struct MergedRows {
  private struct Arm {
    let query: TableQuery
    /// Of the key of the last row that was read, as texts.
    var after: [String]?
    var waiting: ArraySlice<[SQLValue]> = []
    var isAtEnd = false
  }

  private var arms: [Arm]
  private let columns: [Report.Column]
  private let step: Int

  /// - Parameters:
  ///   - after: a key of four parts, as ``next(_:)`` gives behind the columns.
  ///   - step: rows of a query that are read at once.
  init(_ queries: [TableQuery], _ columns: [Report.Column], after: [String]?, step: Int) {
    (self.columns, self.step) = (columns, step)
    arms = queries.enumerated().map { Arm(query: $1, after: Self.place(after, of: $0)) }
  }

  /// Of a place in the order of all, where query `number` goes on: where the first two parts are the place's, its rows come all, or
  /// none, where it is not the one that the place is of.
  private static func place(_ after: [String]?, of number: Int) -> [String]? {
    guard let after, after.count == 4, let its = Int(after[2]) else { return nil }
    let sequence = number == its ? after[3] : number > its ? "-1" : "\(Int64.max)"
    return [after[0], after[1], sequence]
  }

  /// The values of the columns, and the four of the key; nil at the end.
  mutating func next(_ transaction: any Transaction) throws -> [SQLValue]? {
    var least: Int?
    for number in arms.indices {
      try fill(number, transaction)
      guard let head = arms[number].waiting.first else { continue }
      // Of equals the first query's.
      if let now = least, let other = arms[now].waiting.first, !precedes(head, other) { continue }
      least = number
    }
    guard let least, let row = arms[least].waiting.popFirst() else { return nil }
    let key = row.dropFirst(columns.count)
    return row.prefix(columns.count) + key.prefix(2) + [.integer(Int64(least))] + key.dropFirst(2)
  }

  private mutating func fill(_ number: Int, _ transaction: any Transaction) throws {
    guard arms[number].waiting.isEmpty, !arms[number].isAtEnd else { return }
    let rows = try transaction.rows(arms[number].query.rows(columns, after: arms[number].after, limit: step))
      .map(\.values)
    arms[number].waiting = rows[...]
    arms[number].isAtEnd = rows.count < step
    if let last = rows.last { arms[number].after = last.dropFirst(columns.count).map(ReportRun.keyText) }
  }

  private func precedes(_ left: [SQLValue], _ right: [SQLValue]) -> Bool {
    for (left, right) in zip(left.dropFirst(columns.count).prefix(2), right.dropFirst(columns.count))
    where left != right {
      switch (left, right) {
      case (.integer(let left), .integer(let right)): return left < right
      case (.text(let left), .text(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
      default: return false
      }
    }
    return false
  }
}
