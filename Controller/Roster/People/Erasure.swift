import Storage
import Vocabulary

/// Forgets people: their rows, what they were before, where they were, and guardians of nobody else.
enum Erasure {
  static func erase(_ people: [RosterPerson], in district: DistrictID, _ transaction: any Transaction) throws {
    for first in stride(from: 0, to: people.count, by: RowStore.step) {
      let part = people[first..<min(first + RowStore.step, people.count)]
      try erase(sourced: part.map(\.sourcedID), in: district, transaction)
    }
  }

  private static func erase(sourced ids: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    let guardians = try transaction.rows(
      """
      SELECT DISTINCT l.guardian FROM roster_guardian_link AS l
      WHERE l.district_id = \(district) AND l.person IN \(list: ids) AND NOT EXISTS (
        SELECT 1 FROM roster_guardian_link AS o
        WHERE o.district_id = l.district_id AND o.guardian = l.guardian AND o.person NOT IN \(list: ids))
      """
    ).map { try $0.get("guardian", as: String.self) }
    try PersonStore.removeLinks(of: ids, in: district, transaction)
    try transaction.run("DELETE FROM roster_membership WHERE district_id = \(district) AND person IN \(list: ids)")
    try transaction.run(
      "DELETE FROM roster_demographics WHERE district_id = \(district) AND sourced_id IN \(list: ids)")
    try NameIndex.forget(sourced: ids, in: district, transaction)
    try transaction.run("DELETE FROM roster_person WHERE district_id = \(district) AND sourced_id IN \(list: ids)")
    try forgetFormer(of: ids, in: district, transaction)
    try erase(guardians: guardians, in: district, transaction)
  }

  static func erase(guardians: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    for first in stride(from: 0, to: guardians.count, by: RowStore.step) {
      let part = Array(guardians[first..<min(first + RowStore.step, guardians.count)])
      try transaction.run("DELETE FROM roster_guardian WHERE district_id = \(district) AND sourced_id IN \(list: part)")
      try GuardianStore.removeContacts(of: part, in: district, transaction)
      try FormerStore.forget(.guardian, part, in: district, transaction)
    }
  }

  // MARK: - What the last import had replaced

  /// Nor does undo bring them back.
  private static func forgetFormer(of ids: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    let former = try FormerStore.rows(.person, of: ids, in: district, transaction)
    if !former.isEmpty {
      let number = try ImportStore.revision(of: district, transaction)
      let own = Set(former.map { PersonStore.ownID($0.id, before: number) })
      var memberships: [String] = []
      try FormerStore.each(.membership, in: district, transaction) { id, body in
        if own.contains(try MembershipRow(body).person) { memberships.append(id) }
      }
      try FormerStore.forget(.membership, memberships, in: district, transaction)
      let agents = Set(try former.flatMap { PersonRow.list(try PersonRow($0.body).agents) })
      let guardians = try withoutOthers(agents, besides: ids, before: number, in: district, transaction)
      try FormerStore.forget(.guardian, guardians.sorted(), in: district, transaction)
    }
    try FormerStore.forget(.demographics, ids, in: district, transaction)
    try FormerStore.forget(.person, ids, in: district, transaction)
  }

  /// Of these guardians those who were nobody else's before the import: of people whom it changed their former rows say so,
  /// of the others what stands. What it tells of the same id since may be another family.
  private static func withoutOthers(
    _ guardians: Set<String>, besides ids: [String], before number: Int64, in district: DistrictID,
    _ transaction: any Transaction
  ) throws -> Set<String> {
    var found = guardians
    guard !found.isEmpty else { return found }
    let erased = Set(ids)
    try FormerStore.each(.person, in: district, transaction) { id, body in
      guard !erased.contains(id) else { return }
      found.subtract(PersonRow.list(try PersonRow(body).agents))
    }
    let left = found.sorted()
    for first in stride(from: 0, to: left.count, by: RowStore.step) {
      let part = left[first..<min(first + RowStore.step, left.count)]
      let others = try transaction.rows(
        """
        SELECT DISTINCT l.guardian, l.person FROM roster_guardian_link AS l
        JOIN roster_person AS p ON p.district_id = l.district_id AND p.sourced_id = l.person
        WHERE l.district_id = \(district) AND l.guardian IN \(list: part) AND p.changed_in <> \(number)
        """
      ).map { (guardian: try $0.get("guardian", as: String.self), person: try $0.get("person", as: String.self)) }
      found.subtract(others.filter { !erased.contains($0.person) }.map(\.guardian))
    }
    return found
  }
}
