import ArgumentParser

private let personColumns = [
  Column("Number", "number"), Column("Given name", "givenName"), Column("Called", "preferredGivenName"),
  Column("Family name", "familyName"), Column("Role", "role"), Column("Grades", "grades"), Column("School", "school"),
  Column("Username", "username"), Column("Left", "leftAt", time: true), Column("Id", "id"),
]

private let wholePerson =
  personColumns + [
    Column("Position", "position"), Column("E-mail", "email"), Column("Middle name", "middleName"),
    Column("Source id", "sourcedId"), Column("Born", "birthDate"), Column("Sex", "sex"),
    Column("Guardians", "guardians") { item in
      item["guardians"].items.map { guardian in
        ["givenName", "familyName", "role", "email", "phone", "mobile"].map { guardian[$0].text }
          .filter { !$0.isEmpty }.joined(separator: " ")
      }.joined(separator: "; ")
    },
  ]

enum PersonRoleChoice: String, ExpressibleByArgument, CaseIterable { case student, staff }

extension RosterCommand {
  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the people of a district's roster; the look is journalled.",
      discussion: """
        EXAMPLES
          rollcall roster list -d cedar-falls --role student --school north
          rollcall roster list -d cedar-falls --purpose inventory
          rollcall roster list -d cedar-falls --left --all --output csv > left.csv
        """)

    @Option(help: "Only students, or only staff.")
    var role: PersonRoleChoice?

    @Option(help: "Only those whose main school this is.")
    var school: String?

    @Flag(help: "Those who left; without it, those who have not.")
    var left = false

    @OptionGroup var district: DistrictOption
    @OptionGroup var purpose: PurposeOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      var target = Target("districts", try district.required(), "roster", "persons")
      target.add("role", role?.rawValue)
      target.add("school", school)
      target.add("left", "\(left)")
      target.add("purpose", purpose.given(session))
      try session.list(target, personColumns, list, nothing: "Nobody stands in this part of the roster.")
    }
  }

  struct Person: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a person by number or id, or find who has a username, e-mail address or guardian.",
      discussion: """
        Each look is an entry of the journal. A guardian is found by the whole e-mail address or telephone number, however \
        it is written.

        EXAMPLES
          rollcall roster person 100234 -d cedar-falls
          rollcall roster person --guardian "(555) 010-0199" -d cedar-falls \\
              --purpose family-calls
        """)

    @Argument(help: "The district's number of the person, or the id.")
    var person: String?

    @Option(help: "The name that they sign in with.")
    var username: String?

    @Option(help: "Their own e-mail address.")
    var email: String?

    @Option(help: "The e-mail address or telephone number of a guardian.")
    var guardian: String?

    @OptionGroup var district: DistrictOption
    @OptionGroup var purpose: PurposeOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard [person, username, email, guardian].compactMap(\.self).count == 1 else {
        throw ValidationError("Say whom: a number or id, --username, --email or --guardian; one of them.")
      }
    }

    func run(_ session: Session) throws {
      let people = Target("districts", try district.required(), "roster", "persons")
      let why = purpose.given(session)
      func show(_ id: String) throws {
        session.show(try session.client.get(people.under(id).adding("purpose", why)), wholePerson)
      }
      if let person, Self.isID(person) { return try show(person) }
      var target = people
      for (name, value) in [("number", person), ("username", username), ("email", email), ("guardian", guardian)] {
        target.add(name, value)
      }
      target.add("purpose", why)
      var found: [JSONValue] = []
      let more = try session.client.each(target, limit: list.bound) { found.append($0) }
      guard let only = found.first else {
        throw CommandError(.notFound, "Nobody of the district's roster answers to that.")
      }
      if found.count == 1 { return try show(only["id"].text) }
      let writer = ListWriter(personColumns, session)
      for item in found { writer.add(item) }
      writer.finish(nothing: "")
      if more { session.console.error("There are more than \(found.count); ask for --all, or a greater --limit.\n") }
    }

    static func isID(_ text: String) -> Bool { text.hasPrefix("per_") && text.utf8.count == 20 }
  }

  struct Erase: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erase a person who has left the roster.",
      discussion: """
        What the devices went through stays, under an id that names nobody. Whom the source still tells of is not erased: \
        they would be back with its next file. Nor is who has a device, or owes what went with one, unless that is \
        asked for: nobody could be asked for it any more.

        EXAMPLES
          rollcall roster erase per_0123456789abcdef -d cedar-falls
          rollcall roster erase per_0123456789abcdef -d cedar-falls --with-device
        """)

    @Argument(help: "The person's id.")
    var person: String

    @Flag(help: "Erase them though they have a device, get one back from repair, or owe what went with one.")
    var withDevice = false

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.client.delete(
        Target("districts", try district.required(), "roster", "persons", person)
          .adding("withDevice", withDevice ? "true" : nil))
      session.say("Erased \(person).")
    }
  }
}
