import AgentTransport
import CurlClient
import Vocabulary

/// A configuration that cannot be used.
struct ConfigurationError: Error, Equatable {
  let message: String
}

/// What the agent was told, from the command line, the file and the state folder, in this order.
struct Configuration: Equatable {
  static let standardFile = "/etc/rollcall/agent.conf"

  /// Such as `https://rollcall.example.org:8444`.
  var controller: String?
  /// `-` for standard input.
  var tokenFile: String?
  var stateFolder = StateFolder.standard
  /// An OpenSSL URI of a key in hardware.
  var keyURI: String?
  /// Where the machine's files are read; `/` but in tests and for images.
  var root = "/"

  /// The file's keys, also the names of options.
  static let settings = [
    Option("controller", "URL", "the controller's devices address, such as https://rollcall.example.org:8444"),
    Option("token-file", "FILE", "a file with the enrolment token; '-' reads standard input"),
    Option("state-dir", "FOLDER", "where keys and state are kept (default \(StateFolder.standard.path))"),
    Option("key", "URI", "an OpenSSL URI of a key in hardware, such as pkcs11:object=rollcall (default: a file)"),
    Option("root", "FOLDER", "where the machine's files are read (default /)"),
  ]

  /// - Throws: ``ConfigurationError``, `agent.file-unreadable`.
  init(_ arguments: Arguments, files: AtomicFiles = AtomicFiles()) throws {
    let path = arguments.values["config"] ?? Self.standardFile
    if let bytes = try files.read(path, limit: 64 << 10) {
      try read(String(decoding: bytes, as: UTF8.self), from: path)
    } else if arguments.values["config"] != nil {
      throw ConfigurationError(message: "\(path) does not exist.")
    }
    for (name, value) in arguments.values where name != "config" { try set(name, value, at: "--\(name)") }
  }

  /// The defaults with a file's text.
  ///
  /// - Throws: ``ConfigurationError`` with the line.
  init(text: String, from path: String) throws(ConfigurationError) { try read(text, from: path) }

  private mutating func read(_ text: String, from path: String) throws(ConfigurationError) {
    var seen: [String: Int] = [:]
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let place = "\(path), line \(index + 1)"
      let line = Self.trimmed(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let equals = line.firstIndex(of: "=") else {
        throw ConfigurationError(message: "\(place): a line is 'key = value'.")
      }
      let name = Self.trimmed(line[..<equals])
      if let first = seen.updateValue(index + 1, forKey: name) {
        throw ConfigurationError(message: "\(place): '\(name)' stands in line \(first) already.")
      }
      try set(name, Self.trimmed(line[line.index(after: equals)...]), at: place)
    }
  }

  private mutating func set(_ name: String, _ value: String, at place: String) throws(ConfigurationError) {
    guard Self.settings.contains(where: { $0.name == name }) else {
      let near = Spelling.nearest(to: name, in: Self.settings.map(\.name)).map { " Did you mean '\($0)'?" } ?? ""
      throw ConfigurationError(message: "\(place): there is no setting '\(name)'.\(near)")
    }
    guard !value.isEmpty else { throw ConfigurationError(message: "\(place): '\(name)' has no value.") }
    switch name {
    case "controller": controller = try Self.address(value, at: place)
    case "token-file": tokenFile = value
    case "state-dir": stateFolder = StateFolder(value)
    case "key": keyURI = value
    default: root = value
    }
  }

  /// - Throws: ``ConfigurationError`` unless it is `https://NAME` or `https://NAME:PORT`.
  static func address(_ text: String, at place: String) throws(ConfigurationError) -> String {
    let address = text.hasSuffix("/") ? String(text.dropLast()) : text
    let rest = address.dropFirst("https://".count)
    // After the last colon stands the port; the colons of an IPv6 address stand in brackets.
    let port = rest.lastIndex(of: ":").map { rest[rest.index(after: $0)...] }.flatMap { $0.contains("]") ? nil : $0 }
    guard address.hasPrefix("https://"), !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
      !rest.contains(where: { "/?#@".contains($0) }), port.map({ (UInt16($0) ?? 0) > 0 }) ?? true
    else {
      throw ConfigurationError(
        message: "\(place): '\(text)' is not a controller's address. It reads https://NAME or https://NAME:PORT.")
    }
    return address
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var bytes = Array(text.utf8)[...]
    while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
