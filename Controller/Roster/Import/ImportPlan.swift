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
  /// Rows that stood and had not left, by ``RowKind/place``.
  var standing = [Int](repeating: 0, count: RowKind.allCases.count)
  /// By ``RowKind/place``.
  var counts = [RowCounts](repeating: RowCounts(), count: RowKind.allCases.count)

  subscript(kind: RowKind) -> RowCounts { counts[kind.place] }
  var changes: Int { counts.reduce(0) { $0 + $1.changes } }
  var people: Int { standing[RowKind.person.place] }
  /// The share of its people that would go.
  var removal: Double { share(of: .person) }

  /// How many rows of a kind would go: of people all who leave; of others those in whose place none come, for a new term
  /// has other classes with the same people in them.
  func removed(_ kind: RowKind) -> Int {
    kind == .person ? self[kind].left : max(0, self[kind].left - self[kind].added)
  }

  func share(of kind: RowKind) -> Double {
    standing[kind.place] == 0 ? 0 : Double(removed(kind)) / Double(standing[kind.place])
  }
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
  /// Whether it is of a OneRoster export, whose ids are the source's; of a CSV of one's own they may be made here.
  let isExport: Bool

  var changes: Int { districts.reduce(0) { $0 + $1.changes } }
}

/// Stops a file that would remove more than is likely: half an export, or another district's.
enum ImportGuard {
  /// Of a district's rows of a kind, in per cent.
  static let standard = 10

  private static let kinds: [(kind: RowKind, word: String)] = [
    (.person, "people"), (.schoolClass, "classes"), (.guardian, "guardians"), (.membership, "memberships"),
  ]

  /// - Throws: `roster.removes-too-many` naming each district, what would go there and its share.
  static func check(_ plan: ImportPlan, allowed percent: Int) throws(RosterError) {
    let over = plan.districts.compactMap { words($0, allowed: percent) }
    guard !over.isEmpty else { return }
    let more = over.count > 20 ? " and \(over.count - 20) districts more" : ""
    throw RosterError(
      .removesTooMany,
      """
      The file would remove more than \(percent) % of what stands in \(over.prefix(20).joined(separator: "; "))\(more). \
      Nothing was changed. If that is right, send it again and allow a greater share.
      """)
  }

  /// nil where no kind's share is over what is allowed.
  private static func words(_ plan: DistrictPlan, allowed percent: Int) -> String? {
    let over = kinds.filter { plan.share(of: $0.kind) * 100 > Double(percent) }
    guard !over.isEmpty else { return nil }
    let named = over.map { kind, word in
      "\(plan.removed(kind)) of \(plan.standing[kind.place]) \(word) (\(words(plan.share(of: kind))))"
    }
    return "\(plan.district): \(named.joined(separator: ", "))"
  }

  static func words(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
