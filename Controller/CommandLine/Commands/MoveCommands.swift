import ArgumentParser

struct AccessoriesCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "accessories", abstract: "Give accessories of a device out, or take them back, without the device.",
    discussion: """
      They are given to who has the device, and taken back from who owes them: who has it, or who had it before.

      EXAMPLES
        rollcall accessories PF3XK2M9 --give charger
        rollcall accessories PF3XK2M9 --take charger --take case
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "An accessory that is given out.")
  var give: [AccessoryChoice] = []

  @Option(help: "An accessory that came back.")
  var take: [AccessoryChoice] = []

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard give.isEmpty != take.isEmpty else { throw ValidationError("Give --give or --take, one of them.") }
  }

  func run(_ session: Session) throws {
    let names = (give + take).map { JSONValue.string($0.rawValue) }
    try move.make(
      give.isEmpty ? "return-accessories" : "give-accessories",
      DeviceSearch(device: which.device, place: which.place), session, [("accessories", .array(names))])
  }
}

struct RepairCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Send a device to be repaired, or take it as repaired.",
    discussion: """
      A repaired device is again where it was before: with the student who had it, where one did.

      EXAMPLES
        rollcall repair PF3XK2M9 --category screen --vendor "Depot"
        rollcall repair PF3XK2M9 --done
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "What is the matter.")
  var category: RepairChoice?

  @Option(help: "Who repairs it, by name; the district itself where it is not given.")
  var vendor: String?

  @Flag(help: "It is repaired.")
  var done = false

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard done != (category != nil) else { throw ValidationError("Give --category, or --done once it is repaired.") }
    guard vendor == nil || !done else { throw ValidationError("--vendor is for a device that is sent away.") }
  }

  func run(_ session: Session) throws {
    try move.make(
      done ? "repaired" : "repair", DeviceSearch(device: which.device, place: which.place), session,
      [("category", .text(category?.rawValue)), ("to", .text(vendor.map { "vendor:\($0)" }))])
  }
}

struct LostCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost", abstract: "Report a device lost: it still checks in, and receives nothing but a notice.",
    discussion: "EXAMPLE\n  rollcall lost PF3XK2M9 --reason \"left on the bus\"")

  @OptionGroup var which: DeviceArgument
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func run(_ session: Session) throws {
    try move.make("lost", DeviceSearch(device: which.device, place: which.place), session)
  }
}

struct StolenCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "stolen", abstract: "Report a device stolen: it still checks in, and receives nothing but a notice.",
    discussion: """
      The number of the police report may come later: give the command once more with it.

      EXAMPLE
        rollcall stolen PF3XK2M9 --police-report 26-004711
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "The number of the police report.")
  var policeReport: String?

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func run(_ session: Session) throws {
    try move.make(
      "stolen", DeviceSearch(device: which.device, place: which.place), session,
      [("policeReport", .text(policeReport))])
  }
}

struct FoundCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "found",
    abstract: "A lost or stolen device is back: it is again where it was before, and trusted again.",
    discussion: "EXAMPLE\n  rollcall found PF3XK2M9")

  @OptionGroup var which: DeviceArgument
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func run(_ session: Session) throws {
    try move.make("found", DeviceSearch(device: which.device, place: which.place), session)
  }
}

struct TransferCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer", abstract: "Move a device to another school, or to another district.",
    discussion: """
      To another district it takes a role in both. Its past stays with the former one, where it is retired and its keys are \
      revoked; the other one knows it by its serial, and it enrols there anew.

      EXAMPLES
        rollcall transfer PF3XK2M9 --school south
        rollcall transfer PF3XK2M9 --to-district oak-park
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "To this school of its district.")
  var school: String?

  @Option(help: "To this other district.")
  var toDistrict: String?

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard (school == nil) != (toDistrict == nil) else {
      throw ValidationError("Where to? --school or --to-district, one of them.")
    }
  }

  func run(_ session: Session) throws {
    let to = school.map { "school:\($0)" } ?? toDistrict.map { "district:\($0)" }
    try move.make(
      "transfer", DeviceSearch(device: which.device, place: which.place), session, [("to", .text(to))])
  }
}

struct RetireCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire", abstract: "Take a device out of use, for good.",
    discussion: """
      A person who has it gives it back first. Its keys stay as they are; 'rollcall device revoke' takes them.

      EXAMPLE
        rollcall retire PF3XK2M9 --reason "beyond repair"
      """)

  @OptionGroup var which: DeviceArgument
  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard move.reason != nil else { throw ValidationError("Why? Give --reason; it stands in the ledger.") }
  }

  func run(_ session: Session) throws {
    try move.make("retire", DeviceSearch(device: which.device, place: which.place), session)
  }
}
