/// The names of a program's commands, to tell somebody who mistyped one which it may have been.
package struct CommandTree: Sendable, Hashable {
  package let name: String
  package let commands: [CommandTree]

  package init(_ name: String, _ commands: [CommandTree] = []) {
    self.name = name
    self.commands = commands
  }

  /// What is wrong with the first word that should name a command and does not; nil where each does.
  ///
  /// - Parameter arguments: the words behind the program's name.
  package func mistake(in arguments: [String]) -> String? {
    guard let word = arguments.first, !commands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
    if let next = commands.first(where: { $0.name == word }) {
      return next.mistake(in: Array(arguments.dropFirst()))
    }
    let near = Spelling.nearest(to: word, in: commands.map(\.name))
    return "'\(name)' has no command '\(word)'." + (near.map { " Did you mean '\($0)'?" } ?? "")
  }
}
