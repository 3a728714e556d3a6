import ArgumentParser

private let principalColumns = [
  Column("Principal", "id"), Column("Name", "name"), Column("Kind", "kind"), Column("Grants", "grants", grantsText),
  Column("Since", "createdAt"),
]

enum PrincipalKind: String, ExpressibleByArgument, CaseIterable { case person, service }

/// A role and where it holds.
struct GrantOptions: ParsableArguments {
  @Option(help: "state-admin, district-it or read-only.")
  var role: String

  @Option(name: .shortAndLong, help: "In this district; without it for the state.")
  var district: String?

  @Option(help: "In this school of the district.")
  var school: String?

  func validate() throws {
    if school != nil, district == nil { throw ValidationError("--school needs --district.") }
  }
}

struct PrincipalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "principal", abstract: "Persons and services, and what they may do.",
    subcommands: [List.self, Create.self, GrantRole.self, RevokeGrant.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List principals with their grants.", discussion: "EXAMPLE\n  rollcall principal list")

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(Target("principals"), principalColumns, list, nothing: "There are no principals.")
    }
  }

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a principal.",
      discussion: "EXAMPLE\n  rollcall principal create --name \"Cedar Falls help desk\" --kind service")

    @Option(help: "The name of a member of staff or of a program.")
    var name: String

    @Option(help: "What it is.")
    var kind: PrincipalKind = .person

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let made = try session.client.post(
        Target("principals"), .json(["name": .string(name), "kind": .string(kind.rawValue)]))
      session.show(made, principalColumns)
    }
  }

  struct GrantRole: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "grant", abstract: "Give a principal a role.",
      discussion: "EXAMPLE\n  rollcall principal grant prn_2x8q4d7v1k9m3c5w --role district-it --district cedar-falls")

    @Argument(help: "The principal's id.")
    var principal: String

    @OptionGroup var grant: GrantOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let body = JSONValue.fields([
        ("role", .string(grant.role)), ("district", grant.district.map(JSONValue.string)),
        ("school", grant.school.map(JSONValue.string)),
      ])
      _ = try session.client.post(Target("principals", principal, "grants"), .json(body))
      session.say("Granted \(grant.role).")
    }
  }

  struct RevokeGrant: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke-grant", abstract: "Take a role from a principal.",
      discussion: "EXAMPLE\n  rollcall principal revoke-grant prn_2x8q4d7v1k9m3c5w --role district-it --district cedar-falls")

    @Argument(help: "The principal's id.")
    var principal: String

    @OptionGroup var grant: GrantOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.client.delete(
        Target(
          "principals", principal, "grants",
          query: [("role", grant.role), ("district", grant.district), ("school", grant.school)]))
      session.say("Revoked \(grant.role).")
    }
  }
}

private let apiTokenColumns = [
  Column("Token", "id"), Column("Name", "name"), Column("Expires", "expiresAt"), Column("Last used", "lastUsedAt"),
  Column("Revoked", "revokedAt"), Column("Since", "createdAt"),
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
          rollcall api-token create --principal prn_2x8q4d7v1k9m3c5w --name laptop --expires-in-days 90 --output-file token
        """)

    @Option(help: "The principal's id.")
    var principal: String

    @Option(help: "What it is for.")
    var name: String

    @Option(help: "Its life in days.")
    var expiresInDays = 90

    @Option(help: "Write the token into this file, readable by you alone, instead of printing it.")
    var outputFile: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let made = try session.client.post(
        Target("principals", principal, "tokens"),
        .json(["name": .string(name), "expiresInDays": .integer(Int64(expiresInDays))]))
      try session.handOver(
        made, [Column("Token", "id"), Column("Expires", "expiresAt")], file: outputFile,
        revoke: "rollcall api-token revoke \(made["id"].text) --principal \(principal)")
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
      discussion: "EXAMPLE\n  rollcall api-token revoke api_2x8q4d7v1k9m3c5w --principal prn_2x8q4d7v1k9m3c5w")

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

/// The journal of changes.
struct JournalCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "List the changes that people, tokens and keys made, newest first.",
    discussion: """
      EXAMPLES
        rollcall journal --district cedar-falls --action batch.create
        rollcall journal --all --output csv > journal.csv
      """)

  @Option(name: .shortAndLong, help: "Only this district's; '*' for the state's own.")
  var district: String?

  @Option(help: "Only this action, such as batch.create.")
  var action: String?

  @Option(help: "Only changes of this object, by its id.")
  var object: String?

  @Option(help: "Only changes by this actor, by its id.")
  var actor: String?

  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws {
    try session.list(
      Target("journal", query: [("district", district), ("action", action), ("object", object), ("actor", actor)]),
      Self.columns, list, nothing: "The journal has no such entries.")
  }

  private static let columns = [
    Column("At", "at"), Column("Action", "action"), Column("District", "district"),
    Column("Object", "object") { "\($0["object"]["kind"].text) \($0["object"]["id"].text)" },
    Column("Actor", "actor") { "\($0["actor"]["kind"].text) \($0["actor"]["id"].text)" }, Column("Entry", "id"),
  ]
}
