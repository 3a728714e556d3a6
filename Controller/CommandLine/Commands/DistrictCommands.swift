import ArgumentParser

private let districtColumns = [
  Column("District", "id"), Column("Name", "name"), Column("Unknown serials", "unknownSerials"),
  Column("Since", "createdAt", time: true),
]

struct DistrictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "district", abstract: "School districts.",
    subcommands: [List.self, Create.self, Show.self, Change.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the districts that you may see.",
      discussion: "EXAMPLES\n  rollcall district list\n  rollcall district list --all --output csv > districts.csv")

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("districts"), districtColumns, list,
        nothing: "There are no districts. Make one with 'rollcall district create'.")
    }
  }

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a district.",
      discussion: """
        EXAMPLE
          rollcall district create cedar-falls --name "Cedar Falls" \\
              --unknown-serials pending
        """)

    @Argument(help: "Its code: 1 to 40 of a–z, 0–9 and '-'.")
    var id: String

    @Option(help: "Its name.")
    var name: String

    @Option(help: "What happens to a serial that no batch expects: it is refused, or waits for approval.")
    var unknownSerials: UnknownSerials = .refuse

    @OptionGroup var global: GlobalOptions

    func validate() throws { try Code.check(id, "The district's code") }

    func run(_ session: Session) throws {
      let made = try session.client.post(
        Target("districts"),
        .json(["id": .string(id), "name": .string(name), "unknownSerials": .string(unknownSerials.rawValue)]))
      session.show(made, districtColumns)
    }
  }

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a district.", discussion: "EXAMPLE\n  rollcall district show cedar-falls")

    @Argument(help: "Its code.")
    var id: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      session.show(try session.client.get(Target("districts", id)), districtColumns + keptColumns)
    }
  }

  struct Change: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Change a district.",
      discussion: """
        EXAMPLES
          rollcall district set cedar-falls --unknown-serials pending
          rollcall district set cedar-falls --fact-history-days 730
          rollcall district set cedar-falls --fact-history-days 0   # the state's
        """)

    @Argument(help: "Its code.")
    var id: String

    @Option(help: "Its new name.")
    var name: String?

    @Option(help: "What happens to a serial that no batch expects: it is refused, or waits for approval.")
    var unknownSerials: UnknownSerials?

    @OptionGroup var kept: KeptOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard name != nil || unknownSerials != nil || kept.body != nil else {
        throw ValidationError("Say what to change: --name, --unknown-serials or one of the --…-days.")
      }
    }

    func run(_ session: Session) throws {
      let body = JSONValue.fields([
        ("name", name.map(JSONValue.string)), ("unknownSerials", unknownSerials.map { .string($0.rawValue) }),
        ("retention", kept.body),
      ])
      session.show(try session.client.patch(Target("districts", id), .json(body)), districtColumns + keptColumns)
    }
  }
}

private let keptColumns = RetentionCommand.columns.map { column in
  Column(column.title, column.key) { column.value($0["retention"]) }
}

private let schoolColumns = [Column("School", "id"), Column("Name", "name"), Column("Since", "createdAt", time: true)]

struct SchoolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "school", abstract: "Schools of a district.", subcommands: [List.self, Create.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a district's schools.", discussion: "EXAMPLE\n  rollcall school list --district cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("districts", try district.required(), "schools"), schoolColumns, list,
        nothing: "This district has no schools.")
    }
  }

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a school.",
      discussion: "EXAMPLE\n  rollcall school create lincoln -d cedar-falls --name \"Lincoln Elementary\"")

    @Argument(help: "Its code: 1 to 40 of a–z, 0–9 and '-'.")
    var id: String

    @Option(help: "Its name.")
    var name: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func validate() throws { try Code.check(id, "The school's code") }

    func run(_ session: Session) throws {
      let made = try session.client.post(
        Target("districts", try district.required(), "schools"), .json(["id": .string(id), "name": .string(name)]))
      session.show(made, schoolColumns)
    }
  }
}
