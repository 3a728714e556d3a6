import ArgumentParser

/// Why somebody looks at what is linked to students.
struct PurposeOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Why you look at students' data; ROLLCALL_PURPOSE where it is not given. Help desks and school staff have to say it."
    ))
  var purpose: PurposeChoice?

  func given(_ session: Session) -> String? {
    purpose?.rawValue ?? session.surroundings.environment["ROLLCALL_PURPOSE"]
  }
}

enum PurposeChoice: String, ExpressibleByArgument, CaseIterable {
  case familyCalls = "family-calls"
  case studentVisits = "student-visits"
  case repair
  case lostOrStolen = "lost-or-stolen"
  case inventory, audit, other
}

/// Why somebody looked: as they chose, or by what their role is for.
enum JournalledPurpose: String, ExpressibleByArgument, CaseIterable {
  case familyCalls = "family-calls"
  case studentVisits = "student-visits"
  case repair
  case lostOrStolen = "lost-or-stolen"
  case inventory, audit, other, administration
  case deviceCare = "device-care"
}

/// Who has it, where is it, is it well?
struct FindCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Find people with their devices, and devices, by whatever is known of them.",
    discussion: """
      A name in any order, accents and a typing error do not matter; a student's number; a serial, or four characters \
      and more of it; an asset tag; a host name; the whole e-mail address or telephone number of a guardian. At \
      most 20 results. Whoever is shown is an entry of the journal.

      EXAMPLES
        rollcall find nunez zoe -d cedar-falls --purpose family-calls
        rollcall find 104233
        rollcall find "(555) 010-0199"
        rollcall find K2M9 --output json
      """)

  @Argument(help: "What is known.")
  var words: [String]

  @OptionGroup var place: DistrictFilter
  @OptionGroup var purpose: PurposeOption
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard words.contains(where: { $0.contains { !$0.isWhitespace } }) else {
      throw ValidationError("Say what is known.")
    }
  }

  func run(_ session: Session) throws {
    let target = Target(
      "search",
      query: [
        ("q", words.joined(separator: " ")), ("district", place.given), ("purpose", purpose.given(session)),
      ])
    let found = try session.client.get(target)
    guard session.format != .json else { return session.console.output(found.document + "\n") }
    let writer = ListWriter(Self.columns, session)
    for row in Self.rows(found) { writer.add(row) }
    writer.finish(nothing: "Nothing answers to that\(place.words).")
    if found["leavesSerials"].bool == true {
      session.console.error("Not all serials were looked through: type its beginning or its last characters.\n")
    }
  }

  /// A row for each device, and for each person without one.
  static func rows(_ found: JSONValue) -> [JSONValue] {
    let ofPeople = found["people"].items.flatMap { person -> [JSONValue] in
      let devices = person["devices"].items
      return devices.isEmpty
        ? [row(person, .null, person["match"])] : devices.map { row(person, $0, person["match"]) }
    }
    return ofPeople + found["devices"].items.map { row($0["person"], $0, $0["match"]) }
  }

  private static func row(_ person: JSONValue, _ device: JSONValue, _ match: JSONValue) -> JSONValue {
    let place = device == .null ? person : device
    let holder = person == .null && device["holder"].text.hasPrefix("person") ? device["holder"] : .null
    return .fields([
      ("name", person == .null ? holder : person["name"]), ("number", person["number"]),
      ("person", person["id"]), ("serial", device["serial"]), ("assetTag", device["assetTag"]),
      ("hostname", device["hostname"]), ("stage", device["stage"]), ("health", device["health"]),
      ("lastContact", device["lastContact"]),
      ("school", place["schoolName"] == .null ? place["school"] : place["schoolName"]),
      ("district", place["district"]), ("device", device["id"]), ("match", match),
    ])
  }

  private static let columns = [
    Column("Who", "name"), Column("Number", "number"), Column("Serial", "serial"), Column("Asset tag", "assetTag"),
    Column("Host name", "hostname"), Column("Stage", "stage", verdict: true), Column("Health", "health", verdict: true),
    Column("Last contact", "lastContact", time: true), Column("School", "school"), Column("District", "district"),
    Column("By", "match"), Column("Person", "person"), Column("Device", "device"),
  ]
}
