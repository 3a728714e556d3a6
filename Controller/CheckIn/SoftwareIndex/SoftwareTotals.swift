internal import Storage
internal import Vocabulary
internal import Wire

/// How many devices have each package: what the devices' bases have, and what their differences add and take.
///
/// It is counted from the index alone, which is behind what devices told by some seconds (``SoftwareIndexPace``);
/// a page says how many devices' changes it has not counted yet.
struct SoftwareTotals {
  struct Counted: Sendable, Hashable {
    let package: SoftwareList.Package
    let devices: Int
  }

  struct Page: Sendable {
    var items: [Counted] = []
    /// The line of a package after which the next page begins; nil on the last page.
    var next: String?
  }

  /// Names whose packages one look counts: few at first, for a page fills soon where each has many versions.
  private static let strides = [1, 8, 64, 256, 1024, 1024]
  /// Rows of tallies that one look reads at most.
  private static let tallies = 8192

  let scope: TenantScope
  /// The districts of the scope.
  let districts: [DistrictID]
  /// What the names begin with.
  let prefix: String

  func page(after line: String?, limit: Int, in transaction: any Transaction) throws -> Page {
    var page = Page()
    let first = line.map { String($0.prefix { $0 != "\t" }) } ?? ""
    var (from, isFromIncluded) = (max(first, prefix, by: Self.precedes), true)
    guard try scope == .state || hasAny(transaction) else { return page }
    // Where a page may end before it is full, its `next` tells the last name that was looked at, whosever it is: only to who may
    // see every district. For the others the walk goes on, and ends soon, for whoever has devices has names all over.
    var strides = Self.strides[...]
    while let stride = strides.popFirst() ?? (scope == .state ? nil : Self.strides.max()) {
      let count = min(stride, max(16, Self.tallies / max(1, districts.count)))
      let names = try names(from: from, included: isFromIncluded, limit: count, transaction)
      let counted = try counted(names, transaction)
      for item in counted where line.map({ Self.precedes($0, item.package.line) }) ?? true { page.items.append(item) }
      if page.items.count > limit {
        page.items.removeLast(page.items.count - limit)
        page.next = page.items.last?.package.line
        return page
      }
      guard names.count == count, let last = names.last else { return page }
      (from, isFromIncluded) = (last, false)
    }
    // Sorts after every package of that name.
    page.next = "\(from)\t\u{10FFFF}"
    return page
  }

  /// Whether a device of the districts has any package at all.
  private func hasAny(_ transaction: any Transaction) throws -> Bool {
    try transaction.row(
      """
      SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM checkin_base_use WHERE district_id IN \(list: districts) AND devices > 0)
        OR EXISTS (SELECT 1 FROM checkin_package_tally WHERE district_id IN \(list: districts))
      """) != nil
  }

  private func names(
    from: String, included: Bool, limit: Int, _ transaction: any Transaction
  ) throws -> [String] {
    let begin: SQL = included ? "name >= \(from)" : "name > \(from)"
    return try transaction.rows(
      """
      SELECT name FROM checkin_package_name WHERE \(begin) AND name < \(prefix + "\u{10FFFF}")
      ORDER BY name LIMIT \(limit)
      """
    ).map { try $0.get("name") }
  }

  /// The packages of these names that any device has, in their order.
  private func counted(_ names: [String], _ transaction: any Transaction) throws -> [Counted] {
    guard !names.isEmpty, !districts.isEmpty else { return [] }
    var totals: [String: PackageTally] = [:]
    let tenants = scope == .state ? [SoftwareIndexSchema.stateTenant] : districts.map(\.rawValue)
    // CROSS JOIN holds SQLite to this order of the tables; it means the same as JOIN.
    let based: SQL = """
      SELECT name, version, architecture, source, CAST(SUM(devices) AS BIGINT) AS devices
      FROM checkin_base_package CROSS JOIN checkin_base_use
      WHERE name IN \(list: names) AND checkin_base_use.base_number = checkin_base_package.base_number
        AND district_id IN \(list: tenants)
      GROUP BY name, version, architecture, source
      """
    for row in try transaction.rows(based) {
      let variant = PackageVariant(
        version: try row.get("version"), architecture: try row.get("architecture"), source: try row.get("source"))
      totals[try row.get("name"), default: PackageTally()].add(variant, try row.get("devices"))
    }
    let tallies: SQL = """
      SELECT name, tally FROM checkin_package_tally
      WHERE district_id IN \(list: districts) AND name IN \(list: names)
      """
    for row in try transaction.rows(tallies) {
      guard let tally = PackageTally(encoded: try row.get("tally")) else { continue }
      totals[try row.get("name"), default: PackageTally()].add(tally)
    }
    return totals.flatMap { name, tally in
      tally.counts.lazy.filter { $0.value > 0 }.map { Counted(package: $0.key.named(name), devices: $0.value) }
    }.sorted { $0.package < $1.package }
  }

  /// The order of bytes, as the database has it.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}

private func max(_ left: String, _ right: String, by precedes: (String, String) -> Bool) -> String {
  precedes(left, right) ? right : left
}
