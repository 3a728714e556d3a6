import ArgumentParser

private let tokenColumns = [
  Column("Token", "id"), Column("Batch", "batch"), Column("Expires", "expiresAt", time: true),
  Column("Uses", "uses", number: true), Column("Used", "used", number: true), Column("State", "state", verdict: true),
  Column("Serials", "serials"), Column("Unidentified", "allowUnidentified"),
]

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Enrolment tokens: what lets a batch's devices in.",
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an enrolment token for a batch.",
      discussion: """
        The token is printed once and is not kept by the controller. It names the controller's root certificate, so that a \
        device trusts no other.

        EXAMPLES
          rollcall token create -d cedar-falls --batch fall-2026 \\
              --output-file token
          rollcall token create -d cedar-falls --batch fall-2026 \\
              --serial PF3XK2M9 --uses 1 --expires-in-hours 8
        """)

    @Option(help: "The batch's code.")
    var batch: String

    @Option(name: .customLong("serial"), help: "Only for this serial; may be repeated.")
    var serials: [String] = []

    @Option(help: "Its life in hours.")
    var expiresInHours = 24

    @Option(help: "How many devices it enrols; without it as many as the controller allows.")
    var uses: Int?

    @Flag(help: "Also enrol devices without a usable identity; they are shown as weak.")
    var allowUnidentified = false

    @Option(help: "Write the token into this new file, readable by you alone, instead of printing it.")
    var outputFile: String?

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let place = try district.required()
      let body = JSONValue.fields([
        ("expiresInHours", .integer(Int64(expiresInHours))), ("uses", uses.map { .integer(Int64($0)) }),
        ("serials", serials.isEmpty ? nil : .array(serials.map(JSONValue.string))),
        ("allowUnidentified", allowUnidentified ? .bool(true) : nil),
      ])
      let secret = OneTimeSecret(
        columns: tokenColumns,
        make: { try session.client.post(Target("districts", place, "batches", batch, "tokens"), .json(body)) },
        place: { Target("districts", place, "tokens", $0) },
        revoke: { "rollcall token revoke \($0) --district \(place)" })
      try session.handOver(secret, file: outputFile)
    }
  }

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a batch's tokens, without their secrets.",
      discussion: "EXAMPLE\n  rollcall token list --district cedar-falls --batch fall-2026")

    @Option(help: "The batch's code.")
    var batch: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(
        Target("districts", try district.required(), "batches", batch, "tokens"), tokenColumns, list,
        nothing: "This batch has no tokens.")
    }
  }

  struct Revoke: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a token: it enrols no further device.",
      discussion: "EXAMPLE\n  rollcall token revoke tok_2x8q4d7v1k9m3c5w --district cedar-falls")

    @Argument(help: "The token's id.")
    var token: String

    @OptionGroup var district: DistrictOption
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.client.delete(Target("districts", try district.required(), "tokens", token))
      session.say("Revoked \(token).")
    }
  }
}
