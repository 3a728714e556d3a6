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
    var walk = ReportWalk(pace)
    for district in try likely(transaction) {
      if let place, district < place.district { continue }
      var beyond = district == place?.district ? place?.key : nil
      let query = try limited(query(district, question), in: district)
      while true {
        if query.isWalk, walk.isOver {
          page.next = Self.text(district, [.text(beyond?.first ?? "")])
          return page
        }
        let end = query.isWalk ? try Self.end(of: &walk, in: district, after: beyond, transaction) : nil
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

  /// The end of the next step; nil where the district ends before. It names no device: who reads a list may not see
  /// the one at which it stopped.
  private static func end(
    of walk: inout ReportWalk, in district: DistrictID, after: [String]?, _ transaction: any Transaction
  ) throws -> DeviceID? {
    let before = after?.first ?? ""
    let row = try transaction.row(
      """
      SELECT device_id FROM registry_report_device_v1 WHERE district_id = \(district) AND device_id > \(before)
      ORDER BY device_id LIMIT 1 OFFSET \(walk.stride - 1)
      """)
    guard let found = try row?.get("device_id", as: DeviceID.self) else {
      walk.went(small)
      return nil
    }
    walk.went(walk.stride)
    return found.veiled(after: DeviceID(rawValue: before))
  }

  // MARK: - Rows of several queries

  func merged(
    _ queries: @Sendable (DistrictID, Question) throws -> [TableQuery], after: String?, limit: Int,
    _ transaction: any Transaction
  ) throws -> Page {
    var page = Page()
    let place = try Self.place(after)
    var walk = ReportWalk(pace)
    for district in districts {
      if let place, district < place.district { continue }
      var beyond = district == place?.district ? place?.key : nil
      let queries = try queries(district, question).map { limited($0, in: district) }
      // Few of what is read may be meant.
      let isWalk = question.section != nil || question.school != nil || schools?[district] != nil
      while true {
        if isWalk, walk.isOver {
          page.next = ([district.rawValue] + (beyond ?? [""])).joined(separator: "/")
          return page
        }
        let end = isWalk ? try Self.end(of: &walk, queries, after: beyond, transaction) : nil
        let part = queries.map { end.map($0.until) ?? $0 }
        if try fill(&page, part, district, beyond, limit, transaction) { return page }
        guard let end else { break }
        // Behind every row of this moment and device.
        beyond = ["\(end.at)", end.device.rawValue, "\(queries.count)", "0"]
      }
    }
    return page
  }

  /// - Returns: whether the page is full, and knows where the next one begins.
  private func fill(
    _ page: inout Page, _ queries: [TableQuery], _ district: DistrictID, _ beyond: [String]?, _ limit: Int,
    _ transaction: any Transaction
  ) throws -> Bool {
    var rows = MergedRows(queries, columns, after: beyond, step: limit + 1 - page.rows.count)
    while let values = try rows.next(transaction) {
      guard page.rows.count < limit else {
        page.next = page.last
        return true
      }
      page.rows.append(.init(district: district, values: Array(values.prefix(columns.count))))
      page.last = Self.text(district, values.dropFirst(columns.count))
    }
    return false
  }

  /// Where the next step of all queries together ends; nil where what each of them reads ends before. It names no device.
  private static func end(
    of walk: inout ReportWalk, _ queries: [TableQuery], after: [String]?, _ transaction: any Transaction
  ) throws -> TableQuery.Moment? {
    var first: TableQuery.Moment?
    for query in queries {
      guard let read = query.read else { continue }
      guard let end = try read.end(after: after, walk.stride, transaction) else { continue }
      if first.map({ (end.at, end.device) < ($0.at, $0.device) }) ?? true { first = end }
    }
    walk.went(first == nil ? small : walk.stride)
    guard let first else { return nil }
    let before = after.flatMap { $0.first == "\(first.at)" && $0.count > 1 ? DeviceID(rawValue: $0[1]) : nil }
    return TableQuery.Moment(at: first.at, device: first.device.veiled(after: before))
  }
}

/// How far a page looks where no index tells which of what it reads are meant.
struct ReportPace: Sendable {
  /// Devices or changes, in growing steps: a page that fills soon costs little.
  var strides = [512, 2048, 4096]
  /// How long a page goes on behind these steps, where it is not full by then: few of many are found by few pages.
  var patience = Duration.milliseconds(300)
}

/// A page's way through what may not be meant.
struct ReportWalk {
  private var strides: ArraySlice<Int>
  private var left: Int
  private let end: ContinuousClock.Instant

  init(_ pace: ReportPace) {
    (strides, left) = (pace.strides[...], pace.strides.reduce(0, +))
    end = .now + pace.patience
  }

  var isOver: Bool { left <= 0 && .now >= end }
  var stride: Int { strides.first ?? 1 }

  mutating func went(_ steps: Int) {
    left -= steps
    if strides.count > 1 { strides = strides.dropFirst() }
  }
}

extension TableQuery {
  /// A place in the order of time.
  struct Moment {
    let at: Int64
    let device: DeviceID
  }

  /// What an index reads for a query in the order of time and device.
  struct Read: Sendable {
    let from: SQL
    let conditions: [SQL]

    /// Where `stride` rows behind a place end; nil where there are fewer.
    fileprivate func end(after: [String]?, _ stride: Int, _ transaction: any Transaction) throws -> Moment? {
      var conditions = conditions
      if let after, after.count > 1, let at = Int64(after[0]) {
        conditions += ["at >= \(at)", "(at, device_id) > (\(at), \(after[1]))"]
      }
      let row = try transaction.row(
        """
        SELECT at, device_id FROM \(from) WHERE \(SQL.joined(conditions, separator: " AND "))
        ORDER BY at, device_id, sequence LIMIT 1 OFFSET \(stride - 1)
        """)
      return try row.map { Moment(at: try $0.get("at"), device: try $0.get("device_id")) }
    }
  }

  /// As far as this moment and device, those included.
  fileprivate func until(_ end: Moment) -> TableQuery {
    var part = self
    part.conditions += [
      "\(key[0].value) <= \(end.at)", "(\(key[0].value), \(key[1].value)) <= (\(end.at), \(end.device))",
    ]
    return part
  }
}
