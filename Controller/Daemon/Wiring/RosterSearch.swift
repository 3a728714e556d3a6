import HelpDesk
import Roster
import Storage
import Vocabulary

/// The people of the roster, as the help desk's search asks for them.
struct RosterSearch: PeopleSearch {
  let roster: RosterDesk

  func people(
    matching text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>], limit: Int,
    _ transaction: any Transaction
  ) throws -> [SearchedPerson] {
    try roster.search(text, in: scope, schools: schools, limit: limit, transaction).map {
      Self.searched($0.person, match: $0.match.rawValue)
    }
  }

  func people(
    _ ids: [PersonID], in scope: TenantScope, _ transaction: any Transaction
  ) throws -> [SearchedPerson] {
    try RosterDirectory().people(ids, in: scope, transaction).map { Self.searched($0, match: nil) }
  }

  private static func searched(_ person: RosterPerson, match: String?) -> SearchedPerson {
    let registered = [person.givenName, person.middleName, person.familyName].compactMap(\.self).joined(separator: " ")
    return SearchedPerson(
      id: person.id, district: person.district, name: person.name,
      registered: person.name == "\(person.givenName) \(person.familyName)" ? nil : registered, number: person.number,
      isStudent: person.role == .student, grades: person.grades, school: person.school, hasLeft: !person.isActive,
      match: match)
  }
}
