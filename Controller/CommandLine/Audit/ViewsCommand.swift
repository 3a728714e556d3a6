import ArgumentParser

/// Who looked at whom.
struct ViewsCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "views", abstract: "List who looked at what is linked to students, newest first.",
    discussion: """
      For a district's administrators, auditors and the state's: who was shown to whom, when, and why. People stand there by \
      the roster's ids.

      EXAMPLES
        rollcall audit views -d cedar-falls --purpose lost-or-stolen
        rollcall audit views --person per_0123456789abcdef
        rollcall audit views --from 2026-11-01 --to 2026-11-30 --all --output csv > views.csv
      """)

  @Option(help: "Only looks at this person, by the roster's id.")
  var person: String?

  @Option(help: "Only looks by this principal, by its id.")
  var actor: String?

  @Option(help: "Only looks for this reason.")
  var purpose: JournalledPurpose?

  @Option(help: "Only of this day and later, such as 2026-11-20 (UTC).")
  var from: String?

  @Option(help: "Only of this day and before.")
  var to: String?

  @OptionGroup var place: DistrictFilter
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    try session.list(
      Target(
        "views",
        query: [
          ("district", place.given), ("person", person), ("actor", actor), ("purpose", purpose?.rawValue),
          ("from", from), ("to", to),
        ]),
      Self.columns, list, nothing: "Nobody looked at anybody\(place.words), as far as this asks.")
  }

  private static let columns = [
    Column("At", "at", time: true), Column("Who", "actor"), Column("Why", "purpose"), Column("What", "kind"),
    Column("Shown", "shown", number: true), Column("District", "district"),
    Column("Whom", "persons") { $0["persons"].items.map(\.text).joined(separator: " ") }, Column("Device", "device"),
    Column("Entry", "id"),
  ]
}
