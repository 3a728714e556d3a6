import ArgumentParser

/// Signs in: checks the token with the controller, then stores it.
struct LoginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login", abstract: "Sign in to a controller with an API token.",
    discussion: """
      The token is read from --token-file, from ROLLCALL_API_TOKEN, or from standard input; never from the command line, \
      where others could see it. It is stored in $XDG_CONFIG_HOME/rollcall/credentials.json, readable by you alone.

      EXAMPLES
        rollcall login --server https://127.0.0.1:8443 \\
            --ca var/controller/ca/root.pem \\
            --token-file var/controller/admin.token
        pass rollcall | rollcall login \\
            --server https://rollcall.example.org:8443
      """)

  @Option(help: "The controller's address, such as https://rollcall.example.org:8443.")
  var server: String

  @Option(help: "PEM certificates to trust instead of this machine's.")
  var ca: String?

  @Option(help: "A file that holds the token.")
  var tokenFile: String?

  @OptionGroup var global: GlobalOptions

  func run() throws {
    let surroundings = Surroundings.current
    let authorities = try ca.map { try surroundings.files.read($0, limit: 1 << 20) }
    let credentials = Credentials(
      endpoint: Endpoint(server: try Credentials.address(server), authorities: authorities),
      token: try Credentials.checked(try token(surroundings)))
    let session = Session(global, credentials, try surroundings.connect(credentials.endpoint), surroundings)
    let me = try Self.me(session, at: credentials.endpoint.server)
    let path = try credentials.store(surroundings)
    if session.format == .table {
      session.say("Signed in to \(credentials.endpoint.server) as \(me["name"].text). Stored in \(path).")
    } else {
      session.show(me, MeCommand.columns)
    }
  }

  /// Who the token's holder is; every people listener tells that.
  private static func me(_ session: Session, at server: String) throws -> JSONValue {
    do {
      return try session.client.get(Target("me"))
    } catch let error as CommandError where error.exit == .notFound {
      throw CommandError(
        .failure,
        "\(server) answers, but not as the people listener; is it the devices port? The people port is 8443 by default.",
        code: error.code, requestID: error.requestID)
    }
  }

  private func token(_ surroundings: Surroundings) throws -> String {
    if let tokenFile { return String(decoding: try surroundings.files.read(tokenFile, limit: 4096), as: UTF8.self) }
    if let token = surroundings.environment["ROLLCALL_API_TOKEN"] { return token }
    if surroundings.console.inputIsTerminal { return surroundings.console.secretLine(prompt: "API token: ") }
    return String(decoding: surroundings.console.input(), as: UTF8.self)
  }
}

/// Forgets the stored token.
struct LogoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout", abstract: "Forget the stored token.",
    discussion:
      "The token itself stays valid; revoke it with 'rollcall api-token revoke'.\n\nEXAMPLE\n  rollcall logout")

  func run() throws {
    let surroundings = Surroundings.current
    let removed = try surroundings.files.remove(try Credentials.path(surroundings.environment))
    surroundings.console.output(removed ? "Signed out.\n" : "You were not signed in.\n")
  }
}

/// Who the token's holder is.
struct MeCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "me", abstract: "Show who you are to the controller, and what you may do.",
    discussion: "EXAMPLES\n  rollcall me\n  rollcall me --output json")

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) throws { session.show(try session.client.get(Target("me")), Self.columns) }

  static let columns = [Column("Name", "name"), Column("Id", "id"), Column("Grants", "grants", grantsText)]
}

/// `state-admin for the state; district-it in cedar-falls`.
func grantsText(_ principal: JSONValue) -> String {
  principal["grants"].items.map { grant in
    let role = grant["role"].text
    guard let district = grant["district"].string else { return "\(role) for the state" }
    return "\(role) in \(district)" + (grant["school"].string.map { "/\($0)" } ?? "")
  }.joined(separator: "; ")
}
