package import HTTPTypes
package import Vocabulary

/// A column that a file may or must have.
package struct CSVColumn: Sendable, Hashable {
  package let name: String
  package let required: Bool
  /// Other headings that mean the same, such as `Serial Number`.
  package let aliases: [String]

  package init(_ name: String, required: Bool = false, aliases: [String] = []) {
    self.name = name
    self.required = required
    self.aliases = aliases
  }

  /// Headings are compared without regard to case, spaces, '_' and '-'.
  static func folded(_ heading: String) -> String {
    heading.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
  }
}

/// One row of a table, its cells by the columns' names.
package struct CSVRow: Sendable {
  package let line: Int
  let places: [String: Int]
  let fields: [String]

  /// The cell without surrounding spaces; nil where it is empty or the file has no such column.
  package subscript(_ column: String) -> String? {
    guard let place = places[column], place < fields.count else { return nil }
    let text = trimmed(fields[place])
    return text.isEmpty ? nil : text
  }
}

/// The faults of a file: the first thousand with their places, and how many there are.
package struct CSVFaults: Sendable {
  package static let kept = 1000
  package private(set) var list: [Fault] = []
  package private(set) var count = 0

  package init() {}

  package mutating func add(_ fault: Fault) {
    count += 1
    guard list.count < Self.kept else { return }
    var fault = fault
    if let value = fault.value, value.count > 100 { fault.value = value.prefix(100) + "…" }
    list.append(fault)
  }

  /// A fault of one cell. `code` names the rule, such as `import.serial`; `message` says what would be right.
  package mutating func add(_ row: CSVRow, _ column: String, code: String, _ message: String) {
    add(Fault(line: row.line, field: column, value: row[column], code: code, message: message))
  }
}

/// A file that was refused whole; nothing of it was applied.
package struct CSVError: StatusError {
  package static let invalid: ErrorCode = "csv.invalid"
  package let message: String
  package let faults: [Fault]
  package var code: ErrorCode { Self.invalid }
  package var status: HTTPResponse.Status { .unprocessableContent }

  package init(_ faults: CSVFaults) {
    let listed = faults.count > faults.list.count ? "; the first \(faults.list.count) are listed" : ""
    let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
    message = "The file has \(count)\(listed). Nothing was changed; correct the file and send it again."
    self.faults = faults.list.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
  }
}

/// A file read whole against its columns: every fault is told, and nothing is given back unless all of it holds.
package enum CSVTable {
  /// The rows, each made by `row`, which adds its faults and then may return nil.
  ///
  /// Rows whose cells are all empty are passed over. `end` then adds what is wrong with the rows together.
  /// - Throws: `csv.invalid` with every fault's line, column, value and rule.
  package static func read<Item>(
    _ bytes: [UInt8], columns: [CSVColumn], limits: CSVLimits = CSVLimits(),
    _ row: (CSVRow, inout CSVFaults) -> Item?, end: (inout CSVFaults) -> Void = { _ in }
  ) throws(CSVError) -> [Item] {
    var reader = CSVReader(bytes, limits: limits)
    var faults = CSVFaults()
    let places = header(&reader, bytes, columns, &faults)
    guard faults.count == 0 else { throw CSVError(faults) }
    var items: [Item] = []
    while let line = reader.next() {
      switch line {
      case .fault(let fault): faults.add(fault)
      case .record(let record):
        guard record.fields.contains(where: { !trimmed($0).isEmpty }) else { continue }
        if let item = checked(record, places, columns, &faults, row) { items.append(item) }
      }
    }
    end(&faults)
    guard faults.count == 0 else { throw CSVError(faults) }
    return items
  }

  private static func checked<Item>(
    _ record: CSVRecord, _ places: Places, _ columns: [CSVColumn], _ faults: inout CSVFaults,
    _ make: (CSVRow, inout CSVFaults) -> Item?
  ) -> Item? {
    guard record.fields.count == places.width else {
      faults.add(
        Fault(
          line: record.line, code: "csv.field-count",
          message: "The row has \(record.fields.count) fields, the header \(places.width)."))
      return nil
    }
    let row = CSVRow(line: record.line, places: places.byName, fields: record.fields)
    var complete = true
    for column in columns where column.required && row[column.name] == nil {
      faults.add(row, column.name, code: "csv.required", "'\(column.name)' is empty; every row needs it.")
      complete = false
    }
    let before = faults.count
    let item = make(row, &faults)
    return complete && faults.count == before ? item : nil
  }

  private struct Places {
    var byName: [String: Int] = [:]
    var width = 0
  }

  private static func header(
    _ reader: inout CSVReader, _ bytes: [UInt8], _ columns: [CSVColumn], _ faults: inout CSVFaults
  ) -> Places {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      faults.add(Fault(line: 1, code: "csv.encoding", message: "The file is UTF-16; save it as 'CSV UTF-8'."))
      return Places()
    }
    guard let first = reader.next() else {
      faults.add(
        Fault(
          line: 1, code: "csv.header",
          message: "The file is empty; its first line names the columns: \(names(columns))."))
      return Places()
    }
    guard case .record(let record) = first else {
      if case .fault(let fault) = first { faults.add(fault) }
      return Places()
    }
    if let field = record.fields.first(where: { $0.contains(";") || $0.contains("\t") }) {
      let message = "The fields are not separated by commas; save the file as 'CSV (comma separated)'."
      faults.add(Fault(line: record.line, field: field, code: "csv.column", message: message))
      return Places()
    }
    var places = Places(width: record.fields.count)
    for (index, field) in record.fields.enumerated() {
      guard let column = columns.first(where: { $0.answers(to: field) }) else {
        faults.add(Fault(line: record.line, field: field, code: "csv.column", message: unknown(field, columns)))
        continue
      }
      if places.byName.updateValue(index, forKey: column.name) != nil {
        faults.add(
          Fault(
            line: record.line, field: field, code: "csv.column", message: "The column '\(column.name)' stands twice."))
      }
    }
    for column in columns where column.required && places.byName[column.name] == nil {
      faults.add(
        Fault(
          line: record.line, field: column.name, code: "csv.column",
          message: "The column '\(column.name)' is missing; it is required."))
    }
    return places
  }

  private static func unknown(_ field: String, _ columns: [CSVColumn]) -> String {
    let nearest = Spelling.nearest(to: field, in: columns.map(\.name)).map { "Did you mean '\($0)'? " } ?? ""
    return "There is no column '\(field.prefix(100))'. \(nearest)The columns are \(names(columns))."
  }

  private static func names(_ columns: [CSVColumn]) -> String { columns.map(\.name).joined(separator: ", ") }
}

extension CSVColumn {
  fileprivate func answers(to heading: String) -> Bool {
    let heading = Self.folded(heading)
    return Self.folded(name) == heading || aliases.contains { Self.folded($0) == heading }
  }
}

private func trimmed(_ text: String) -> String {
  let isSpace: (Character) -> Bool = { $0.isWhitespace }
  guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
  else { return "" }
  return String(text[first...last])
}
