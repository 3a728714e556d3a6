import Serving
import Vocabulary

/// A person as the API shows them.
struct PersonView: Encodable, Sendable {
  struct Guardian: Encodable, Sendable {
    let role: String?
    let givenName: String?
    let familyName: String?
    let email: String?
    let phone: String?
    let mobile: String?

    init(_ row: GuardianRow) {
      func told(_ text: String) -> String? { text.isEmpty ? nil : text }
      (role, givenName, familyName) = (told(row.role), told(row.given), told(row.family))
      (email, phone, mobile) = (told(row.email), told(row.phone), told(row.mobile))
    }

    static let schema = Schema.object(
      [
        ("role", .string("guardian, parent or relative")), ("givenName", .string("Given name")),
        ("familyName", .string("Family name")), ("email", .string("E-mail address")),
        ("phone", .string("Telephone number")), ("mobile", .string("Mobile telephone number")),
      ], required: [])
  }

  let id: PersonID
  let district: DistrictID
  let role: RosterPerson.Role
  let position: String?
  let sourcedId: String
  let number: String?
  let givenName: String
  let middleName: String?
  let familyName: String
  let preferredGivenName: String?
  let preferredMiddleName: String?
  let preferredFamilyName: String?
  let username: String?
  let email: String?
  let grades: [String]
  let school: SchoolID?
  let leftAt: String?
  /// nil in lists.
  let guardians: [Guardian]?
  /// nil in lists, and where none is kept.
  let birthDate: String?
  let sex: String?

  init(_ person: RosterPerson, guardians: [GuardianRow]? = nil, demographics: DemographicsRow? = nil) {
    (id, district, role) = (person.id, person.district, person.role)
    position = person.position.isEmpty ? nil : person.position
    (sourcedId, number) = (person.sourcedID, person.number)
    (givenName, middleName, familyName) = (person.givenName, person.middleName, person.familyName)
    preferredGivenName = person.preferredGivenName
    preferredMiddleName = person.preferredMiddleName
    preferredFamilyName = person.preferredFamilyName
    (username, email, grades, school) = (person.username, person.email, person.grades, person.school)
    leftAt = person.leftAt?.rfc3339
    self.guardians = guardians?.map(Guardian.init)
    birthDate = demographics.flatMap { $0.birthDate.isEmpty ? nil : $0.birthDate }
    sex = demographics.flatMap { $0.sex.isEmpty ? nil : $0.sex }
  }

  static let schema = Schema.object(
    [
      ("id", .string("The person's id")), ("district", .string("The district's id")),
      ("role", .oneOf(RosterPerson.Role.allCases.map(\.rawValue), "What they are to the district")),
      ("position", .string("The role's word in the source: teacher, principal …")),
      ("sourcedId", .string("Their id in the schools' own system")),
      ("number", .string("The district's number of them")), ("givenName", .string("Given name")),
      ("middleName", .string("Middle name")), ("familyName", .string("Family name")),
      ("preferredGivenName", .string("What they are called")),
      ("preferredMiddleName", .string("What they are called")),
      ("preferredFamilyName", .string("What they are called")),
      ("username", .string("What they sign in with")), ("email", .string("Their own e-mail address")),
      ("grades", .array(.string("A grade, as the source writes it"))),
      ("school", .string("The id of their main school")), ("leftAt", .dateTime("When they left the roster")),
      ("guardians", .array(Guardian.schema)),
      ("birthDate", .string("A day such as 2015-03-09, of one person where the district keeps it")),
      ("sex", .oneOf(DemographicsRow.sexes, "The same")),
    ], required: ["id", "district", "role", "sourcedId", "givenName", "familyName", "grades"])
}
