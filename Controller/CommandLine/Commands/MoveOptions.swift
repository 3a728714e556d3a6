import ArgumentParser

enum AccessoryChoice: String, ExpressibleByArgument, CaseIterable {
  case charger
  case carryingCase = "case"
}

enum RepairChoice: String, ExpressibleByArgument, CaseIterable {
  case screen, keyboard, battery, charging, housing, liquid, storage, network, software, other
}

enum WeekdayChoice: String, ExpressibleByArgument, CaseIterable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday
}

/// What every move of a device takes.
struct MoveOptions: ParsableArguments {
  @Option(help: "Why; it stands in the ledger. Never a student's name.")
  var reason: String?

  @Option(help: "What proves it, such as a ticket's number.")
  var evidence: String?

  @Option(help: "The number of the last event that you have seen; refused where another came since.")
  var expected: Int64?

  @OptionGroup var global: GlobalOptions

  /// Sends the move, and tells where the device is now.
  func make(
    _ move: String, _ which: DeviceSearch, _ session: Session, _ more: [(String, JSONValue?)] = []
  ) throws {
    let (found, path) = try which.find(session)
    let body = JSONValue.fields(
      more + [
        ("reason", reason.map(JSONValue.string)), ("evidence", evidence.map(JSONValue.string)),
        ("expected", expected.map(JSONValue.integer)),
      ])
    let answer = try session.client.post(path.under(move), .json(body))
    guard session.format == .table else { return session.show(answer, Self.columns(found)) }
    session.say(CustodyWords.moved(which.device, answer))
  }

  private static func columns(_ device: JSONValue) -> [Column] {
    [
      Column("Serial", "serial") { _ in device["serial"].text },
      Column("Event", "event") { $0["event"]["kind"].text },
      Column("Number", "sequence") { $0["event"]["sequence"].text },
      Column("Stage", "stage") { $0["standing"]["stage"].text },
      Column("Holder", "holder") { $0["standing"]["holder"].text },
      Column("Due", "due") { $0["standing"]["loan"]["due"].text },
    ]
  }
}

/// Who gets a device.
struct PersonOptions: ParsableArguments {
  @Option(help: "To the student with this number.")
  var student: String?

  @Option(help: "To the person with this id of the roster, a student or a member of staff.")
  var person: String?

  var said: [String] {
    [student.map { "student:\($0)" }, person.map { "person:\($0)" }].compactMap(\.self)
  }
}

/// Accessories that go along, or come back.
struct AccessoryOptions: ParsableArguments {
  @Option(name: .customLong("with"), help: "An accessory that goes with it; may be given twice.")
  var accessories: [AccessoryChoice] = []

  /// nil where none is named.
  var json: JSONValue? {
    accessories.isEmpty ? nil : .array(accessories.map { .string($0.rawValue) })
  }
}

extension JSONValue {
  /// nil for nil.
  static func text(_ text: String?) -> JSONValue? { text.map(JSONValue.string) }
}
