import Registry
import Storage
import Vocabulary

/// Pages of rows that come from tables, a district after another.
extension ReportRun {
  /// What a district counts that ends before its step does.
  private static let small = 256

  func page(
    _ query: @Sendable (DistrictID, Question) throws -> TableQuery, after: String?, limit: Int,
    _ transaction: any Transaction
  ) throws -> Page {
    var page = Page()
    let place = try Self.place(after)
    var walk = Walk(strides: strides[...])
    for district in districts {
      if let place, district < place.district { continue }
      var beyond = district == place?.district ? place?.key : nil
      let query = try limited(query(district, question), in: district)
      while true {
        if query.isWalk, walk.isOver {
          page.next = Self.text(district, [.text(beyond?.first ?? "")])
          return page
        }
        let end = query.isWalk ? try walk.end(in: district, after: beyond, transaction) : nil
        var part = query
        if let end { part.conditions.append("\(query.key[0].value) <= \(end)") }
        if try fill(&page, part, district, beyond, limit, transaction) { return page }
        guard let end else { break }
        beyond = [end.rawValue]
      }
    }
    return page
  }

  /// - Returns: whether the page is full, and knows where the next one begins.
  private func fill(
    _ page: inout Page, _ query: TableQuery, _ district: DistrictID, _ beyond: [String]?, _ limit: Int,
    _ transaction: any Transaction
  ) throws -> Bool {
    // One more than fit tells whether there is a next page.
    let most = limit + 1 - min(page.rows.count, limit)
    let rows = try transaction.rows(query.rows(columns, after: beyond, limit: most))
    for row in rows {
      guard page.rows.count < limit else {
        page.next = page.last
        return true
      }
      page.rows += try query.shown(row.values, columns).map { Page.Row(district: district, values: $0) }
      page.last = Self.text(district, row.values.dropFirst(columns.count))
    }
    // Rows that became none leave room for others.
    guard rows.count == most else { return false }
    page.next = page.last
    return true
  }

  /// How far a page looks at devices that may not be meant.
  private struct Walk {
    private var strides: ArraySlice<Int>
    private var left: Int

    init(strides: ArraySlice<Int>) { (self.strides, left) = (strides, strides.reduce(0, +)) }

    var isOver: Bool { left <= 0 }

    /// The end of the next step; nil where the district ends before. It names no device: who reads a list may not see
    /// the one at which it stopped.
    mutating func end(
      in district: DistrictID, after: [String]?, _ transaction: any Transaction
    ) throws -> DeviceID? {
      let stride = strides.first ?? 1
      let before = after?.first ?? ""
      let row = try transaction.row(
        """
        SELECT device_id FROM registry_report_device_v1 WHERE district_id = \(district) AND device_id > \(before)
        ORDER BY device_id LIMIT 1 OFFSET \(stride - 1)
        """)
      guard let found = try row?.get("device_id", as: DeviceID.self) else {
        left -= ReportRun.small
        return nil
      }
      left -= stride
      if strides.count > 1 { strides = strides.dropFirst() }
      return found.veiled(after: DeviceID(rawValue: before))
    }
  }

  func merged(
    _ queries: @Sendable (DistrictID, Question) throws -> [TableQuery], after: String?, limit: Int,
    _ transaction: any Transaction
  ) throws -> Page {
    var page = Page()
    let place = try Self.place(after)
    for district in districts {
      if let place, district < place.district { continue }
      var rows = MergedRows(
        try queries(district, question).map { limited($0, in: district) }, columns,
        after: district == place?.district ? place?.key : nil, step: limit + 1 - page.rows.count)
      while let values = try rows.next(transaction) {
        guard page.rows.count < limit else {
          page.next = page.last
          return page
        }
        page.rows.append(.init(district: district, values: Array(values.prefix(columns.count))))
        page.last = Self.text(district, values.dropFirst(columns.count))
      }
    }
    return page
  }
}
