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
    try forget(.demographics, ids, in: district, transaction)
    try NameIndex.forget(sourced: ids, in: district, transaction)
    try transaction.run("DELETE FROM roster_person WHERE district_id = \(district) AND sourced_id IN \(list: ids)")
    try forget(.person, ids, in: district, transaction)
    try erase(guardians: guardians, in: district, transaction)
  }

  static func erase(guardians: [String], in district: DistrictID, _ transaction: any Transaction) throws {
    for first in stride(from: 0, to: guardians.count, by: RowStore.step) {
      let part = Array(guardians[first..<min(first + RowStore.step, guardians.count)])
      try transaction.run("DELETE FROM roster_guardian WHERE district_id = \(district) AND sourced_id IN \(list: part)")
      try GuardianStore.removeContacts(of: part, in: district, transaction)
      try forget(.guardian, part, in: district, transaction)
    }
  }

  /// Nor does undo bring them back.
  private static func forget(
    _ kind: RowKind, _ ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      "DELETE FROM roster_former WHERE district_id = \(district) AND kind = \(kind) AND sourced_id IN \(list: ids)")
  }
}
