import Serving
import Storage
import Vocabulary

/// A report for somebody: their districts and schools, and what of it they ask for.
struct ReportRun: Sendable {
  let report: Report
  let columns: [Report.Column]
  let question: Question
  let scope: TenantScope
  /// The districts of the scope that there are, in their order.
  let districts: [DistrictID]
  /// The schools to which some districts are limited.
  let schools: [DistrictID: Set<SchoolID>]?
  let software: any SoftwareSource
  /// A package that devices have to have.
  var having: SoftwareQuestion?
  var pace = ReportPace()

  /// Packages, or rows of merged queries, of one look, where all of them are wanted.
  private static let step = 1000

  /// Every row in the order of the report, one in memory at a time.
  func each(_ transaction: any Transaction, _ body: ([SQLValue]) throws -> Void) throws {
    switch report.source {
    case .tables where having != nil:
      var after: String?
      repeat {
        let page = try page(after: after, limit: Self.step, transaction)
        for row in page.rows { try body(row.values) }
        after = page.next
      } while after != nil
    case .tables(let query):
      for district in districts {
        let query = try limited(query(district, question), in: district)
        try transaction.each(query.rows(columns, after: nil, limit: nil)) { row in
          for values in try query.shown(row.values, columns) { try body(values) }
        }
      }
    case .merged(let queries):
      for district in districts {
        var rows = MergedRows(
          try queries(district, question).map { limited($0, in: district) }, columns, after: nil, step: Self.step)
        while let values = try rows.next(transaction) { try body(Array(values.prefix(columns.count))) }
      }
    case .made(let rows):
      for district in districts { for row in try rows(district, question, self, transaction) { try body(row) } }
    case .software:
      var after: String?
      repeat {
        let page = try software.packages(
          in: scope, prefix: question.prefix, after: after, limit: Self.step, transaction)
        for item in page.items { try body(Self.row(of: item)) }
        after = page.next
      } while after != nil
    }
  }

  /// A page's rows, each with the id of its device where it has one, and where the next page begins.
  struct Page: Sendable {
    struct Row: Sendable {
      let district: DistrictID?
      let values: [SQLValue]
    }
    var rows: [Row] = []
    var next: String?
    /// Where the last row stands.
    var last: String?
  }

  /// - Throws: `request.query` where `after` is no page's `next`.
  func page(after: String?, limit: Int, _ transaction: any Transaction) throws -> Page {
    if let having { return try page(having: having, after: after, limit: limit, transaction) }
    switch report.source {
    case .tables(let query): return try page(query, after: after, limit: limit, transaction)
    case .merged(let queries): return try merged(queries, after: after, limit: limit, transaction)
    case .made(let rows):
      let all = try districts.flatMap { district in
        try rows(district, question, self, transaction).map { Page.Row(district: district, values: $0) }
      }
      let first = try Self.number(after)
      return Page(
        rows: Array(all.dropFirst(first).prefix(limit)), next: all.count > first + limit ? "\(first + limit)" : nil)
    case .software:
      let page = try software.packages(
        in: scope, prefix: question.prefix, after: after, limit: limit, transaction)
      return Page(rows: page.items.map { .init(district: nil, values: Self.row(of: $0)) }, next: page.next)
    }
  }

  /// A page as full as there are rows for it, where each look goes a bounded way and may be short; after `looks` of them it ends
  /// where it is.
  func filled(after: String?, limit: Int, looks: Int = 200, _ transaction: any Transaction) throws -> Page {
    var whole = try page(after: after, limit: limit, transaction)
    for _ in 1..<looks {
      guard whole.rows.count < limit, let next = whole.next else { break }
      let more = try page(after: next, limit: limit - whole.rows.count, transaction)
      whole.rows += more.rows
      whole.next = more.next
    }
    return whole
  }

  /// With the schools to which the caller is limited.
  func limited(_ query: TableQuery, in district: DistrictID) -> TableQuery {
    guard let allowed = schools?[district] else { return query }
    var limited = query
    limited.conditions.append("d.school_id IN \(list: allowed.sorted())")
    return limited
  }

  private static func row(of item: CountedSoftware) -> [SQLValue] {
    [
      item.name.sqlValue, item.version.sqlValue, item.architecture.sqlValue, item.source.sqlValue,
      item.devices.sqlValue,
    ]
  }

  // MARK: - Places of pages

  static func text(_ district: DistrictID, _ key: some Sequence<SQLValue>) -> String {
    ([district.rawValue] + key.map(keyText)).joined(separator: "/")
  }

  static func keyText(_ value: SQLValue) -> String {
    switch value {
    case .text(let text): text
    case .integer(let number): "\(number)"
    case .null, .double, .boolean, .bytes: ""
    }
  }

  static func place(_ after: String?) throws(ServingError) -> (district: DistrictID, key: [String])? {
    guard let after else { return nil }
    let parts = after.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, let district = DistrictID(rawValue: parts[0]) else { throw stray }
    return (district, Array(parts.dropFirst()))
  }

  static func number(_ after: String?) throws(ServingError) -> Int {
    guard let after else { return 0 }
    guard let number = Int(after), (0...1_000_000).contains(number) else { throw stray }
    return number
  }

  private static let stray = ServingError(.query, "'after' is the 'next' of a page of this list.")
}

extension TableQuery {
  /// What is shown of a row, of its columns and its key.
  func shown(_ values: [SQLValue], _ columns: [Report.Column]) throws -> [[SQLValue]] {
    let own = Array(values.prefix(columns.count))
    return try expand?(own, columns) ?? [own]
  }
}
