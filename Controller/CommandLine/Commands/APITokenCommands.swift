import ArgumentParser

private let apiTokenColumns = [
  Column("Token", "id"), Column("Name", "name"), Column("Expires", "expiresAt", time: true),
  Column("Last used", "lastUsedAt", time: true),
  Column("Revoked", "revokedAt", time: true), Column("Since", "createdAt", time: true),
]

struct APITokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "api-token", abstract: "API tokens: what people and programs sign in with.",
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an API token for a principal.",
      discussion: """
        EXAMPLE
          rollcall api-token create --principal prn_2x8q4d7v1k9m3c5w \\
              --name laptop --expires-in-days 90 --output-file token
        """)

    @Option(help: "The principal's id.")
    var principal: String

    @Option(help: "What it is for.")
    var name: String

    @Option(help: "Its life in days.")
    var expiresInDays = 90

    @Option(help: "Write the token into this new file, readable by you alone, instead of printing it.")
    var outputFile: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let secret = OneTimeSecret(
        columns: [Column("Token", "id"), Column("Expires", "expiresAt", time: true)],
        make: {
          try session.client.post(
            Target("principals", principal, "tokens"),
            .json(["name": .string(name), "expiresInDays": .integer(Int64(expiresInDays))]))
        },
        place: { Target("principals", principal, "tokens", $0) },
        revoke: { "rollcall api-token revoke \($0) --principal \(principal)" })
      try session.handOver(secret, file: outputFile)
    }
  }

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a principal's API tokens, without their secrets.",
      discussion: "EXAMPLE\n  rollcall api-token list --principal prn_2x8q4d7v1k9m3c5w")

    @Option(help: "The principal's id; yourself where it is not given.")
    var principal: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let holder = try principal ?? session.client.get(Target("me"))["id"].text
      try session.list(Target("principals", holder, "tokens"), apiTokenColumns, list, nothing: "There are no tokens.")
    }
  }

  struct Revoke: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke an API token.",
      discussion: "EXAMPLE\n  rollcall api-token revoke api_2x8q4d7v1k9m3c5w \\\n      --principal prn_2x8q4d7v1k9m3c5w"
    )

    @Argument(help: "The token's id.")
    var token: String

    @Option(help: "The principal's id.")
    var principal: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.client.delete(Target("principals", principal, "tokens", token))
      session.say("Revoked \(token).")
    }
  }
}
