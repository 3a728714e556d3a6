/// An error as it is printed: the places first, one a line as compilers do, then what happened, then how to name it.
enum ErrorText {
  static func text(_ error: CommandError) -> String {
    var lines: [String] = []
    for place in error.places {
      var parts: [String] = []
      if let file = place.file ?? error.file { parts.append(file) }
      if let line = place.line { parts.append("\(line)") }
      let prefix = parts.joined(separator: ":")
      let words = [prefix.isEmpty ? nil : prefix, place.column, place.message].compactMap { $0 }.joined(separator: ": ")
      let details = [place.value.map { "'\($0)'" }, place.rule].compactMap { $0 }.joined(separator: ", ")
      lines.append(details.isEmpty ? words : "\(words) (\(details))")
    }
    lines.append("error: \(error.message)")
    let names = [error.code.map { "code \($0)" }, error.requestID.map { "request \($0)" }].compactMap { $0 }
    if !names.isEmpty { lines.append("       (\(names.joined(separator: ", ")))") }
    return lines.map { TerminalText.neutralised($0) + "\n" }.joined()
  }
}
