import ArgumentParser

private let accountColumns = [
  Column("Principal", "id"), Column("Login", "login"), Column("State", "state"),
  Column("Signed in", "signedInAt", time: true), Column("Password", "passwordAt", time: true),
  Column("Since", "createdAt", time: true),
]

private let sessionColumns = [
  Column("Session", "id"), Column("Principal", "principal"), Column("Browser", "browser"),
  Column("Last used", "usedAt", time: true), Column("Ends", "endsAt", time: true),
  Column("Since", "createdAt", time: true),
]

/// Where a one-time link goes.
struct LinkOptions: ParsableArguments {
  @Option(help: "Write the link into this new file, readable by you alone, instead of printing it.")
  var outputFile: String?
}

extension Session {
  /// Prints a one-time link, or writes it into a file.
  fileprivate func handOver(_ options: LinkOptions, _ make: @escaping () throws -> JSONValue) throws {
    let secret = OneTimeSecret(
      columns: [Column("Principal", "id"), Column("Login", "login"), Column("Expires", "expiresAt", time: true)],
      field: "link", noun: "link", make: make, place: { Target("accounts", $0) },
      revoke: { "rollcall account disable \($0)" },
      undo: { client, id in _ = try client.post(Target("accounts", id, "disable")) })
    try handOver(secret, file: options.outputFile)
  }
}

struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account", abstract: "Accounts: what people sign in with at a browser.",
    discussion: "A password is never given to a command: its owner sets it at the page of a one-time link.",
    subcommands: [List.self, Create.self, Reset.self, Disable.self, Sessions.self, End.self])

  struct List: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List accounts.", discussion: "EXAMPLE\n  rollcall account list")

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.list(Target("accounts"), accountColumns, list, nothing: "There are no accounts.")
    }
  }

  struct Create: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a person an account, and get the one-time link that sets its password.",
      discussion: """
        EXAMPLES
          rollcall account create ada.field --name "Ada Field"
          rollcall account create ada.field \\
              --principal prn_2x8q4d7v1k9m3c5w --output-file link
        """)

    @Argument(help: "What the person signs in by, such as an e-mail address.")
    var login: String

    @Option(help: "The name of a new person.")
    var name: String?

    @Option(help: "A person that there is, in place of --name.")
    var principal: String?

    @OptionGroup var link: LinkOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard (name == nil) != (principal == nil) else { throw ValidationError("Give either --name or --principal.") }
    }

    func run(_ session: Session) throws {
      let fields: [(String, JSONValue?)] = [
        ("login", .string(login)), ("name", name.map(JSONValue.string)), ("principal", principal.map(JSONValue.string)),
      ]
      try session.handOver(link) { try session.client.post(Target("accounts"), .json(.fields(fields))) }
    }
  }

  struct Reset: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take an account's password, end its sessions, and get a one-time link for a new one.",
      discussion: "EXAMPLE\n  rollcall account reset prn_2x8q4d7v1k9m3c5w --output-file link")

    @Argument(help: "The principal's id.")
    var principal: String

    @OptionGroup var link: LinkOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      try session.handOver(link) { try session.client.post(Target("accounts", principal, "reset")) }
    }
  }

  struct Disable: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shut a person out: end the sessions, refuse the password and the API tokens.",
      discussion:
        "'rollcall account reset' brings the account back, and its API tokens too.\n\nEXAMPLE\n  rollcall account disable prn_2x8q4d7v1k9m3c5w"
    )

    @Argument(help: "The principal's id.")
    var principal: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      _ = try session.client.post(Target("accounts", principal, "disable"))
      session.say("Disabled the account of \(principal), and its API tokens with it, until it is reset.")
    }
  }

  struct Sessions: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the browsers that people are signed in with.",
      discussion: "EXAMPLES\n  rollcall account sessions\n  rollcall account sessions --principal prn_2x8q4d7v1k9m3c5w")

    @Option(help: "Only this principal's.")
    var principal: String?

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let target = principal.map { Target("accounts", $0, "sessions") } ?? Target("sessions")
      try session.list(target, sessionColumns, list, nothing: "Nobody is signed in with a browser.")
    }
  }

  struct End: SessionCommand {
    static let configuration = CommandConfiguration(
      commandName: "end-session", abstract: "Sign a person's browser out, at once.",
      discussion:
        "EXAMPLE\n  rollcall account end-session ses_7d1k9m3c5w2x8q4v \\\n      --principal prn_2x8q4d7v1k9m3c5w")

    @Argument(help: "The session's id.")
    var session: String

    @Option(help: "Whose it is.")
    var principal: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: rollcall.Session) throws {
      try session.client.delete(Target("accounts", principal, "sessions", self.session))
      session.say("Signed the browser out.")
    }
  }
}
