import ArgumentParser

private let principalColumns = [
  Column("Principal", "id"), Column("Name", "name"), Column("Kind", "kind"), Column("Grants", "grants", grantsText),
  Column("Since", "createdAt", time: true),
]

/// A role and where it holds.
struct GrantOptions: ParsableArguments {
  @Option(help: "What may be done.")
  var role: RoleChoice

  @Option(name: .shortAndLong, help: "In this district; ROLLCALL_DISTRICT where it is not given.")
  var district: String?

  @Flag(help: "In every district of the state, whatever ROLLCALL_DISTRICT says.")
  var stateWide = false

  @Option(help: "In this school of the district.")
  var school: String?

  func validate() throws {
    if stateWide, district != nil || school != nil {
      throw ValidationError("Give --state-wide, or --district with or without --school, not both.")
    }
    guard stateWide || place != nil else {
      throw ValidationError(
        school == nil
          ? "Where? Give --district (or set ROLLCALL_DISTRICT), or --state-wide for every district of the state."
          : "--school needs --district.")
    }
    if role == .stateAdmin, !stateWide {
      throw ValidationError("The role state-admin holds for the whole state: give --state-wide, without --district.")
    }
  }

  /// The district; nil for the state.
  private var place: String? { stateWide ? nil : district ?? Surroundings.current.district }

  var fields: [(String, String?)] { [("role", role.rawValue), ("district", place), ("school", school)] }

  /// `district-it in cedar-falls`.
  var words: String {
    guard let place else { return "\(role.rawValue) for the whole state" }
    return "\(role.rawValue) in \(place)" + (school.map { "/\($0)" } ?? "")
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
        """
        EXAMPLES
          rollcall principal grant prn_2x8q4d7v1k9m3c5w \\
              --role district-it --district cedar-falls
          rollcall principal grant prn_2x8q4d7v1k9m3c5w \\
              --role read-only --state-wide
        """)

    @Argument(help: "The principal's id.")
    var principal: String

    @OptionGroup var grant: GrantOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let body = JSONValue.fields(grant.fields.map { name, value in (name, value.map(JSONValue.string)) })
      _ = try session.client.post(Target("principals", principal, "grants"), .json(body))
      session.say("Granted \(grant.words) to \(principal).")
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
        Target("principals", principal, "grants", query: grant.fields))
      session.say("Revoked \(grant.words) from \(principal).")
    }
  }
}
