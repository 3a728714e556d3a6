import Vocabulary

/// Whether a role holds on the day of an import, by its first and last day.
enum RoleTerm: Sendable {
  case current, ended, coming

  /// - Parameters: days of the calendar, or empty cells.
  static func of(_ begins: Cell, _ ends: Cell, on day: CivilDate) -> RoleTerm {
    if let last = CivilDate(written: ends), last < day { return .ended }
    if let first = CivilDate(written: begins), day < first { return .coming }
    return .current
  }
}

/// Rows of roles that do not hold on the day of the import, and what hangs on them. Systems keep them for years: whoever has no
/// other role in a district does not stand in its roster, and that is no fault.
struct PassedRoles: Sendable {
  /// Of users by their ids alone, and of users in districts.
  private var users = KeyMap()
  private var (ended, coming) = (0, 0)
  /// Rows of class memberships of those who have no role in the class's district.
  var memberships = 0

  mutating func add(_ term: RoleTerm, _ user: UInt64, inDistrict: UInt64?) {
    if term == .ended { ended += 1 } else { coming += 1 }
    _ = users.insert(user, 0)
    if let inDistrict { _ = users.insert(inDistrict, 0) }
  }

  /// - Parameter user: by the id alone, or in a district.
  func contains(_ user: UInt64) -> Bool { users[user] != nil }

  /// Sentences for what was passed over.
  func notes(on day: CivilDate) -> [String] {
    func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }
    var notes: [String] = []
    if ended + coming > 0 {
      notes.append(
        """
        roles.csv: \(rows(ended + coming)) passed over, as of \(day): ended \(ended), not begun \(coming). Whoever has no \
        other role in a district does not stand in its roster.
        """)
    }
    if memberships > 0 {
      notes.append(
        "enrollments.csv: \(rows(memberships)) passed over, of people without a role in the class's district on \(day)."
      )
    }
    return notes
  }
}
