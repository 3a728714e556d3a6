package import Storage
package import Vocabulary

/// Somebody of a roster, as results show them.
package struct SearchedPerson: Sendable, Hashable {
  package let id: PersonID
  package let district: DistrictID
  /// As people call them.
  package let name: String
  /// As they are registered, where that is another name.
  package let registered: String?
  /// The district's number of them.
  package let number: String?
  package let isStudent: Bool
  package let grades: [String]
  package let school: SchoolID?
  package let hasLeft: Bool
  /// By what they were found: `number`, `email`, `guardian`, `name`, `beginning`, `similar`; nil where they were not searched for.
  package let match: String?

  package init(
    id: PersonID, district: DistrictID, name: String, registered: String?, number: String?, isStudent: Bool,
    grades: [String], school: SchoolID?, hasLeft: Bool, match: String?
  ) {
    (self.id, self.district, self.name, self.registered, self.number) = (id, district, name, registered, number)
    (self.isStudent, self.grades, self.school, self.hasLeft, self.match) = (isStudent, grades, school, hasLeft, match)
  }
}

/// Where the search asks for people; the feature that keeps the roster answers, within the search's own transaction.
///
/// ```
/// DeskSearch ─▶ PeopleSearch (roster) ─▶ people, nearest first
/// ```
package protocol PeopleSearch: Sendable {
  /// - Parameter schools: where a district is limited to schools, only their people.
  func people(
    matching text: String, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>], limit: Int,
    _ transaction: any Transaction
  ) throws -> [SearchedPerson]

  /// By their ids.
  func people(
    _ ids: [PersonID], in scope: TenantScope, _ transaction: any Transaction
  ) throws -> [SearchedPerson]
}
