import ArgumentParser
import Vocabulary

extension OutputFormat: ExpressibleByArgument {}

/// What every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(help: "How results are printed.")
  var output: OutputFormat = .table
}

/// How much of a list is fetched.
struct ListOptions: ParsableArguments {
  @Option(help: "At most so many items.")
  var limit = 100

  @Flag(help: "Every item, however many.")
  var all = false

  var bound: Int? { all ? nil : limit }

  func validate() throws {
    guard limit >= 1 else { throw ValidationError("--limit is at least 1.") }
  }
}

/// The district of a command: given, or from ROLLCALL_DISTRICT.
struct DistrictOption: ParsableArguments {
  @Option(name: .shortAndLong, help: "The district's code; ROLLCALL_DISTRICT where it is not given.")
  var district: String?

  var given: String? { district ?? Surroundings.current.district }

  func required() throws -> String {
    guard let given else { throw ValidationError("Which district? Give --district, or set ROLLCALL_DISTRICT.") }
    return given
  }
}

/// The district that a command keeps to: given, or from ROLLCALL_DISTRICT; all of them where neither says one.
struct DistrictFilter: ParsableArguments {
  @Option(name: .shortAndLong, help: "Only in this district; ROLLCALL_DISTRICT where it is not given.")
  var district: String?

  @Flag(help: "In every district that you may see, whatever ROLLCALL_DISTRICT says.")
  var allDistricts = false

  var given: String? { allDistricts ? nil : district ?? Surroundings.current.district }

  /// ` in district cedar-falls`, or nothing.
  var words: String { given.map { " in district \($0)" } ?? "" }

  func validate() throws {
    if allDistricts, district != nil { throw ValidationError("Give --district or --all-districts, not both.") }
  }
}

/// One command's run: a client that is signed in, and the way results are printed.
struct Session {
  let client: APIClient
  let format: OutputFormat
  let surroundings: Surroundings
  var console: any Console { surroundings.console }
  var palette: Palette { Self.palette(surroundings) }

  init(_ options: GlobalOptions, _ surroundings: Surroundings = .current) throws {
    let credentials = try Credentials.load(surroundings)
    self.init(options, credentials, try surroundings.connect(credentials.endpoint), surroundings)
  }

  init(
    _ options: GlobalOptions, _ credentials: Credentials, _ transport: any Requesting, _ surroundings: Surroundings
  ) {
    client = APIClient(transport: transport, token: credentials.token, surroundings: surroundings)
    format = options.output
    self.surroundings = surroundings
  }

  static func palette(_ surroundings: Surroundings) -> Palette {
    let environment = surroundings.environment
    let wanted = environment["NO_COLOR"].map(\.isEmpty) ?? true
    return Palette(enabled: surroundings.console.width != nil && wanted && environment["TERM"] != "dumb")
  }

  // MARK: - Printing

  /// Fetches a list and prints it, telling how far it is where that takes long and somebody watches.
  ///
  /// - Parameter note: a sentence beside the list, of what its last page says.
  func list(
    _ target: Target, _ columns: [Column], _ options: ListOptions, nothing: String,
    note: (JSONValue) -> String? = { _ in nil }
  ) throws {
    let writer = ListWriter(columns, self)
    let watched = console.errorIsTerminal
    var words: String?
    let add = { (item: JSONValue) in
      writer.add(item)
      if watched, writer.count.isMultiple(of: 1000) { console.error("\r\(writer.count) fetched …") }
    }
    let more = try client.each(target, limit: options.bound, page: { words = note($0) }, item: add)
    if watched, writer.count >= 1000 { console.error("\r\u{1b}[K") }
    writer.finish(nothing: nothing)
    if more { console.error("There are more than \(writer.count); ask for --all, or a greater --limit.\n") }
    if let words { console.error(words + "\n") }
  }

  /// Prints one thing: as JSON, as a row of CSV, or as labelled lines.
  func show(_ item: JSONValue, _ columns: [Column]) {
    ItemWriter(format: format, console: console, palette: palette).show(item, columns)
  }

  /// A sentence for people; programs that read JSON or CSV do not get it.
  func say(_ text: String) {
    let line = TerminalText.neutralised(text) + "\n"
    if format == .table { console.output(line) } else { console.error(line) }
  }

  /// A local CSV file for the controller, with at least one line below its header.
  ///
  /// - Parameter what: its rows list.
  func csv(_ path: String, of what: String = "serials") throws(CommandError) -> APIClient.Body {
    let bytes = try surroundings.files.read(path, limit: 64 << 20)
    let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    let told = lines.lazy.filter { $0.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } }.prefix(2)
    guard told.count == 2 else {
      throw CommandError(
        .refused,
        told.isEmpty
          ? "\(path) is empty; nothing was sent."
          : "\(path) lists 0 \(what): its first line is the header, and there is none below it. Nothing was sent.")
    }
    return .csv(bytes, file: path)
  }
}

/// A command that speaks with the controller.
protocol SessionCommand: ParsableCommand {
  var global: GlobalOptions { get }
  func run(_ session: Session) throws
}

extension SessionCommand {
  func run() throws { try run(Session(global)) }
}
