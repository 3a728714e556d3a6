import ArgumentParser

/// The journal of changes.
struct JournalCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "List the changes that people, tokens and keys made, newest first.",
    discussion: """
      The entries of the state as a whole have the district '*'.

      EXAMPLES
        rollcall journal -d cedar-falls --action batch.create
        rollcall journal -d '*'
        rollcall journal --all-districts --all --output csv > journal.csv
      """)

  @Option(help: "Only this action, such as batch.create.")
  var action: String?

  @Option(help: "Only changes of this object, by its id.")
  var object: String?

  @Option(help: "Only changes by this actor, by its id.")
  var actor: String?

  @OptionGroup var place: DistrictFilter
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    try session.list(
      Target("journal", query: [("district", place.given), ("action", action), ("object", object), ("actor", actor)]),
      Self.columns, list, nothing: "The journal has no such entries\(place.words).")
  }

  private static let columns = [
    Column("At", "at", time: true), Column("Action", "action"), Column("District", "district"),
    Column("Object", "object") { "\($0["object"]["kind"].text) \($0["object"]["id"].text)" },
    Column("Actor", "actor") { "\($0["actor"]["kind"].text) \($0["actor"]["id"].text)" }, Column("Entry", "id"),
  ]
}
