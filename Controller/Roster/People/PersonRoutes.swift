import Access
import Audit
import Serving
import Storage
import Vocabulary

/// People of a roster. Each look at them is an entry of the journal: whom, by whom, when.
struct PersonRoutes: Sendable {
  let desk: RosterDesk

  private static let people = "/api/v1/districts/{district}/roster/persons"
  private static let rule = AccessRule.district(AccessRule.deviceManagers)

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.people, Self.rule,
        Operation(
          "listPersons", "A district's students and staff; each look is journalled",
          query: PersonFilter.parameters + [StudentViews.parameter],
          answers: (200, Page<PersonView>.schema(of: PersonView.schema))), handle: list),
      PeopleRoute(
        .get, Self.people + "/{person}", Self.rule,
        Operation(
          "showPerson",
          "One person, with guardians and, where the district keeps them, birth date and sex; the look is journalled",
          query: [StudentViews.parameter],
          answers: (200, PersonView.schema)),
        handle: show),
      PeopleRoute(
        .delete, Self.people + "/{person}", Self.rule,
        Operation(
          "erasePerson", "Erase a person who has left: the devices' history stays, without the name",
          query: [
            .init(
              "withDevice",
              "'true' to erase them though they have a device or owe what went with one: it is then somebody's whom nobody can name"
            )
          ],
          answers: (204, nil)), handle: erase),
    ]
  }

  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let page = try PageRequest(call)
    let filter = try PersonFilter(call)
    let actor = try context.actor
    let purpose = try StudentViews.purpose(call, context, in: district)
    // Looked up without holding up who writes; nothing is answered before the look's entry stands.
    let shown = try await desk.database.read(in: context.scope) { [desk] transaction in
      try desk.requireDistrict(district, transaction)
      let found = try PersonStore.people(
        in: district, where: filter.condition(in: district, desk.contacts), after: page.after, limit: page.limit + 1,
        transaction)
      return Page(found.map { PersonView($0) }, limit: page.limit, key: \.id.rawValue)
    }
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      if filter.isOfOne {
        try StudentViews.record(
          shown.items.map {
            StudentViews.Look(.person, of: [$0.id], in: district, purpose: purpose, by: actor, at: call.now)
          }, in: transaction)
      } else {
        try desk.record(
          StudentViews.action(.list), ("district", district.rawValue), district, by: actor, at: call.now,
          ListBody(shown: shown.items.count, purpose: purpose), transaction)
      }
      return try .json(shown)
    }
  }

  private func show(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let id: PersonID = try call.identifier("person")
    let actor = try context.actor
    let purpose = try StudentViews.purpose(call, context, in: district)
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      guard let person = try RosterDirectory().person(id, in: district, transaction) else {
        throw ServingError.missing("person", id, in: district)
      }
      let guardians = try GuardianStore.guardians(of: person.sourcedID, in: district, desk.contacts, transaction)
      let demographics = try DemographicsStore.demographics(
        of: person.sourcedID, in: district, desk.contacts, transaction)
      try StudentViews.record(
        [.init(.person, of: [id], in: district, purpose: purpose, by: actor, at: call.now)], in: transaction)
      return try .json(PersonView(person, guardians: guardians, demographics: demographics))
    }
  }

  private func erase(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let id: PersonID = try call.identifier("person")
    let withDevice = try call.flag("withDevice")
    let actor = try context.actor
    return try await desk.database.write(in: context.scope) { [desk] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        guard let person = try RosterDirectory().person(id, in: district, transaction) else {
          throw ServingError.missing("person", id, in: district)
        }
        guard !person.isActive else {
          throw RosterError(
            .stillActive,
            "The source still tells of this person, who would be back with its next file. Take them out there first.")
        }
        guard try withDevice || desk.registry.holders(among: [id], of: district, in: transaction).isEmpty else {
          throw RosterError(
            .hasDevice,
            "This person has a device, gets one back from repair, or owes what went with one; erased, nobody can be asked for it. Take it back first, or say that they are erased all the same (withDevice=true, --with-device)."
          )
        }
        try Erasure.erase([person], in: district, transaction)
        try desk.record(
          "person.erase", ("person", id.rawValue), district, by: actor, at: call.now, NoDetails(), transaction)
        return Reply(.noContent)
      }
    }
  }

  private struct ListBody: JournalBody {
    let shown: Int
    let purpose: ViewPurpose
  }
}

/// What a list of people is narrowed to.
struct PersonFilter: Sendable {
  static let parameters =
    [
      Operation.Parameter("number", "The district's number of the person, whatever its case"),
      Operation.Parameter("username", "The name that they sign in with, whatever its case"),
      Operation.Parameter("email", "Their e-mail address, whatever its case"),
      Operation.Parameter("guardian", "The e-mail address or telephone number of a guardian"),
      Operation.Parameter("role", "student or staff"),
      Operation.Parameter("school", "The id of their main school"),
      Operation.Parameter("left", "'true': those who left; without it, all"),
    ] + PageRequest.parameters

  private let number: String?
  private let username: String?
  private let email: String?
  private let guardian: Contact?
  private let role: RosterPerson.Role?
  private let school: SchoolID?
  private let hasLeft: Bool?

  /// Whether it asks for somebody, rather than for everybody of a kind.
  var isOfOne: Bool { number != nil || username != nil || email != nil || guardian != nil }

  /// - Throws: `request.query`.
  init(_ call: Call) throws(ServingError) {
    func told(_ name: String) throws(ServingError) -> String? {
      guard let text = try call.query(name) else { return nil }
      guard (1...254).contains(text.utf8.count) else {
        throw ServingError(.query, "'\(name)' has 1 to 254 characters.")
      }
      return text
    }
    number = try told("number")
    username = try told("username")
    email = try told("email")
    if let text = try told("guardian") {
      guard let contact = Contact(typed: text) else {
        throw ServingError(.query, "'guardian' is a whole e-mail address, or a telephone number of 7 to 15 digits.")
      }
      guardian = contact
    } else {
      guardian = nil
    }
    role = try call.query("role").map { text throws(ServingError) in
      guard let role = RosterPerson.Role(rawValue: text) else {
        throw ServingError(.query, "'role' is student or staff.")
      }
      return role
    }
    school = try call.query("school").map { text throws(ServingError) in
      guard let school = SchoolID(rawValue: text) else { throw ServingError(.query, "'school' is a school's id.") }
      return school
    }
    switch try call.query("left") {
    case nil: hasLeft = nil
    case "true": hasLeft = true
    case "false": hasLeft = false
    default: throw ServingError(.query, "'left' is true or false.")
    }
  }

  func condition(in district: DistrictID, _ key: ContactKey) -> SQL {
    var parts: [SQL] = []
    if let number { parts.append("number_folded = \(FoldedName.of(number))") }
    if let username { parts.append("username_folded = \(FoldedName.of(username))") }
    if let email { parts.append("email_folded = \(FoldedName.of(email))") }
    if let guardian { parts.append(GuardianStore.condition(guardian, in: district, key)) }
    if let role { parts.append("role = \(role.rawValue)") }
    if let school { parts.append("school_id = \(school)") }
    if let hasLeft { parts.append(hasLeft ? "left_at IS NOT NULL" : "left_at IS NULL") }
    return parts.isEmpty ? "(1 = 1)" : .joined(parts, separator: " AND ")
  }
}
