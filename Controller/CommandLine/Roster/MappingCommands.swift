import ArgumentParser

private let mappingColumns = [
  Column("Mapping", "name"), Column("Role", "role"), Column("Whole", "whole"), Column("Columns", "columns"),
]

extension RosterCommand {
  struct Map: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Save which columns of a CSV of your own say what, in place of a mapping of that name.",
      discussion: """
        A column says one of id, number, givenName, middleName, familyName, preferredGivenName, preferredFamilyName, \
        username, email, grade, school, class, classTitle, guardianName, guardianEmail, guardianPhone, secondGuardianName, \
        secondGuardianEmail, secondGuardianPhone; number, givenName and familyName are needed. Other columns of the file are \
        passed over. A file changes people of the role alone, and of them only what its columns say. Where one says the class, \
        by an id or code that no other class of the district has, a person has a row for each of their classes, or one with \
        ';' between them, and is in no others any more. Where one says anything of a guardian, students have the guardians that the file tells and no others.

        EXAMPLE
          rollcall roster map students -d cedar-falls --role student --whole \\
              --column number="Student ID" --column givenName=First \\
              --column familyName=Last --column school=Building \\
              --column class=Section --column guardianPhone="Home phone"
        """)

    @Argument(help: "Its name: 1 to 40 of a–z, 0–9 and '-'.")
    var name: String

    @Option(name: .customLong("column"), help: "What a column says, '=' and its title; given once for each.")
    var columns: [String] = []

    @Option(help: "Of whom the file tells.")
    var role: PersonRoleChoice

    @Flag(help: "People of the role of whom a file does not tell have left.")
    var whole = false

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      try Code.check(name, "The mapping's name")
      for column in columns where !column.contains("=") {
        throw ValidationError("--column is like number=\"Student ID\"; '\(column)' has no '='.")
      }
    }

    func run(_ session: Session) throws {
      var titles: [(String, JSONValue?)] = []
      for column in columns {
        let parts = column.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        titles.append((String(parts[0]), .string(String(parts[1]))))
      }
      let body = JSONValue.fields([
        ("name", .string(name)), ("role", .string(role.rawValue)), ("whole", .bool(whole)),
        ("columns", .fields(titles)),
      ])
      let target = Target("districts", try district.required(), "roster", "mappings")
      session.show(try session.client.post(target, .json(body)), mappingColumns)
    }
  }

  struct Maps: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a district's mappings.", discussion: "EXAMPLE\n  rollcall roster maps -d cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.get(Target("districts", try district.required(), "roster", "mappings"))
      let writer = ListWriter(mappingColumns, session)
      for item in answer["items"].items { writer.add(item) }
      writer.finish(nothing: "This district has no mappings.")
    }
  }

  struct Unmap: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget a mapping.", discussion: "EXAMPLE\n  rollcall roster unmap students -d cedar-falls")

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.client.delete(Target("districts", try district.required(), "roster", "mappings", name))
      session.say("Forgot the mapping \(name).")
    }
  }
}
