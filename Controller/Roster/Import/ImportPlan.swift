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

/// What the guard counts apart: half a file may have all of one kind and none of another.
enum GuardedKind: String, CaseIterable, Sendable {
  case students, staff, classes, guardians, memberships

  var row: RowKind {
    switch self {
    case .students, .staff: .person
    case .classes: .schoolClass
    case .guardians: .guardian
    case .memberships: .membership
    }
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
  /// Of the people who stood, and of those who leave: who was of staff.
  var staff = (standing: 0, left: 0)

  subscript(kind: RowKind) -> RowCounts { counts[kind.place] }
  var changes: Int { counts.reduce(0) { $0 + $1.changes } }
  var people: Int { standing[RowKind.person.place] }
  /// The share of its people that would go.
  var removal: Double { people == 0 ? 0 : Double(self[.person].left) / Double(people) }

  func standing(_ kind: GuardedKind) -> Int {
    switch kind {
    case .students: people - staff.standing
    case .staff: staff.standing
    default: standing[kind.row.place]
    }
  }

  /// How many rows of a kind would go: of people all who leave; of others those in whose place none come, for a new term
  /// has other classes with the same people in them.
  func removed(_ kind: GuardedKind) -> Int {
    let counts = self[kind.row]
    return switch kind {
    case .students: counts.left - staff.left
    case .staff: staff.left
    default: max(0, counts.left - counts.added)
    }
  }

  func share(of kind: GuardedKind) -> Double {
    standing(kind) == 0 ? 0 : Double(removed(kind)) / Double(standing(kind))
  }
}

/// What a file changes: decided while it was read, done in one transaction or not at all.
struct ImportPlan: Sendable {
  var districts: [DistrictPlan]
  /// Rows to write, by ``RowKind/place``.
  var upserts = [RowSpool](repeating: RowSpool(), count: RowKind.allCases.count)
  /// Rows that go, without their bodies.
  var removals = [RowSpool](repeating: RowSpool(), count: RowKind.allCases.count)
  /// People whose ids are somebody else's now, for the file is of another source: they leave, and keep what is theirs under
  /// an id that no source can have.
  var replaced = RowSpool()
  /// For people: what was passed over.
  var notes: [String] = []
  let version: String
  /// Whether it is an export that tells of all users: then their ids are its source's. Of a CSV of one's own they may be made
  /// here.
  var hasEverybody = false

  var changes: Int { districts.reduce(0) { $0 + $1.changes } }
}

/// Stops a file that would remove more than is likely: half an export, or another district's.
enum ImportGuard {
  /// Of a district's rows of a kind, in per cent.
  static let standard = 10

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
    let over = GuardedKind.allCases.filter { plan.share(of: $0) * 100 > Double(percent) }
    guard !over.isEmpty else { return nil }
    return "\(plan.district): \(words(plan, over))"
  }

  /// How many of each kind would go, and their shares.
  static func words(_ plan: DistrictPlan, _ kinds: [GuardedKind]) -> String {
    kinds.map { kind in
      "\(plan.removed(kind)) of \(plan.standing(kind)) \(kind.rawValue) (\(words(plan.share(of: kind))))"
    }.joined(separator: ", ")
  }

  static func words(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
