import Vocabulary

/// The role of a user in the source.
enum SourceRole: String, CaseIterable, Sendable {
  case student, teacher, aide, administrator, counselor, principal, proctor
  case districtAdministrator, siteAdministrator, systemAdministrator
  case guardian, parent, relative
  /// One of the source's own, `ext:…`.
  case other

  enum Group: Sendable { case student, staff, guardian }

  var group: Group {
    switch self {
    case .student: .student
    case .guardian, .parent, .relative: .guardian
    case .teacher, .aide, .administrator, .counselor, .principal, .proctor, .districtAdministrator, .siteAdministrator,
      .systemAdministrator, .other:
      .staff
    }
  }

  var word: String { rawValue }

  /// nil where the standard has no such role. The commonest is looked for first.
  init?(_ cell: Cell) {
    if cell.equals("student") {
      self = .student
    } else {
      let word = cell.word
      guard let role = SourceRole(rawValue: word), role != .other else {
        guard word.hasPrefix("ext:"), word.utf8.count > 4 else { return nil }
        self = .other
        return
      }
      self = role
    }
  }

  static let words = allCases.filter { $0 != .other }.map(\.word).joined(separator: ", ")
}

/// A role that a user has somewhere.
struct HeldRole: Sendable {
  let role: SourceRole
  /// The place of the org in ``OrgTable``.
  let org: Int32
  let isPrimary: Bool
  /// Whether the file says that it is gone.
  let isGone: Bool
  /// Whether that is by its last day: another row may be of the same role, renewed.
  var hasEnded = false
}

/// The roles of 1.2's `roles.csv` by user: 32 bytes a row.
struct RoleTable: Sendable {
  struct Entry: Sendable {
    let held: HeldRole
    let user: UInt64
    let line: Int32
    /// The next one of the same user; -1 at the end.
    let next: Int32
  }

  private(set) var entries: [Entry] = []
  private var heads = KeyMap()
  /// The ids of users, kept where the file is of changes: users.csv need not tell of them.
  private(set) var ids: [UInt64: String] = [:]

  mutating func add(_ held: HeldRole, user: UInt64, line: Int, id: String?) {
    entries.append(Entry(held: held, user: user, line: Int32(clamping: line), next: heads[user] ?? -1))
    heads.replace(user, Int32(entries.count - 1))
    if let id { ids[user] = id }
  }

  /// Appends the user's roles in the order of the file, those that have ended first.
  func append(rolesOf user: UInt64, to list: inout [HeldRole]) {
    let start = list.count
    var next = heads[user] ?? -1
    while next >= 0 {
      list.append(entries[Int(next)].held)
      next = entries[Int(next)].next
    }
    list[start...].reverse()
    guard list[start...].contains(where: \.hasEnded) else { return }
    let own = list[start...]
    list.replaceSubrange(start..., with: own.filter(\.hasEnded) + own.filter { !$0.hasEnded })
  }
}
