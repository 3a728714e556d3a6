/// One record of a CSV file: its fields as text, and the line on which it begins.
package struct CSVRecord: Sendable, Hashable {
  /// From 1; a quoted field may span lines, so records and lines differ.
  package let line: Int
  package let fields: [String]
}

/// What the reader found next: a record, or a fault that spoils this record alone.
package enum CSVLine: Sendable, Hashable {
  case record(CSVRecord)
  case fault(Fault)
}

/// Bounds on a CSV file; what is over them is refused, never cut.
package struct CSVLimits: Sendable {
  /// Records, the header among them.
  package var records = 500_001
  /// Fields of one record.
  package var fields = 64
  /// One field, in bytes.
  package var fieldBytes = 4096

  package init() {}
}

/// Reads CSV one record at a time: UTF-8 with or without a byte order mark, LF or CRLF, fields quoted or not.
///
/// Records without any character are passed over. After a fault it goes on with the next line, so that a file's
/// faults are told at once.
/// Source: RFC 4180.
package struct CSVReader: Sendable {
  private let bytes: [UInt8]
  private let limits: CSVLimits
  private var index = 0
  private var line = 1
  private var records = 0

  package init(_ bytes: [UInt8], limits: CSVLimits = CSVLimits()) {
    self.bytes = bytes
    self.limits = limits
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
  }

  /// The next record or fault; nil at the end of the file.
  package mutating func next() -> CSVLine? {
    while index < bytes.count, atLineEnd { endLine() }
    guard index < bytes.count else { return nil }
    let start = line
    guard records < limits.records else {
      index = bytes.count
      return .fault(
        Fault(
          line: start, code: "csv.too-many-rows", message: "The file has over \(limits.records - 1) rows; split it."))
    }
    records += 1
    do {
      return .record(CSVRecord(line: start, fields: try record()))
    } catch {
      skipLine()
      return .fault(error.fault(line: start))
    }
  }

  private mutating func record() throws(CSVSyntax) -> [String] {
    var fields: [String] = []
    while true {
      let position = fields.count + 1
      guard position <= limits.fields else { throw .tooManyFields(limits.fields) }
      fields.append(try take() == quote ? quoted(position) : plain(position))
      guard index < bytes.count, !atLineEnd else { break }
      index += 1  // the comma
    }
    endLine()
    return fields
  }

  private func take() -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func plain(_ position: Int) throws(CSVSyntax) -> String {
    let start = index
    while let byte = take(), byte != comma, !atLineEnd {
      guard byte != quote else { throw .strayQuote(position) }
      index += 1
    }
    return try text(Array(bytes[start..<index]), position)
  }

  private mutating func quoted(_ position: Int) throws(CSVSyntax) -> String {
    var content: [UInt8] = []
    index += 1
    while let byte = take() {
      if byte == quote {
        index += 1
        guard take() == quote else {
          guard index == bytes.count || take() == comma || atLineEnd else { throw .afterQuote(position) }
          return try text(content, position)
        }
      } else if byte == newline {
        line += 1
      }
      if content.count <= limits.fieldBytes { content.append(byte) }
      index += 1
    }
    throw .unclosedQuote(position)
  }

  private func text(_ content: [UInt8], _ position: Int) throws(CSVSyntax) -> String {
    guard content.count <= limits.fieldBytes else { throw .longField(position, limits.fieldBytes) }
    guard let text = String(validating: content, as: UTF8.self) else { throw .encoding(position) }
    guard !content.contains(where: { $0 < 0x20 && !whitespace.contains($0) || $0 == 0x7f }) else {
      throw .control(position)
    }
    return text
  }

  private var atLineEnd: Bool {
    bytes[index] == newline
      || bytes[index] == carriageReturn && (index + 1 == bytes.count || bytes[index + 1] == newline)
  }

  private mutating func endLine() {
    guard index < bytes.count else { return }
    if bytes[index] == carriageReturn { index += 1 }
    if take() == newline { index += 1 }
    line += 1
  }

  private mutating func skipLine() {
    while index < bytes.count, !atLineEnd { index += 1 }
    endLine()
  }
}

/// What is wrong with a record's form; the number is the field's position from 1.
enum CSVSyntax: Error {
  case strayQuote(Int)
  case afterQuote(Int)
  case unclosedQuote(Int)
  case longField(Int, Int)
  case encoding(Int)
  case control(Int)
  case tooManyFields(Int)

  func fault(line: Int) -> Fault {
    switch self {
    case .strayQuote(let position):
      Fault(
        line: line, field: "\(position)", code: "csv.quote",
        message:
          "Field \(position) has a quotation mark inside; put the whole field in quotes and write \"\" for each one.")
    case .afterQuote(let position):
      Fault(
        line: line, field: "\(position)", code: "csv.quote",
        message: "Field \(position) goes on after its closing quotation mark; a comma or the line's end must follow.")
    case .unclosedQuote(let position):
      Fault(
        line: line, field: "\(position)", code: "csv.quote",
        message:
          "Field \(position) begins with a quotation mark that is never closed; all that follows was taken as its text."
      )
    case .longField(let position, let limit):
      Fault(
        line: line, field: "\(position)", code: "csv.field-too-long",
        message: "Field \(position) has over \(limit) bytes.")
    case .encoding(let position):
      Fault(
        line: line, field: "\(position)", code: "csv.encoding",
        message: "Field \(position) is not UTF-8; save the file as 'CSV UTF-8'.")
    case .control(let position):
      Fault(
        line: line, field: "\(position)", code: "csv.control", message: "Field \(position) has a control character.")
    case .tooManyFields(let limit):
      Fault(line: line, code: "csv.too-many-fields", message: "The row has over \(limit) fields.")
    }
  }
}

private let comma = UInt8(ascii: ",")
private let quote = UInt8(ascii: "\"")
private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let whitespace: [UInt8] = [UInt8(ascii: "\t"), newline, carriageReturn]
