package import Vocabulary

/// A student or a member of staff.
package struct RosterPerson: Sendable, Hashable {
  package enum Role: String, CaseIterable, Sendable, Codable { case student, staff }

  package let id: PersonID
  package let district: DistrictID
  package let role: Role
  /// The role's word in the source: `teacher`, `principal` …
  package let position: String
  /// In the schools' own system.
  package let sourcedID: String
  /// The district's number; nil where the source has none.
  package let number: String?
  package let givenName: String
  package let middleName: String?
  package let familyName: String
  package let preferredGivenName: String?
  package let preferredMiddleName: String?
  package let preferredFamilyName: String?
  package let username: String?
  package let email: String?
  package let grades: [String]
  /// The main one.
  package let school: SchoolID?
  /// When the source told of them no more; nil while it does.
  package let leftAt: Instant?

  package var isActive: Bool { leftAt == nil }

  /// As people call them: preferred names where there are any.
  package var name: String { "\(preferredGivenName ?? givenName) \(preferredFamilyName ?? familyName)" }

  init(_ stored: PersonStore.Stored, sourcedID: String, in district: DistrictID) {
    func told(_ text: String) -> String? { text.isEmpty ? nil : text }
    let row = stored.row
    id = stored.id
    self.district = district
    role = Role(rawValue: row.role) ?? .staff
    position = row.position
    self.sourcedID = sourcedID
    number = told(row.number)
    givenName = row.given
    middleName = told(row.middle)
    familyName = row.family
    preferredGivenName = told(row.preferredGiven)
    preferredMiddleName = told(row.preferredMiddle)
    preferredFamilyName = told(row.preferredFamily)
    username = told(row.username)
    email = told(row.email)
    grades = PersonRow.list(row.grades)
    school = stored.school
    leftAt = stored.leftAt
  }
}

/// Somebody who is in a class.
package struct ClassMember: Sendable, Hashable {
  package let person: RosterPerson
  /// `student`, `teacher`, `aide` …
  package let role: String
  /// The first and the last day as the source writes them, `2026-08-20`; nil where it does not say.
  package let begins: String?
  package let ends: String?

  /// Whether the source says neither that it has not begun nor that it is over.
  package func isMember(on day: CivilDate) -> Bool {
    // Files that were taken up before their days were checked may have left what is none: it says nothing.
    let (first, last) = (begins.flatMap { CivilDate(written: $0) }, ends.flatMap { CivilDate(written: $0) })
    return !(first.map { day < $0 } ?? false) && !(last.map { $0 < day } ?? false)
  }
}

/// A class of a district's roster.
package struct SchoolClass: Sendable, Hashable {
  /// In the schools' own system.
  package let id: String
  package let title: String
  package let code: String
  package let school: SchoolID?
}
