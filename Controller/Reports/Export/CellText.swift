import Serving
import Storage
import Vocabulary

/// A report's values in words, for files and pages.
enum CellText {
  /// A row for people, with words in the place of codes; nil for what is not known.
  static func texts(_ row: [SQLValue], _ columns: [Report.Column]) -> [String?] {
    zip(CodeWords.worded(row, columns), columns).map { text($0, $1.kind) }
  }

  /// nil for what is not known.
  static func text(_ value: SQLValue, _ kind: Report.Column.Kind) -> String? {
    switch (value, kind) {
    case (.null, _): nil
    case (.integer(let number), .instant): moment(Instant(milliseconds: number))
    case (.integer(let number), .day): CivilDate(daysSinceEpoch: bounded(number)).description
    case (.integer(let number), .boolean): number == 0 ? "no" : "yes"
    case (.boolean(let held), _): held ? "yes" : "no"
    case (.integer(let number), _): String(number)
    case (.text(let text), _): text
    case (.double(let number), _): "\(number)"
    case (.bytes, _): nil
    }
  }

  /// `2026-11-21 20:41:07`, UTC, as spreadsheets read it.
  static func moment(_ instant: Instant) -> String {
    let text = instant.rfc3339
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
  }

  /// Days that a calendar has, whatever was stored.
  static func bounded(_ day: Int64) -> Int64 { min(max(day, -700_000), 2_900_000) }
}

/// What a report is written as.
enum ExportFormat: String, CaseIterable, Sendable {
  case csv, xlsx, json

  var type: String {
    switch self {
    case .csv: "text/csv; charset=utf-8; header=present"
    case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    case .json: "application/jsonl"
    }
  }

  var ending: String { self == .json ? "jsonl" : rawValue }
}

/// Writes a report's rows one after another, and gives back what is to be sent.
protocol RowWriter {
  mutating func add(_ row: [SQLValue]) throws
  /// What was written since the last time.
  mutating func take() -> [UInt8]
  /// How many bytes wait to be taken.
  var waiting: Int { get }
}

/// RFC 4180, with no cell that a spreadsheet would run as a formula (``CSVWriter``).
struct CSVRows: RowWriter {
  private let columns: [Report.Column]
  private var writer: CSVWriter

  init(_ columns: [Report.Column]) {
    self.columns = columns
    writer = CSVWriter(header: columns.map(\.heading))
  }

  var waiting: Int { writer.bytes.count }
  mutating func add(_ row: [SQLValue]) { writer.row(CellText.texts(row, columns)) }
  mutating func take() -> [UInt8] { writer.take() }
}

/// An object of JSON a line, its members in the order of the columns; what is not known is left out.
struct JSONRows: RowWriter {
  private let columns: [Report.Column]
  private var bytes: [UInt8] = []

  init(_ columns: [Report.Column]) { self.columns = columns }

  var waiting: Int { bytes.count }

  mutating func add(_ row: [SQLValue]) {
    var divider = "{"
    for (column, value) in zip(columns, row) {
      guard let text = Self.json(value, column.kind) else { continue }
      bytes += "\(divider)\"\(column.key)\":\(text)".utf8
      divider = ","
    }
    bytes += divider == "{" ? Array("{}\n".utf8) : Array("}\n".utf8)
  }

  mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  private static func json(_ value: SQLValue, _ kind: Report.Column.Kind) -> String? {
    switch (value, kind) {
    case (.integer(let number), .instant): quoted(Instant(milliseconds: number).rfc3339)
    case (.integer(let number), .boolean): number == 0 ? "false" : "true"
    case (.boolean(let held), _): held ? "true" : "false"
    case (.integer(let number), .integer), (.integer(let number), .text): String(number)
    default: CellText.text(value, kind).map(quoted)
    }
  }

  /// Source: RFC 8259, section 7
  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\u{0}"..."\u{1f}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
