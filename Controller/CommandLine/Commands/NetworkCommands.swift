import ArgumentParser

/// Whose labels: a district's, or the state's for all districts.
struct NetworkPlace: ParsableArguments {
  @Flag(help: "Of the whole state: these hold in each district that has no label of its own for the address.")
  var stateWide = false

  @OptionGroup var district: DistrictOption

  func validate() throws {
    if stateWide, district.district != nil { throw ValidationError("Give --district or --state-wide, not both.") }
  }

  func target() throws -> Target {
    stateWide ? Target("networks") : Target("districts", try district.required(), "networks")
  }
}

struct NetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network", abstract: "What the networks are called that devices report from: school, home …",
    discussion: """
      The page of a device says from which of them its last contact came. Of two labels that fit an address the one with \
      the longer prefix holds, and a district's before the state's. The controller keeps the label alone, no address.
      """,
    subcommands: [List.self, Change.self, Remove.self])

  fileprivate static let columns = [Column("Addresses", "addresses"), Column("Label", "label")]

  /// Sends a change, and shows what is then there.
  fileprivate static func change(_ body: [String: JSONValue], _ place: NetworkPlace, _ session: Session) throws {
    let answer = try session.client.patch(try place.target(), .json(.object(body)))
    let writer = ListWriter(columns, session)
    for item in answer["items"].items { writer.add(item) }
    writer.finish(nothing: "No network has a label now.")
  }

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the labels.",
      discussion: "EXAMPLES\n  rollcall network list -d cedar-falls\n  rollcall network list --state-wide")

    @OptionGroup var place: NetworkPlace
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        try place.target(), NetworkCommand.columns, list,
        nothing: "No network has a label. Give one with 'rollcall network set'.")
    }
  }

  struct Change: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Label addresses; a label that is there gets the new words.",
      discussion: """
        EXAMPLES
          rollcall network set 10.20.0.0/16 school -d cedar-falls
          rollcall network set 2001:db8:20::/48 "hot spot" --state-wide
        """)

    @Argument(help: "The addresses as CIDR writes them; of IPv6 at most 64 bits.")
    var addresses: String

    @Argument(help: "What people call the network, 1 to 40 characters.")
    var label: String

    @OptionGroup var place: NetworkPlace
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let wanted = JSONValue.object(["addresses": .string(addresses), "label": .string(label)])
      try NetworkCommand.change(["set": .array([wanted])], place, session)
    }
  }

  struct Remove: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove labels.", discussion: "EXAMPLE\n  rollcall network remove 10.20.0.0/16 -d cedar-falls")

    @Argument(help: "The addresses as 'network list' names them; several at once.")
    var addresses: [String]

    @OptionGroup var place: NetworkPlace
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try NetworkCommand.change(["remove": .array(addresses.map(JSONValue.string))], place, session)
    }
  }
}
