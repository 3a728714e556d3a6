import ArgumentParser

struct ReceiveCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "receive", abstract: "A device came: to the warehouse, or where you say.",
    discussion: """
      For what was ordered, is on its way, or was given back.

      EXAMPLES
        rollcall receive PF3XK2M9
        rollcall receive PF3XK2M9 --school north
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "It came to this school.")
  var school: String?

  @Flag(help: "It came to the district itself.")
  var atDistrict = false

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard school == nil || !atDistrict else {
      throw ValidationError("Where is it? --school or --at-district, not both.")
    }
  }

  func run(_ session: Session) throws {
    try move.arrive("receive", which, at: school, orDistrict: atDistrict, session)
  }
}

struct DeliverCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver", abstract: "A device was handed over: to its school, or to whom you say.",
    discussion: """
      A device without a school goes to its district.

      EXAMPLES
        rollcall deliver PF3XK2M9
        rollcall deliver PF3XK2M9 --school north
      """)

  @OptionGroup var which: DeviceArgument

  @Option(help: "To this school.")
  var school: String?

  @Flag(help: "To the district itself.")
  var toOwnDistrict = false

  @OptionGroup var move: MoveOptions
  var global: GlobalOptions { move.global }

  func validate() throws {
    guard school == nil || !toOwnDistrict else {
      throw ValidationError("To whom? --school or --to-own-district, not both.")
    }
  }

  func run(_ session: Session) throws {
    try move.arrive("deliver", which, at: school, orDistrict: toOwnDistrict, session)
  }
}

extension MoveOptions {
  /// Sends a move to a school or to the district itself; where neither is said, the controller knows where.
  fileprivate func arrive(
    _ move: String, _ which: DeviceArgument, at school: String?, orDistrict isDistrict: Bool, _ session: Session
  ) throws {
    let to = school.map { "school:\($0)" } ?? (isDistrict ? "district" : nil)
    try make(move, DeviceSearch(device: which.device, place: which.place), session, [("to", .text(to))])
  }
}
