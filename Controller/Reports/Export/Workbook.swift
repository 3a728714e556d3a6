import CXlsxWriter
import Glibc
import Storage
import Vocabulary

/// A report as a workbook of one sheet, written row by row to a file of its own: a row is in memory at a time.
///
/// Source: libxlsxwriter, `constant_memory`; ECMA-376, sizes of sheets
struct Workbook {
  /// Rows of a sheet at most, its header among them.
  static let mostRows = 1_048_576
  /// What a cell holds at most, in characters.
  private static let longest = 32_767

  private let book: UnsafeMutablePointer<lxw_workbook>
  private let sheet: UnsafeMutablePointer<lxw_worksheet>
  private let moment: UnsafeMutablePointer<lxw_format>
  private let columns: [Report.Column]
  private(set) var rows = 1

  /// - Parameters:
  ///   - folder: where it and its parts are written.
  /// - Throws: `report.file`.
  init(_ path: String, in folder: String, title: String, _ columns: [Report.Column]) throws(ReportsError) {
    self.columns = columns
    let made: UnsafeMutablePointer<lxw_workbook>? = folder.withCString { folder in
      var options = lxw_workbook_options()
      options.constant_memory = 1
      options.tmpdir = UnsafeMutablePointer(mutating: folder)
      return workbook_new_opt(path, &options)
    }
    guard let book = made, let sheet = workbook_add_worksheet(book, "Report"), let bold = workbook_add_format(book),
      let moment = workbook_add_format(book)
    else { throw Self.failed }
    (self.book, self.sheet, self.moment) = (book, sheet, moment)
    format_set_bold(bold)
    format_set_num_format(moment, "yyyy-mm-dd hh:mm")
    worksheet_freeze_panes(sheet, 1, 0)
    worksheet_repeat_rows(sheet, 0, 0)
    worksheet_set_landscape(sheet)
    worksheet_set_paper(sheet, 9)
    worksheet_fit_to_pages(sheet, 1, 0)
    worksheet_set_header(sheet, "&L" + title.filter { $0 != "&" } + "&RPage &P of &N")
    for (index, column) in columns.enumerated() {
      let number = UInt16(clamping: index)
      let width = Double(max(10, min(40, column.heading.count + 4)))
      worksheet_set_column(sheet, number, number, column.kind == .instant ? 17 : width, nil)
      worksheet_write_string(sheet, 0, number, column.heading, bold)
    }
  }

  /// - Throws: `report.too-many-rows`, `report.file`.
  mutating func add(_ values: [SQLValue]) throws(ReportsError) {
    guard rows < Self.mostRows else {
      throw ReportsError(
        .tooManyRows,
        "A sheet of XLSX has \(Self.mostRows) rows at most, and this report has more. Take it as CSV, or narrow it.")
    }
    let row = UInt32(clamping: rows)
    for (index, (value, column)) in zip(CodeWords.worded(values, columns), columns).enumerated() {
      let result = write(value, column.kind, row, UInt16(clamping: index))
      guard result == LXW_NO_ERROR else { throw Self.failed }
    }
    rows += 1
  }

  private func write(_ value: SQLValue, _ kind: Report.Column.Kind, _ row: UInt32, _ column: UInt16) -> lxw_error {
    switch (value, kind) {
    case (.null, _), (.bytes, _): return LXW_NO_ERROR
    case (.integer(let number), .instant):
      // Days since 1899-12-30, as spreadsheets count them.
      return worksheet_write_number(sheet, row, column, Double(number) / 86_400_000 + 25_569, moment)
    case (.integer(let number), .integer): return worksheet_write_number(sheet, row, column, Double(number), nil)
    case (.integer, .boolean), (.boolean, _), (.integer, .day), (.integer, .text):
      return worksheet_write_string(sheet, row, column, CellText.text(value, kind) ?? "", nil)
    case (.double(let number), _): return worksheet_write_number(sheet, row, column, number, nil)
    case (.text(let text), _): return worksheet_write_string(sheet, row, column, Self.cell(text), nil)
    }
  }

  /// A text is written as text, whatever it begins with: nothing here is a formula. A character that XML has no place for
  /// is shown as U+FFFD.
  private static func cell(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(longest) {
      switch scalar {
      case "\t", "\n", "\r": scalars.append(scalar)
      case "\u{0}"..."\u{1f}", "\u{fffe}", "\u{ffff}": scalars.append("\u{fffd}")
      default: scalars.append(scalar)
      }
    }
    return String(scalars)
  }

  /// Puts the parts together; the workbook is of no more use then.
  ///
  /// - Throws: `report.file`.
  consuming func close() throws(ReportsError) {
    guard workbook_close(book) == LXW_NO_ERROR else { throw Self.failed }
  }

  private static let failed = ReportsError(
    .file,
    "The workbook could not be written: the controller's folder for temporary files may be full. Take it as CSV, or ask whoever runs the controller."
  )
}

/// A folder of its own for one workbook, gone with everything in it.
struct ScratchFolder: Sendable {
  let path: String
  var workbook: String { path + "/report.xlsx" }

  /// - Throws: `report.file`.
  init() throws(ReportsError) {
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/rollcall-report-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw ReportsError(.file, "The controller's folder for temporary files cannot be written to.")
    }
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  func remove() {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}
