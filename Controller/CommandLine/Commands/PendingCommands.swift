import ArgumentParser

private let pendingColumns = [
  Column("Request", "id"), Column("Key", "key", digest: true), Column("Serial", "serial"), Column("MACs", "macs"),
  Column("District", "district"), Column("Batch", "batch"), Column("Reason", "reason"),
  Column("Since", "requestedAt", time: true), Column("Last asked", "seenAt", time: true),
  Column("Device", "device"),
]

struct PendingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending", abstract: "Devices that ask to be let in and wait for a person.",
    subcommands: [List.self, Approve.self, Reject.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the enrolments that wait, and the keys that the controller does not know.",
      discussion: """
        After a restore, a device that enrolled since the backup has a key that the controller does not know: it waits
        with the reason unknown-key, and its request is the key's digest.

        A machine without a serial is told by its key, whose first digits 'rollcall-agent enroll' and 'rollcall-agent
        status' show on its own screen, and by the MACs of its built-in adapters.

        EXAMPLES
          rollcall pending list --district cedar-falls
          rollcall pending list --all-districts
        """)

    @OptionGroup var place: DistrictFilter
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("pending", query: [("district", place.given)]), pendingColumns, list,
        nothing: "Nothing waits\(place.words) to be enrolled.")
    }
  }

  struct Approve: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a waiting device in.",
      discussion: """
        Refused while the serial holds a key in another district: there, or by the state's administration, that device's
        keys are revoked first ('rollcall device revoke').

        EXAMPLES
          rollcall pending approve pen_2x8q4d7v1k9m3c5w -d cedar-falls
          rollcall pending approve pen_2x8q4d7v1k9m3c5w -d cedar-falls \\
              --device dev_7k1m9c3w5x2q8d4v
        """)

    @Argument(help: "The request's id, as 'rollcall pending list' shows it.")
    var request: String

    @Option(help: "The id of the known device that it is; without it a new one.")
    var device: String?

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let place = try district.given ?? districtOfRequest(request, session)
      let approved = try session.client.post(
        Target("districts", place, "pending", request, "approve"),
        .json(.fields([("device", device.map(JSONValue.string))])))
      session.say(
        approved["token"] == .null
          ? "Approved \(request); the device's check-ins count from now on."
          : "Approved \(request); the device gets its certificate when it asks again.")
    }
  }

  struct Reject: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse a waiting device.",
      discussion: "EXAMPLE\n  rollcall pending reject pen_2x8q4d7v1k9m3c5w --district cedar-falls")

    @Argument(help: "The request's id, as 'rollcall pending list' shows it.")
    var request: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let place = try district.given ?? districtOfRequest(request, session)
      _ = try session.client.post(Target("districts", place, "pending", request, "reject"), .json([:]))
      session.say("Rejected \(request).")
    }
  }
}

/// Where a waiting request belongs, from the list of all that this caller may see.
private func districtOfRequest(_ request: String, _ session: Session) throws -> String {
  var district: String?
  _ = try session.client.each(Target("pending"), limit: nil) { item in
    if item["id"].string == request { district = item["district"].string }
  }
  guard let district else { throw CommandError(.notFound, "Nothing that waits has the id '\(request)'.") }
  return district
}
