import ArgumentParser

/// For how many days records are kept.
struct KeptOptions: ParsableArguments {
  @Option(help: "Days that changes of facts are kept: 30 to 36500; 0 takes the choice back.")
  var factHistoryDays: Int?

  @Option(help: "Days that what a key said last is kept once it is silent.")
  var checkInHistoryDays: Int?

  @Option(help: "Days that bodies of journal entries are kept; their leaf hashes stay.")
  var journalBodyDays: Int?

  /// nil where nothing is chosen.
  var body: JSONValue? {
    let fields = [
      ("factHistoryDays", factHistoryDays), ("checkInHistoryDays", checkInHistoryDays),
      ("journalBodyDays", journalBodyDays),
    ]
    guard fields.contains(where: { $0.1 != nil }) else { return nil }
    return .fields(fields.map { ($0.0, $0.1.map { .integer(Int64($0)) }) })
  }

  func validate() throws {
    for days in [factHistoryDays, checkInHistoryDays, journalBodyDays] {
      guard let days, days != 0, !(30...36_500).contains(days) else { continue }
      throw ValidationError("Days are 30 to 36500, or 0 for no choice of one's own.")
    }
  }
}

struct RetentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention", abstract: "For how long records are kept in districts that have not chosen.",
    discussion: "A district chooses with 'rollcall district set'.", subcommands: [Show.self, Change.self])

  static let columns = [
    Column("Fact history (days)", "factHistoryDays"), Column("Check-in history (days)", "checkInHistoryDays"),
    Column("Journal bodies (days)", "journalBodyDays"),
  ]

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show for how long.", discussion: "EXAMPLE\n  rollcall retention show")

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      session.show(try session.client.get(Target("retention")), RetentionCommand.columns)
    }
  }

  struct Change: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Choose for how long.",
      discussion: "EXAMPLE\n  rollcall retention set --fact-history-days 730 --journal-body-days 2555")

    @OptionGroup var kept: KeptOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard kept.body != nil else { throw ValidationError("Say what to change: one of the --…-days.") }
    }

    func run(_ session: Session) throws {
      let body = kept.body ?? .fields([])
      session.show(try session.client.patch(Target("retention"), .json(body)), RetentionCommand.columns)
    }
  }
}
