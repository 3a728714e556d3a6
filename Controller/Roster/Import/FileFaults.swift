import Serving
import Vocabulary

/// The faults of an export's files, the first thousand with their places, and how many there are.
final class FileFaults {
  private var faults = CSVFaults()
  var count: Int { faults.count }
  /// The file that is being read.
  var file: String?

  func add(_ fault: Fault) {
    var fault = fault
    if fault.file == nil { fault.file = file }
    faults.add(fault)
  }

  /// A fault of one cell; `rule` names what it breaks, such as `roster.reference`.
  func add(_ row: FileRow, _ column: String, _ cell: Cell, rule: String, _ message: String) {
    let text = cell.isEmpty ? nil : String(decoding: cell.prefix(200), as: UTF8.self)
    add(Fault(line: row.line, field: column, value: text, code: rule, message: message))
  }

  /// - Throws: `roster.faults` with every fault that is listed.
  func throwIfAny() throws(RosterError) {
    guard count > 0 else { return }
    let listed = count > faults.list.count ? "; the first \(faults.list.count) are listed" : ""
    let number = count == 1 ? "1 fault" : "\(count) faults"
    throw RosterError(
      .faults, "The roster has \(number)\(listed). Nothing was changed; correct the source and send it again.",
      faults: faults.list)
  }
}

/// The rules of cells.
struct CellCheck {
  let table: FileTable
  let faults: FileFaults

  /// A required id of at most 255 bytes without a comma; nil where it is none, which was told.
  func id(_ row: FileRow, _ field: Field = .sourcedId) -> Cell? {
    let cell = row[field]
    guard (1...255).contains(cell.count), cell.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: ",") }),
      isText(cell)
    else {
      faults.add(
        row, table.title(of: field), cell, rule: cell.isEmpty ? "csv.required" : "roster.id",
        "'\(table.title(of: field))' is an id of 1 to 255 bytes without spaces or commas.")
      return nil
    }
    return cell
  }

  /// Text on one line of at most `limit` bytes; nil where it is none, which was told.
  func text(_ row: FileRow, _ field: Field, limit: Int = 200, isRequired: Bool = false) -> Cell? {
    let cell = row[field]
    if cell.isEmpty {
      guard isRequired else { return cell }
      faults.add(row, table.title(of: field), cell, rule: "csv.required", "'\(table.title(of: field))' is empty.")
      return nil
    }
    guard cell.count <= limit, isText(cell) else {
      faults.add(
        row, table.title(of: field), cell, rule: "roster.text",
        "'\(table.title(of: field))' has at most \(limit) bytes of UTF-8 on one line, without control characters.")
      return nil
    }
    return cell
  }

  /// A day of the calendar, or an empty cell; nil where it is neither, which was told.
  func date(_ row: FileRow, _ field: Field) -> Cell? {
    let cell = row[field]
    guard cell.isEmpty || CivilDate(written: cell) != nil else {
      let title = table.title(of: field)
      faults.add(
        row, title, cell, rule: "roster.date",
        "'\(title)' is a day of the calendar such as 2015-03-09, from 1900 on.")
      return nil
    }
    return cell
  }

  /// Whether the bytes are UTF-8 without control characters; nearly all cells are ASCII.
  private func isText(_ cell: Cell) -> Bool {
    var high: UInt8 = 0
    for byte in cell {
      guard byte >= 0x20, byte != 0x7f else { return false }
      high |= byte
    }
    guard high >= 0x80 else { return true }
    guard let text = String(validating: cell, as: UTF8.self) else { return false }
    return !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}

/// Whether a file is whole or of changes, by the manifest and then by its rows: where they disagree, the rows win.
///
/// In a whole file `status` and `dateLastModified` are blank, in one of changes both are filled.
struct FileMode {
  enum Mode: String, Sendable { case bulk, delta }

  private(set) var mode: Mode
  private var isSettled = false

  init(_ manifest: Mode) { mode = manifest }

  /// What the row is: to be kept, or gone; nil where it breaks the mode, which was told.
  mutating func keeps(_ row: FileRow, _ faults: FileFaults) -> Bool? {
    let (status, modified) = (row[.status], row[.dateLastModified])
    let isDelta = !status.isEmpty && !modified.isEmpty
    let isBulk = status.isEmpty && modified.isEmpty
    if !isSettled, isDelta || isBulk {
      mode = isDelta ? .delta : .bulk
      isSettled = true
    }
    guard mode == .delta ? isDelta : isBulk else {
      faults.add(
        row, status.isEmpty ? "dateLastModified" : "status", status, rule: "roster.mode",
        mode == .bulk
          ? "In a whole file status and dateLastModified are blank in every row."
          : "In a file of changes status and dateLastModified are filled in every row.")
      return nil
    }
    guard mode == .delta else { return true }
    switch status.word {
    case "active": return true
    // 'inactive' is of older exports.
    case "tobedeleted", "inactive": return false
    default:
      faults.add(row, "status", status, rule: "roster.status", "'status' is one of active, tobedeleted.")
      return nil
    }
  }
}

extension Cell {
  /// A short cell as text, for words that are compared; of a longer one the beginning.
  var word: String { String(decoding: prefix(64), as: UTF8.self) }

  func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount
      && (isEmpty || elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count)))
  }

  /// The parts between commas, without spaces around them; empty ones are passed over.
  func eachPart(_ body: (Cell) -> Void) {
    var start = 0
    for index in 0...count where index == count || self[index] == UInt8(ascii: ",") {
      var (first, last) = (start, index)
      while first < last, self[first] == 0x20 { first += 1 }
      while first < last, self[last - 1] == 0x20 { last -= 1 }
      if first < last { body(Cell(rebasing: self[first..<last])) }
      start = index + 1
    }
  }
}
