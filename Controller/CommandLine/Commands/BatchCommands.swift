import ArgumentParser

private let batchColumns = [
  Column("Batch", "id"), Column("Name", "name"), Column("District", "district"),
  count("Listed", "listed"), count("Still expected", "expected"), count("Enrolled", "enrolled"),
  count("Unexpected", "unexpected"),
  count("Quarantined", "quarantined"), count("Pending", "pending"), Column("Since", "createdAt", time: true),
]

/// A count of a batch, wherever the answer holds it.
private func count(_ title: String, _ key: String) -> Column {
  Column(title, key, number: true) { ($0["counts"][key] == .null ? $0[key] : $0["counts"][key]).text }
}

private let addedColumns = [
  Column("Added", "added", number: true), Column("Unchanged", "unchanged", number: true),
]

private let removedColumns = [Column("Removed", "removed", number: true)]

private let serialColumns = [
  Column("Serial", "serial"), Column("State", "state", verdict: true), Column("Device", "device"),
  Column("Asset tag", "assetTag"), Column("Model", "model"),
]

struct BatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch", abstract: "Batches: the serials that are expected for a district.",
    subcommands: [List.self, Create.self, Show.self, Add.self, Remove.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a district's batches.", discussion: "EXAMPLE\n  rollcall batch list --district cedar-falls")

    @OptionGroup var district: DistrictOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("districts", try district.required(), "batches"), batchColumns, list,
        nothing: "This district has no batches.")
    }
  }

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a batch from a file of serials.",
      discussion: """
        The file is CSV with a header: a column 'serial', and 'assetTag' and 'model' where they are known. It is checked \
        whole: every fault is printed with its line, and nothing is made unless there is none.

        EXAMPLE
          rollcall batch create -d cedar-falls --id fall-2026 \\
              --name "Fall 2026" --serials serials.csv
        """)

    @Option(help: "Its code: 1 to 40 of a–z, 0–9 and '-'; made from the file's name where it is not given.")
    var id: String?

    @Option(help: "Its name; the code where it is not given.")
    var name: String?

    @Option(help: "The CSV file of serials; without it the batch begins empty.")
    var serials: String?

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func validate() throws { if let id { try Code.check(id, "--id") } }

    func run(_ session: Session) throws {
      let target = Target("districts", try district.required(), "batches")
      guard let id = id ?? serials.flatMap(Self.code(ofFile:)) else {
        throw ValidationError("Give the batch a code with --id, or a file with --serials whose name makes one.")
      }
      let made: JSONValue
      if let serials {
        made = try session.client.post(target.adding("id", id).adding("name", name ?? id), try session.csv(serials))
      } else {
        made = try session.client.post(
          target, .json(["id": .string(id), "name": .string(name ?? id), "serials": .array([])]))
      }
      session.show(made, batchColumns)
    }

    /// `lists/Fall 2026.csv` makes `fall-2026`; nil where nothing of the name can stand in a code.
    static func code(ofFile path: String) -> String? {
      let file = path.split(separator: "/").last ?? ""
      let name = file.lowercased().split(separator: ".").first ?? ""
      let words = name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      let code = String(words.joined(separator: "-").prefix(40))
      return code.isEmpty || code.hasSuffix("-") ? nil : code
    }
  }

  struct Show: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a batch: how many are listed, and how many of them are still expected.",
      discussion: """
        Listed: the serials that people listed. Still expected: those of them that have not enrolled. Unexpected: enrolled \
        with a token of the batch without being listed. Quarantined: claimed by two keys. Pending: waiting for a person.

        EXAMPLES
          rollcall batch show fall-2026 -d cedar-falls
          rollcall batch show fall-2026 -d cedar-falls --state expected --all \\
              --output csv > missing.csv
        """)

    @Argument(help: "The batch's code.")
    var batch: String

    @Option(help: "List the serials in this state.")
    var state: SerialStateChoice?

    @OptionGroup var district: DistrictOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let place = try district.required()
      guard let state = state?.rawValue else {
        return session.show(try session.client.get(Target("districts", place, "batches", batch)), batchColumns)
      }
      try session.list(
        Target("districts", place, "batches", batch, "serials", query: [("state", state)]), serialColumns, list,
        nothing: "No serial of this batch is \(state).")
    }
  }

  struct Add: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add serials to a batch.",
      discussion: "EXAMPLE\n  rollcall batch add fall-2026 --district cedar-falls --serials more.csv")

    @OptionGroup var list: BatchList
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.post(try list.target, try session.csv(list.serials))
      guard session.format == .table else { return session.show(answer, addedColumns) }
      session.say("Added \(answer["added"].text); \(answer["unchanged"].text) were listed already.")
      session.show(answer, batchColumns)
    }
  }

  struct Remove: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take serials that have not enrolled out of a batch.",
      discussion: """
        The file is as for 'add'; of its columns only 'serial' counts. It is checked whole: each serial that the batch does \
        not list, or whose device has enrolled, is printed with its line, and nothing is changed unless there is none. A \
        serial that was taken out may be added to another batch.

        EXAMPLE
          rollcall batch remove fall-2026 -d cedar-falls --serials wrong.csv
        """)

    @OptionGroup var list: BatchList
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.delete(try list.target, try session.csv(list.serials))
      guard session.format == .table else { return session.show(answer, removedColumns) }
      session.say("Removed \(answer["removed"].text).")
      session.show(answer, batchColumns)
    }
  }
}

/// A file of serials for a batch.
struct BatchList: ParsableArguments {
  @Argument(help: "The batch's code.")
  var batch: String

  @Option(help: "The CSV file of serials.")
  var serials: String

  @OptionGroup var district: DistrictOption

  var target: Target {
    get throws { Target("districts", try district.required(), "batches", batch, "serials") }
  }
}
