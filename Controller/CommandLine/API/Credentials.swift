/// What `login` stores: where the controller is, whom to trust, and the API token.
struct Credentials: Equatable {
  var endpoint: Endpoint
  var token: String

  /// `$XDG_CONFIG_HOME/rollcall/credentials.json`, or under `~/.config`.
  static func path(_ environment: [String: String]) throws(CommandError) -> String {
    try folder(environment) + "/credentials.json"
  }

  static func folder(_ environment: [String: String]) throws(CommandError) -> String {
    if let home = environment["XDG_CONFIG_HOME"], home.hasPrefix("/") { return home + "/rollcall" }
    guard let home = environment["HOME"], home.hasPrefix("/") else {
      throw CommandError(.failure, "Neither XDG_CONFIG_HOME nor HOME says where settings are kept. Set one of them.")
    }
    return home + "/.config/rollcall"
  }

  /// What was stored, overridden by ROLLCALL_SERVER, ROLLCALL_CA and ROLLCALL_API_TOKEN.
  static func load(_ surroundings: Surroundings) throws(CommandError) -> Credentials {
    let environment = surroundings.environment
    var stored: JSONValue = .null
    if let path = try? path(environment), surroundings.files.exists(path) {
      guard let value = JSONValue(try surroundings.files.read(path, limit: 1 << 20)) else {
        throw CommandError(.failure, "\(path) is damaged. Run 'rollcall login' again.")
      }
      stored = value
    }
    guard let server = environment["ROLLCALL_SERVER"] ?? stored["server"].string,
      let token = environment["ROLLCALL_API_TOKEN"] ?? stored["token"].string
    else {
      throw CommandError(.notAllowed, "You are not signed in. Run 'rollcall login --server https://…' first.")
    }
    let authorities: [UInt8]?
    if let path = environment["ROLLCALL_CA"] {
      authorities = try surroundings.files.read(path, limit: 1 << 20)
    } else {
      authorities = stored["authorities"].string.map { Array($0.utf8) }
    }
    return Credentials(
      endpoint: Endpoint(server: try address(server), authorities: authorities), token: try checked(token))
  }

  func store(_ surroundings: Surroundings) throws(CommandError) -> String {
    let path = try Self.path(surroundings.environment)
    try surroundings.files.makePrivateFolder(try Self.folder(surroundings.environment))
    let value = JSONValue.fields([
      ("server", .string(endpoint.server)), ("token", .string(token)),
      ("authorities", endpoint.authorities.map { .string(String(decoding: $0, as: UTF8.self)) }),
    ])
    try surroundings.files.writePrivate(Array((value.document + "\n").utf8), to: path)
    return path
  }

  /// `https://host:port` without anything after it.
  static func address(_ text: String) throws(CommandError) -> String {
    var address = text
    while address.hasSuffix("/") { address.removeLast() }
    let rest = address.dropFirst("https://".count)
    guard address.lowercased().hasPrefix("https://"), !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) })
    else {
      throw CommandError(.usage, "The server's address is like https://rollcall.example.org:8443; '\(text)' is not.")
    }
    return address
  }

  /// A token without white space around it.
  static func checked(_ text: String) throws(CommandError) -> String {
    let token = String(text.filter { !$0.isWhitespace })
    guard token.hasPrefix("rcp_"), token.utf8.count <= 200, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw CommandError(
        .usage, "This is not an API token: those begin with 'rcp_'. Enrolment tokens ('rct1.…') are for devices.")
    }
    return token
  }
}
