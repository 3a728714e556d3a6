package import Storage
package import Vocabulary

/// Looks people up for other features, within their own transaction: who has this number, who is this, who is in this
/// class. It writes nothing, and journals nothing: who shows what it finds to a person does.
///
/// ```
/// let student = try RosterDirectory().people(numbered: ["100234"], in: district, transaction)["100234"]
/// ```
package struct RosterDirectory: Sendable {
  package init() {}

  /// Whether the district's roster tells of anybody.
  package func hasPeople(_ district: DistrictID, _ transaction: any Transaction) throws -> Bool {
    try transaction.row("SELECT 1 AS one FROM roster_person WHERE district_id = \(district) LIMIT 1") != nil
  }

  private static func rank(_ person: RosterPerson) -> Int {
    (person.isActive ? 0 : 2) + (person.role == .student ? 0 : 1)
  }

  /// The person, also one who has left; nil of another district, or where they were erased.
  package func person(
    _ id: PersonID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> RosterPerson? {
    try PersonStore.people(in: district, where: "person_id = \(id)", limit: 1, transaction).first
  }

  /// Several at once, by their ids.
  package func people(
    _ ids: [PersonID], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [PersonID: RosterPerson] {
    var found: [PersonID: RosterPerson] = [:]
    for first in stride(from: 0, to: ids.count, by: RowStore.step) {
      let part = ids[first..<min(first + RowStore.step, ids.count)]
      let people = try PersonStore.every(in: district, where: "person_id IN \(list: part)", transaction)
      for person in people { found[person.id] = person }
    }
    return found
  }

  /// As ``people(_:in:_:)`` for who sees several districts, each person having an id of their own in the whole state.
  package func people(
    _ ids: [PersonID], in scope: TenantScope, _ transaction: any Transaction
  ) throws -> [RosterPerson] {
    ids.isEmpty ? [] : try PersonStore.people(ids, in: scope, transaction)
  }

  /// Several at once, by their numbers: of those who have one, whoever has not left comes first, and a student before staff.
  package func people(
    numbered numbers: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: RosterPerson] {
    var found: [String: RosterPerson] = [:]
    for first in stride(from: 0, to: numbers.count, by: RowStore.step) {
      let part = numbers[first..<min(first + RowStore.step, numbers.count)]
      let people = try PersonStore.every(
        in: district, where: "number <> '' AND number IN \(list: part)", transaction)
      for person in people.sorted(by: { $0.id < $1.id }) {
        guard let number = person.number else { continue }
        if let other = found[number], Self.rank(other) <= Self.rank(person) { continue }
        found[number] = person
      }
    }
    return found
  }

  /// Who is in a class and has not left, in the order of their ids.
  ///
  /// - Parameter schoolClass: its id in the schools' own system.
  /// - Returns: nil where the district has no such class.
  package func members(
    ofClass schoolClass: String, in district: DistrictID, _ transaction: any Transaction
  ) throws -> [ClassMember]? {
    let known = try transaction.row(
      "SELECT 1 AS found FROM roster_class WHERE district_id = \(district) AND sourced_id = \(schoolClass)")
    guard known != nil else { return nil }
    return try PersonStore.members(of: schoolClass, in: district, transaction)
  }

  /// The classes that a person is in, by their titles.
  ///
  /// - Parameter limit: people are in few; a file may say otherwise.
  package func classes(
    of person: RosterPerson, limit: Int = 50, _ transaction: any Transaction
  ) throws -> [SchoolClass] {
    try transaction.rows(
      """
      SELECT DISTINCT roster_class.sourced_id, title, code, school_id FROM roster_membership
      JOIN roster_class ON roster_class.district_id = roster_membership.district_id
        AND roster_class.sourced_id = roster_membership.class
      WHERE roster_membership.district_id = \(person.district) AND person = \(person.sourcedID)
      ORDER BY title, roster_class.sourced_id LIMIT \(limit)
      """
    ).map { row in
      SchoolClass(
        id: try row.get("sourced_id"), title: try row.get("title"), code: try row.get("code"),
        school: try row.get("school_id"))
    }
  }
}
