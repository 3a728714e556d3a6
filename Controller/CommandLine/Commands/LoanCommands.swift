import ArgumentParser

struct LoanCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "loan", abstract: "Give a device to somebody for a time.",
    discussion: """
      'rollcall return' ends a loan, and 'rollcall loans' lists them. School days are those of 'rollcall calendar'.

      EXAMPLES
        rollcall loan LOANER07 --student 104233 --days 10 --for PF3XK2M9
        rollcall loan LOANER07 --person per_0123456789abcdef --due 2026-12-18
      """)

  @OptionGroup var which: DeviceArgument
  @OptionGroup var person: PersonOptions

  @Option(help: "To this school.")
  var school: String?

  @Option(help: "For so many school days, 1 to 200.")
  var days: Int?

  @Option(help: "Until this day, as 2026-12-18.")
  var due: String?

  @Option(
    name: .customLong("for"), help: "The serial or id of the device in repair, lost or stolen that it stands for.")
  var instead: String?

  @OptionGroup var accessories: AccessoryOptions
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  private var recipients: [String] { person.said + (school.map { ["school:\($0)"] } ?? []) }

  func validate() throws {
    guard recipients.count == 1 else {
      throw ValidationError("Who gets it? One of --student, --person, --school.")
    }
    guard (days == nil) != (due == nil) else { throw ValidationError("How long? --days or --due, one of them.") }
  }

  func run(_ session: Session) throws {
    try move.make(
      "loan", DeviceSearch(device: which.device, place: which.place), session,
      [
        ("to", .text(recipients.first)), ("days", days.map { .integer(Int64($0)) }), ("due", .text(due)),
        ("for", .text(instead)), ("accessories", accessories.json),
      ])
  }
}

struct LoansCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "loans", abstract: "List the devices on loan, those that are due first at the top.",
    discussion: """
      EXAMPLES
        rollcall loans -d cedar-falls --overdue
        rollcall loans -d cedar-falls --all --output csv > loans.csv
      """)

  @Flag(help: "Only those whose last day is over.")
  var overdue = false

  @OptionGroup var district: DistrictOption
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    let target = Target("districts", try district.required(), "loans", query: [("overdue", overdue ? "true" : nil)])
    try session.list(target, Self.columns, list, nothing: overdue ? "No loan is overdue." : "Nothing is on loan.")
  }

  private static let columns = [
    Column("Serial", "serial"), Column("Asset tag", "assetTag"), Column("Holder", "holder"), Column("Due", "due"),
    Column("School days late", "daysLate", number: true), Column("In place of", "for"), Column("Stage", "stage"),
    Column("Since", "since", time: true), Column("Id", "device"),
  ]
}

struct CalendarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calendar", abstract: "The school days of a district, by which loans are counted.",
    subcommands: [Show.self, Change.self])

  fileprivate static let columns = [Column("Weekdays", "weekdays"), Column("Closed", "closedDays")]

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show on which days schools are open.", discussion: "EXAMPLE\n  rollcall calendar show -d cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      session.show(
        try session.client.get(Target("districts", try district.required(), "calendar")), CalendarCommand.columns)
    }
  }

  struct Change: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Set the school weekdays, or the closed days.",
      discussion: """
        What is given replaces what was there. Closed days are named one by one, or in a file with a day on each line.

        EXAMPLES
          rollcall calendar set -d cedar-falls --weekday monday \\
              --weekday tuesday --weekday wednesday --weekday thursday
          rollcall calendar set -d cedar-falls --closed 2026-11-26 \\
              --closed 2026-11-27
          rollcall calendar set -d cedar-falls --closed-file holidays.txt
        """)

    @Option(name: .customLong("weekday"), help: "A day of the week on which schools are open; given once for each.")
    var weekdays: [WeekdayChoice] = []

    @Option(name: .customLong("closed"), help: "A day on which they are closed, as 2026-11-26; given once for each.")
    var closed: [String] = []

    @Option(help: "A file with a closed day on each line.", completion: .file())
    var closedFile: String?

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard !weekdays.isEmpty || !closed.isEmpty || closedFile != nil else {
        throw ValidationError("Say what to change: --weekday, --closed or --closed-file.")
      }
    }

    func run(_ session: Session) throws {
      var days = closed
      if let closedFile {
        let text = String(decoding: try session.surroundings.files.read(closedFile, limit: 1 << 16), as: UTF8.self)
        days += text.split(whereSeparator: \.isWhitespace).map(String.init)
      }
      let isClosedTold = !closed.isEmpty || closedFile != nil
      let body = JSONValue.fields([
        ("weekdays", weekdays.isEmpty ? nil : .array(weekdays.map { .string($0.rawValue) })),
        ("closedDays", isClosedTold ? .array(days.map(JSONValue.string)) : nil),
      ])
      let target = Target("districts", try district.required(), "calendar")
      session.show(try session.client.patch(target, .json(body)), CalendarCommand.columns)
    }
  }
}
