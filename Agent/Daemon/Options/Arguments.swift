import Vocabulary

/// A command line that cannot be understood.
struct UsageError: Error, Equatable {
  let message: String
}

/// An option: `--name`, or `--name VALUE` where it takes one.
struct Option: Hashable, Sendable {
  let name: String
  /// What stands for the value in the help, such as `URL`; nil for a switch.
  let value: String?
  let help: String

  init(_ name: String, _ value: String? = nil, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
  }
}

/// The words after the command, checked against its table of options.
struct Arguments: Equatable {
  private(set) var values: [String: String] = [:]
  private(set) var switches: Set<String> = []

  /// - Throws: ``UsageError`` for an unknown, doubled or incomplete option, and for words that are none.
  init(_ words: [String], options: [Option]) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("--") else {
        throw UsageError(message: "'\(word)' is not an option; options begin with '--'.")
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      let name = parts.first ?? ""
      guard let option = options.first(where: { $0.name == name }) else { throw Self.unknown(name, options) }
      guard values[name] == nil, !switches.contains(name) else {
        throw UsageError(message: "--\(name) stands twice.")
      }
      if let placeholder = option.value {
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
          throw UsageError(message: "--\(name) needs a value: --\(name) \(placeholder).")
        }
        values[name] = value
      } else {
        guard parts.count == 1 else { throw UsageError(message: "--\(name) takes no value.") }
        switches.insert(name)
      }
    }
  }

  private static func unknown(_ name: String, _ options: [Option]) -> UsageError {
    if name == "token" {
      return UsageError(
        message:
          "A token is a secret and command lines are not. Give it by --token-file FILE, --token-file - (standard input), or ROLLCALL_TOKEN."
      )
    }
    let near = Spelling.nearest(to: name, in: options.map(\.name)).map { " Did you mean --\($0)?" } ?? ""
    return UsageError(message: "There is no option --\(name).\(near)")
  }
}
