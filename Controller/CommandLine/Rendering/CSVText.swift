/// Comma-separated values that spreadsheets open without running anything.
///
/// Source: RFC 4180; OWASP, "CSV Injection".
enum CSVText {
  static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

  /// Quoted where it must be; what a spreadsheet would take for a formula gets an apostrophe before it.
  static func cell(_ text: String) -> String {
    let harmless = isFormula(text) ? "'" + text : text
    guard harmless.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return harmless }
    return "\"" + harmless.replacing("\"", with: "\"\"") + "\""
  }

  static func isFormula(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first else { return false }
    return "=+-@\t\r".unicodeScalars.contains(first)
  }
}
