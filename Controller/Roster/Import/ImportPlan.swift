import Vocabulary

/// How many rows of a kind a file changes.
struct RowCounts: Sendable, Hashable, Codable {
  var added = 0
  var changed = 0
  /// Gone from the roster.
  var left = 0
  /// There again after they had left.
  var returned = 0
  var unchanged = 0

  var changes: Int { added + changed + left + returned }

  static func + (one: RowCounts, other: RowCounts) -> RowCounts {
    RowCounts(
      added: one.added + other.added, changed: one.changed + other.changed, left: one.left + other.left,
      returned: one.returned + other.returned, unchanged: one.unchanged + other.unchanged)
  }
}

/// What a file would change in one district.
struct DistrictPlan: Sendable {
  let district: DistrictID
  /// The number of its last import when the file was compared; 0 where there was none.
  let revision: Int64
  /// People who stood and had not left.
  var people = 0
  /// By ``RowKind/place``.
  var counts = [RowCounts](repeating: RowCounts(), count: RowKind.allCases.count)

  subscript(kind: RowKind) -> RowCounts { counts[kind.place] }
  var changes: Int { counts.reduce(0) { $0 + $1.changes } }
  /// The share of its people that would go.
  var removal: Double { people == 0 ? 0 : Double(self[.person].left) / Double(people) }
}

/// What a file changes: decided while it was read, done in one transaction or not at all.
struct ImportPlan: Sendable {
  var districts: [DistrictPlan]
  /// Rows to write, by ``RowKind/place``.
  var upserts = [RowSpool](repeating: RowSpool(), count: RowKind.allCases.count)
  /// Rows that go, without their bodies.
  var removals = [RowSpool](repeating: RowSpool(), count: RowKind.allCases.count)
  /// For people: what was passed over.
  var notes: [String] = []
  let version: String

  var changes: Int { districts.reduce(0) { $0 + $1.changes } }
}

/// Stops a file that would remove more people than is likely: half an export, or another district's.
enum ImportGuard {
  /// Of a district's people, in per cent.
  static let standard = 10

  /// - Throws: `roster.removes-too-many` naming each district and its share.
  static func check(_ plan: ImportPlan, allowed percent: Int) throws(RosterError) {
    let over = plan.districts.filter { $0.removal * 100 > Double(percent) }
    guard !over.isEmpty else { return }
    let named = over.prefix(20).map { plan in
      "\(plan.district): \(plan[.person].left) of \(plan.people) people (\(words(plan.removal)))"
    }
    let more = over.count > 20 ? " and \(over.count - 20) districts more" : ""
    throw RosterError(
      .removesTooMany,
      """
      The file would remove more than \(percent) % of the people of \(named.joined(separator: "; "))\(more). Nothing was \
      changed. If that is right, send it again and allow a greater share.
      """)
  }

  static func words(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
