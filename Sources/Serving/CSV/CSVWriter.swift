/// CSV text for people's spreadsheets: UTF-8, CRLF, and no cell that a spreadsheet would run as a formula.
///
/// Source: RFC 4180; OWASP, "CSV Injection".
package struct CSVWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init(header: [String]) { row(header) }

  /// A nil cell is empty.
  package mutating func row(_ cells: [String?]) {
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: Self.cell(cell ?? "").utf8)
    }
    bytes.append(contentsOf: "\r\n".utf8)
  }

  /// The text of one cell: begun with `'` where it would be a formula, quoted where it must be.
  package static func cell(_ text: String) -> String {
    let formula = text.utf8.first.map { Array("=+-@\t\r\n".utf8).contains($0) } ?? false
    let safe = formula ? "'" + text : text
    let needsQuotes = safe.utf8.contains { Array(",\"\r\n".utf8).contains($0) } || safe.first == " " || safe.last == " "
    guard needsQuotes else { return safe }
    var quoted = "\""
    for scalar in safe.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append("\"") }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
