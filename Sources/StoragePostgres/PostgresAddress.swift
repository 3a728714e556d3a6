internal import CPostgres
internal import Storage

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where a PostgreSQL database is, as libpq reads it: a `postgres://` URI, with several hosts if there are standbys.
///
/// Source: PostgreSQL 15, 34.1.1 Connection Strings
package struct PostgresAddress: Sendable {
  struct Parameter: Sendable {
    let keyword: String
    let value: String
  }

  let parameters: [Parameter]
  /// For people and logs, without a password: `postgres://user@host:port/name`.
  package let shown: String
  /// Whether the text itself holds a password: it must not come from a program's arguments, which all can read.
  package let holdsPassword: Bool

  /// Whether a server that takes no writes is not the one meant.
  let wantsPrimary: Bool

  /// - Throws: `storage.address`.
  package init(_ text: String) throws {
    guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
      throw StorageError(
        .address, "The database's address begins with postgres://, such as postgres://rollcall@db/rollcall.")
    }
    let given = try Self.parsed(text)
    holdsPassword = given["password"] != nil || given["sslpassword"] != nil
    shown = Self.shown(given)
    try Self.refuseService(given)
    try Self.refuseOpenRoad(given)
    wantsPrimary = !["any", "standby", "prefer-standby", "read-only"].contains(given["target_session_attrs"] ?? "")
    var all = given
    // What keeps a controller from waiting for a host that is gone, and from writing to a standby.
    let defaults = [
      "connect_timeout": "5", "target_session_attrs": "read-write", "application_name": "rollcalld",
      "keepalives_idle": "10",
      "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "15000",
    ]
    for (keyword, value) in defaults where all[keyword] == nil { all[keyword] = value }
    all["client_encoding"] = "UTF8"
    parameters = all.sorted { $0.key < $1.key }.map(Parameter.init)
  }

  private static func parsed(_ text: String) throws -> [String: String] {
    var words: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &words) else {
      // The parser's words may quote a part of the address, and so a password: they are not shown.
      PQfreemem(words)
      throw StorageError(
        .address,
        "The database's address cannot be read. It is a URI: postgres://user@host:5432/name?sslmode=verify-full.")
    }
    defer { PQconninfoFree(options) }
    var found: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return found
  }

  /// A service file would name a host and a way there that nobody checked.
  private static func refuseService(_ given: [String: String]) throws {
    guard given["service"] != nil || getenv("PGSERVICE") != nil else { return }
    throw StorageError(
      .address,
      "The database's address, or PGSERVICE in the environment, names a service. Write its host, user and sslmode into the address itself."
    )
  }

  /// A database on another machine is reached over TLS that proves who it is, unless the address says otherwise.
  private static func refuseOpenRoad(_ given: [String: String]) throws {
    // Where the address names no host, libpq takes the environment's.
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    let named = given["hostaddr"] ?? given["host"] ?? variable("PGHOSTADDR") ?? variable("PGHOST") ?? ""
    let hosts = named.split(separator: ",")
    let distant = hosts.first { !$0.hasPrefix("/") && !["localhost", "127.0.0.1", "::1"].contains($0) }
    guard let distant, given["sslmode"] == nil else { return }
    throw StorageError(
      .address,
      """
      The database is on another machine (\(distant)): say how the way there is kept safe. Add \
      ?sslmode=verify-full&sslrootcert=FILE with the CA of its certificate, or sslmode=disable where the network is your own.
      """)
  }

  private static func shown(_ given: [String: String]) -> String {
    let hosts = (given["host"] ?? given["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let ports = (given["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let places = hosts.enumerated().map { index, host in
      let port = ports.count > index ? ports[index] : ports.first ?? ""
      return port.isEmpty ? "\(host)" : "\(host):\(port)"
    }
    let user = given["user"].map { "\($0)@" } ?? ""
    return "postgres://\(user)\(places.joined(separator: ","))/\(given["dbname"] ?? "")"
  }
}
