/// Counts of one kind of rows, in the words of pages.
struct KindLine: Sendable {
  let kind: String
  let added: Int
  let changed: Int
  let left: Int
  let returned: Int
  let unchanged: Int

  private init(_ kind: String, _ counts: RowCounts) {
    self.kind = kind
    (added, changed, left) = (counts.added, counts.changed, counts.left)
    (returned, unchanged) = (counts.returned, counts.unchanged)
  }

  private var changes: Int { added + changed + left + returned }

  static func all(_ counts: KindCounts) -> [KindLine] {
    let demographics = KindLine("Birth dates and sexes", counts.demographics)
    return [
      KindLine("Schools and other organisations", counts.orgs), KindLine("Classes", counts.classes),
      KindLine("Students and staff", counts.people), KindLine("Guardians", counts.guardians),
      KindLine("Who is in which class", counts.memberships),
    ] + (demographics.changes + demographics.unchanged > 0 ? [demographics] : [])
  }

  static func changed(_ counts: KindCounts) -> [KindLine] { all(counts).filter { $0.changes > 0 } }
}
