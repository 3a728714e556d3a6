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
      if let cell { Self.append(cell, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\r"))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// What was written since the last time: for a body that is sent in pieces.
  package mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  /// The text of one cell: begun with `'` where it would be a formula, quoted where it must be.
  package static func cell(_ text: String) -> String {
    var bytes: [UInt8] = []
    append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    guard let first = text.utf8.first else { return }
    // Spreadsheets leave NUL out: what stands behind it would begin the cell.
    let isFormula = isSign(first) || isBreak(first) || first == UInt8(ascii: "\t") || first == 0
    let isQuoted =
      text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || isBreak($0) }
      || first == UInt8(ascii: " ") || text.utf8.last == UInt8(ascii: " ")
    if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    if isFormula { bytes.append(UInt8(ascii: "'")) }
    guard isQuoted else { return bytes.append(contentsOf: text.utf8) }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"): true
    default: false
    }
  }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
}
