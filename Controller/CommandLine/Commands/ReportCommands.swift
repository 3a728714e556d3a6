import ArgumentParser
import Vocabulary

/// Reports as files.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Take a report as a file for the board, or list which there are.",
    discussion: """
      'rollcall report NAME' writes the report NAME. It is sent as it is made, so that a state's 400,000 devices need no \
      memory; a file that is cut off on the way is not kept.

      EXAMPLES
        rollcall report list
        rollcall report inventory -d cedar-falls --out devices.csv
        rollcall report fleet-health --all-districts --format xlsx \\
            --out friday.xlsx
        rollcall report changes -d cedar-falls --since 2026-11-13
      """, subcommands: [List.self, Take.self], defaultSubcommand: Take.self)

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the reports that you may have.",
      discussion: """
        EXAMPLES
          rollcall report list
          rollcall report list --output json
        """)

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let answer = try session.client.get(Target("reports"))
      let writer = ListWriter(Self.columns, session)
      for item in answer["items"].items { writer.add(item) }
      writer.finish(nothing: "There is no report for your roles.")
    }

    private static let columns = [
      Column("Name", "id"), Column("Title", "title"), Column("What it is for", "words"),
      Column("Filters", "filters") { $0["filters"].items.map(\.text).joined(separator: " ") },
    ]
  }

  /// What a file is written as.
  enum Format: String, CaseIterable, ExpressibleByArgument { case csv, xlsx, json }

  struct Take: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "take", abstract: "Write a report: 'rollcall report NAME' is the same.",
      discussion: """
        CSV begins a cell that a spreadsheet would run as a formula with an apostrophe; JSON is an object a line. Which \
        filters a report has, 'rollcall report list' says. A report that names students is kept in the journal, with \
        their count.

        EXAMPLES
          rollcall report inventory -d cedar-falls --out devices.csv
          rollcall report inventory -d cedar-falls --reason battery \\
              --severity failing --format xlsx --out batteries.xlsx
          rollcall report losses --all-districts | wc -l
          rollcall report students -d cedar-falls --format json \\
              --purpose inventory
        """)

    @Argument(help: "The report's name.")
    var name: String

    @Option(help: "What it is written as.")
    var format: Format = .csv

    @Option(name: [.customLong("out"), .customLong("output-file")], help: "A new file; without it, standard output.")
    var out: String?

    @Option(help: "Only this school's; '-' for no school.") var school: String?
    @Option(help: "Only this model.") var model: String?
    @Option(help: "Only devices in this stage.") var stage: String?
    @Option(
      help:
        "'in' for devices in use, 'out' for those lost, stolen, retired or moved away, 'not-here' for those only expected."
    )
    var use: String?
    @Option(help: "Only with this verdict: well, attention, failing, unknown.") var wellness: String?
    @Option(help: "Only where this is not well, such as battery.") var reason: String?
    @Option(help: "With --reason: attention or failing.") var severity: String?
    @Option(help: "Only devices not seen for so many days, or 'never'.") var notSeen: String?
    @Option(help: "Only with this system, such as debian-12.") var os: String?
    @Option(help: "Only devices known for so many whole years.") var age: Int?
    @Option(help: "Only what happened since this day, such as 2026-11-13.") var since: String?
    @Option(help: "Only changes of this kind, such as hardware.") var section: String?
    @Option(help: "Only packages whose name begins so.") var prefix: String?
    @Option(help: "Only devices that have a package of this name.") var software: String?
    @Option(help: "With --software: older than this version.") var below: String?
    @OptionGroup var place: DistrictFilter
    @OptionGroup var purpose: PurposeOption
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard format != .xlsx || out != nil else {
        throw ValidationError("A workbook is no text: name its file with --out.")
      }
    }

    private var filters: [(String, String?)] {
      [
        ("school", school), ("model", model), ("stage", stage), ("use", use), ("wellness", wellness),
        ("reason", reason), ("severity", severity), ("notSeen", notSeen), ("os", os), ("age", age.map(String.init)),
        ("since", since), ("section", section), ("prefix", prefix), ("software", software),
        ("below", below),
      ]
    }

    func run(_ session: Session) throws {
      let report = try known(session)
      // The environment's is for all commands, and other reports take none.
      let why = report["namesStudents"] == .bool(true) ? purpose.given(session) : purpose.purpose?.rawValue
      let target = Target(
        "reports", name,
        query: [("district", place.given), ("format", format.rawValue), ("purpose", why)] + filters)
      guard let out else { return try print(target, session) }
      let file = try session.surroundings.files.newPrivate(out)
      let sink = FileSink(file, session.console)
      do {
        try session.client.download(target) { sink.take($0) }
        if let fault = sink.fault { throw fault }
      } catch {
        sink.clear()
        file.abandon()
        throw sink.fault ?? error
      }
      sink.clear()
      try file.finish(sink.rest())
      session.say("\(out): \(TextSize.of(sink.count)).")
    }

    private func print(_ target: Target, _ session: Session) throws {
      let console = session.console
      // A piece may end within a character.
      var held: [UInt8] = []
      try session.client.download(target) { piece in
        held += piece
        guard let end = held.lastIndex(of: UInt8(ascii: "\n")) else { return true }
        console.output(Self.shown(held[...end], console))
        held.removeSubrange(...end)
        return true
      }
      if !held.isEmpty { console.output(Self.shown(held[...], console)) }
    }

    /// To a terminal, without what would move its cursor or worse; to a file or a pipe as it is.
    private static func shown(_ bytes: ArraySlice<UInt8>, _ console: any Console) -> String {
      let text = String(decoding: bytes, as: UTF8.self)
      guard console.width != nil else { return text }
      return TerminalText.neutralised(text.replacing("\r\n", with: "\n"), keepingLines: true)
    }

    /// A name that there is not is told before anything is written.
    private func known(_ session: Session) throws -> JSONValue {
      let known = try session.client.get(Target("reports"))["items"].items
      if let report = known.first(where: { $0["id"].text == name }) { return report }
      let nearest = Spelling.nearest(to: name, in: known.map { $0["id"].text }).map { " Did you mean '\($0)'?" } ?? ""
      throw CommandError(
        .notFound, "There is no report '\(name)' for you.\(nearest) 'rollcall report list' names them.")
    }
  }
}

/// A file that a report goes into piece by piece, telling how far it is where somebody watches.
private final class FileSink {
  private let file: any NewFile
  private let console: any Console
  private var held: [UInt8] = []
  private var told = 0
  private(set) var count = 0
  private(set) var fault: CommandError?

  init(_ file: any NewFile, _ console: any Console) { (self.file, self.console) = (file, console) }

  func take(_ piece: [UInt8]) -> Bool {
    held += piece
    count += piece.count
    if held.count >= 1 << 16 {
      do throws(CommandError) { try file.append(held) } catch {
        fault = error
        return false
      }
      held.removeAll(keepingCapacity: true)
    }
    if console.errorIsTerminal, count - told >= 1 << 20 {
      told = count
      console.error("\r\(TextSize.of(count)) …")
    }
    return true
  }

  func rest() -> [UInt8] { held }
  func clear() { if told > 0 { console.error("\r\u{1b}[K") } }
}

/// Bytes as people say them.
private enum TextSize {
  static func of(_ bytes: Int) -> String {
    switch bytes {
    case ..<1000: "\(bytes) bytes"
    case ..<1_000_000: "\(bytes / 1000) kB"
    default: "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
    }
  }
}
