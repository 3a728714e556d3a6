import ArgumentParser

private let manyColumns = [
  Column("Moved", "moved", number: true), Column("Unchanged", "unchanged", number: true),
]

private let movedColumns = [Column("Serial", "serial"), Column("Holder", "holder"), Column("Device", "device")]

struct AssignCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign", abstract: "Give a device out: one, a file of them, or one to each student of a class.",
    discussion: """
      A file is CSV with a header: serial, and studentId or school; accessories (charger, case) where they go along. It is \
      checked whole: every fault is printed with its line, and nothing is assigned unless there is none. A device that is \
      with that student already is left as it is. For a class the file names serials alone: students without a device get \
      the next one, in the order of the roster.

      EXAMPLES
        rollcall assign PF3XK2M9 --student 104233 --with charger --with case
        rollcall assign PF3XK2M9 --school north
        rollcall assign --file fall.csv -d cedar-falls
        rollcall assign --class bio-101 --file cart.csv -d cedar-falls
      """)

  @Argument(help: "Its serial, asset tag, hostname or id.")
  var device: String?

  @OptionGroup var person: PersonOptions

  @Option(help: "To this school.")
  var school: String?

  @Flag(help: "To the district itself.")
  var toOwnDistrict = false

  @Option(help: "To the vendor of this name.")
  var vendor: String?

  @Option(help: "The CSV file of many.", completion: .file(extensions: ["csv"]))
  var file: String?

  @Option(name: .customLong("class"), help: "To the students of this class, as the roster calls it.")
  var classID: String?

  @OptionGroup var accessories: AccessoryOptions
  @OptionGroup var place: DistrictFilter
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  private var recipients: [String] {
    person.said + [school.map { "school:\($0)" }, vendor.map { "vendor:\($0)" }].compactMap(\.self)
      + (toOwnDistrict ? ["district"] : [])
  }

  func validate() throws {
    guard device != nil else {
      guard file != nil else { throw ValidationError("Which device? Name one, or give --file.") }
      guard recipients.isEmpty else { throw ValidationError("The file says who gets which device.") }
      try ManyMoves.validate(move, accessories, isFile: classID == nil)
      return
    }
    guard file == nil, classID == nil else { throw ValidationError("Name a device, or give --file, not both.") }
    guard recipients.count == 1 else {
      throw ValidationError("Who gets it? One of --student, --person, --school, --to-own-district, --vendor.")
    }
  }

  func run(_ session: Session) throws {
    if let device, let recipient = recipients.first {
      return try move.make(
        "assign", DeviceSearch(device: device, place: place), session,
        [("to", .string(recipient)), ("accessories", accessories.json)])
    }
    guard let file else { return }
    let target = try ManyMoves.target("assignments", place)
    guard let classID else {
      return ManyMoves.tell(try session.client.post(target, try session.csv(file)), "Assigned", session)
    }
    let serials = try ManyMoves.serials(file, session)
    let body = JSONValue.fields([
      ("class", .string(classID)), ("serials", .array(serials.map(JSONValue.string))),
      ("accessories", accessories.json), ("reason", .text(move.reason)), ("evidence", .text(move.evidence)),
    ])
    ManyMoves.tell(try session.client.post(target, .json(body)), "Assigned", session)
  }
}

struct ReturnCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "return", abstract: "Take a device back: one, also from a loan, a file of them, or all of a class.",
    discussion: """
      Accessories that are not named with --with (in a file: in the column accessories) stay owed by who had the device; \
      'rollcall accessories' takes them back later. The device goes to its school, or to the district where it has none.

      EXAMPLES
        rollcall return PF3XK2M9 --with charger
        rollcall return PF3XK2M9 --to-warehouse
        rollcall return --file returned.csv -d cedar-falls
        rollcall return --file collected.csv --to-warehouse -d cedar-falls
        rollcall return --class bio-101 -d cedar-falls
      """)

  @Argument(help: "Its serial, asset tag, hostname or id.")
  var device: String?

  @Option(help: "To this school.")
  var school: String?

  @Flag(help: "To the warehouse.")
  var toWarehouse = false

  @Option(help: "The CSV file of many: serial, and accessories that came back.", completion: .file(extensions: ["csv"]))
  var file: String?

  @Option(name: .customLong("class"), help: "All devices of this class's students.")
  var classID: String?

  @OptionGroup var accessories: AccessoryOptions
  @OptionGroup var place: DistrictFilter
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    let ways = [device, file, classID].compactMap(\.self).count
    guard ways == 1 else { throw ValidationError("Which devices? Name one, or give --file or --class, one of them.") }
    guard school == nil || !toWarehouse else { throw ValidationError("Give --school or --to-warehouse, not both.") }
    if device == nil { try ManyMoves.validate(move, accessories, isFile: file != nil) }
  }

  private var to: String? { school.map { "school:\($0)" } ?? (toWarehouse ? "warehouse" : nil) }

  func run(_ session: Session) throws {
    if let device {
      return try move.make(
        "return", DeviceSearch(device: device, place: place), session,
        [("to", .text(to)), ("accessories", accessories.json)])
    }
    var target = try ManyMoves.target("returns", place)
    if let file {
      target.add("to", to)
      return ManyMoves.tell(try session.client.post(target, try session.csv(file)), "Returned", session)
    }
    let body = JSONValue.fields([
      ("class", .text(classID)), ("accessories", accessories.json), ("to", .text(to)), ("reason", .text(move.reason)),
      ("evidence", .text(move.evidence)),
    ])
    ManyMoves.tell(try session.client.post(target, .json(body)), "Returned", session)
  }
}

/// Moves of many devices at once.
private enum ManyMoves {
  /// Refuses what is said of one device alone: it would be left out.
  static func validate(_ move: MoveOptions, _ accessories: AccessoryOptions, isFile: Bool) throws {
    guard move.expected == nil else { throw ValidationError("--expected is for one device.") }
    guard isFile else { return }
    guard accessories.json == nil else {
      throw ValidationError(
        "The file says in its column 'accessories' what goes along with each device; leave out --with.")
    }
    guard move.reason == nil, move.evidence == nil else {
      throw ValidationError(
        "--reason and --evidence are for one device or a class; each device's ledger names the file by its SHA-256.")
    }
  }

  static func target(_ name: String, _ place: DistrictFilter) throws -> Target {
    guard let district = place.given else {
      throw ValidationError("Which district? Give --district, or set ROLLCALL_DISTRICT.")
    }
    return Target("districts", district, name)
  }

  static func tell(_ answer: JSONValue, _ done: String, _ session: Session) {
    guard session.format == .table else {
      return session.format == .json || answer["devices"] == .null
        ? session.show(answer, manyColumns) : list(answer, session)
    }
    let count = answer["moved"].text
    session.say(
      "\(done) \(count) \(count == "1" ? "device" : "devices"); \(answer["unchanged"].text) were so already.")
    if !answer["devices"].items.isEmpty { list(answer, session) }
  }

  private static func list(_ answer: JSONValue, _ session: Session) {
    let writer = ListWriter(movedColumns, session)
    for device in answer["devices"].items { writer.add(device) }
    writer.finish(nothing: "")
  }

  /// The column `serial` of a file.
  static func serials(_ path: String, _ session: Session) throws(CommandError) -> [String] {
    let bytes = try session.surroundings.files.read(path, limit: 1 << 20)
    var rows = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).first.map(Self.cell) ?? ""
    }
    guard rows.first?.lowercased() == "serial" else {
      throw CommandError(.refused, "\(path) begins with the header 'serial', and has a serial on each line below it.")
    }
    rows.removeFirst()
    return rows.filter { !$0.isEmpty }
  }

  /// Without quotation marks, space and a byte order mark around it.
  private static func cell(_ text: Substring) -> String {
    var rest = text
    while let first = rest.first, isAround(first) { rest.removeFirst() }
    while let last = rest.last, isAround(last) { rest.removeLast() }
    return String(rest)
  }

  private static func isAround(_ character: Character) -> Bool {
    character.isWhitespace || character == "\"" || character == "\u{feff}"
  }
}
