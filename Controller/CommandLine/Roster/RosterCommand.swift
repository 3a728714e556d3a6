import ArgumentParser

struct RosterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roster", abstract: "Rosters: students, staff, classes and guardians of a district.",
    subcommands: [
      Preview.self, Import.self, Undo.self, Imports.self, Show.self, Change.self, List.self, Person.self, Erase.self,
      Map.self, Maps.self, Unmap.self,
    ])

  static let archiveHelp = """
    FILE is a OneRoster 1.1 or 1.2 export: a ZIP archive, or a folder of its CSV files, of which only manifest, orgs, \
    classes, users, roles and enrollments are sent. It is checked whole: every fault is printed with its file and line. \
    Passwords are never read, and of demographics.csv birth date and sex alone, where --demographics asks for them and the \
    district chose it ('rollcall roster set --demographics on-request').
    """

  struct Preview: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a roster would change, and change nothing.",
      discussion: """
        \(RosterCommand.archiveHelp)

        EXAMPLES
          rollcall roster preview export.zip -d cedar-falls
          rollcall roster preview state-export/ --state-wide --output json
        """)

    @OptionGroup var roster: RosterFile
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try roster.send(session, isPreview: true)
      RosterReport.show(answer, session)
      if let refusal = answer["refusal"].string { session.console.error("It would be refused: \(refusal)\n") }
    }
  }

  struct Import: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take up a roster, all of it or nothing.",
      discussion: """
        \(RosterCommand.archiveHelp)

        A file that would remove more than a tenth of a district's students, of its staff, or of its classes, guardians or memberships \
        without others in their place, is refused, for it is more likely half an export; --allow-removal takes another share.

        EXAMPLES
          rollcall roster import export.zip -d cedar-falls
          rollcall roster import export.zip -d cedar-falls --allow-removal 30
          rollcall roster import export.zip -d cedar-falls --demographics
          rollcall roster import students.csv -d cedar-falls --mapping students
          rollcall roster import state-export.zip --state-wide
        """)

    @OptionGroup var roster: RosterFile
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try roster.send(session, isPreview: false)
      RosterReport.show(answer, session)
      guard session.format == .table else { return }
      guard let id = answer["import"].string else { return session.say("Nothing changed.") }
      session.say("Taken up as \(id). 'rollcall roster undo' puts back what was before.")
    }
  }

  struct Undo: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a roster back to what it was before the last import.",
      discussion: """
        Only the last import can be undone, and once. People that it added go, but those who have or had a device by then, \
        who have left; schools that it made in the register stay.

        EXAMPLES
          rollcall roster undo -d cedar-falls
          rollcall roster undo --state-wide
        """)

    @OptionGroup var place: RosterPlace
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.post(try place.target("undo"))
      let writer = ListWriter(rosterImportColumns, session)
      for item in answer["districts"].items { writer.add(item) }
      writer.finish(nothing: "Nothing was undone.")
    }
  }

  struct Imports: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a district's imports, the newest first.",
      discussion: "EXAMPLE\n  rollcall roster imports -d cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("districts", try district.required(), "roster", "imports"), rosterImportColumns, list,
        nothing: "This district's roster was never imported.")
    }
  }

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how a district's roster stands, in counts.",
      discussion: "EXAMPLE\n  rollcall roster show -d cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      session.show(try session.client.get(Target("districts", try district.required(), "roster")), rosterColumns)
    }
  }

  struct Change: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract:
        "Choose what a source calls a district, how long people who left are kept, and whether demographics are.",
      discussion: """
        A state's file names districts by the identifier of their orgs; without a choice that is the district's code. It is \
        the state's administrators who choose another. Whether an import that asks for birth dates and sexes reads them is \
        chosen by the district's administrators; 'never' erases those that are kept. Whoever left and still has a device, \
        or owes what went with one, is kept until it is back.

        EXAMPLES
          rollcall roster set -d cedar-falls --identifier 2500
          rollcall roster set -d cedar-falls --left-days 90
          rollcall roster set -d cedar-falls --left-days 0   # the standard, 400
          rollcall roster set -d cedar-falls --demographics on-request
        """)

    @Option(help: "What a source calls the district; an empty one takes the choice back.")
    var identifier: String?

    @Option(help: "Days that people who left are kept, 30 to 3,650; 0 takes the choice back.")
    var leftDays: Int?

    @Option(help: "Whether birth dates and sexes are read where an import asks for them.")
    var demographics: DemographicsChoice?

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard identifier != nil || leftDays != nil || demographics != nil else {
        throw ValidationError("Say what to change: --identifier, --left-days or --demographics.")
      }
    }

    func run(_ session: Session) throws {
      let body = JSONValue.fields([
        ("identifier", identifier.map(JSONValue.string)), ("leftDays", leftDays.map { .integer(Int64($0)) }),
        ("demographics", demographics.map { .string($0.rawValue) }),
      ])
      let target = Target("districts", try district.required(), "roster")
      session.show(try session.client.patch(target, .json(body)), rosterColumns)
    }
  }
}

enum DemographicsChoice: String, ExpressibleByArgument, CaseIterable {
  case never
  case onRequest = "on-request"
}

let rosterImportColumns = [
  Column("Number", "number", number: true), Column("Import", "id"), Column("District", "district"),
  Column("Kind", "kind"), Column("Source", "source"), Column("At", "at", time: true), Column("Undone", "undone"),
  Column("Added", "added", number: true) { $0["counts"]["people"]["added"].text },
  Column("Changed", "changed", number: true) { $0["counts"]["people"]["changed"].text },
  Column("Left", "left", number: true) { $0["counts"]["people"]["left"].text },
  Column("File", "file", digest: true),
]

private let rosterColumns = [
  Column("District", "district"), Column("Students", "students"), Column("Staff", "staff"), Column("Left", "left"),
  Column("Classes", "classes"), Column("Memberships", "memberships"), Column("Guardians", "guardians"),
  Column("Identifier", "identifier"), Column("Left kept (days)", "leftDays"),
  Column("Wait for devices", "waiting"), Column("Demographics", "demographics"),
  Column("Last read", "checkedAt", time: true),
]
