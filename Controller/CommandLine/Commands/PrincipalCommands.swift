import ArgumentParser

private let principalColumns = [
  Column("Principal", "id"), Column("Name", "name"), Column("Kind", "kind"), Column("Grants", "grants", grantsText),
  Column("Since", "createdAt", time: true),
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
      discussion:
        "EXAMPLE\n  rollcall principal grant prn_2x8q4d7v1k9m3c5w \\\n      --role district-it --district cedar-falls")

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
      discussion:
        "EXAMPLE\n  rollcall principal revoke-grant prn_2x8q4d7v1k9m3c5w \\\n      --role district-it --district cedar-falls"
    )

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
