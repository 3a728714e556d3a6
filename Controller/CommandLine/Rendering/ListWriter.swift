/// How results are printed.
enum OutputFormat: String, CaseIterable, Sendable { case table, json, csv }

/// Prints items as they come: CSV and JSON at once, a table when its widths are known.
final class ListWriter {
  private let format: OutputFormat
  private let console: any Console
  private let palette: Palette
  private var table: TextTable
  private(set) var count = 0

  init(_ columns: [Column], _ session: Session) {
    format = session.format
    console = session.console
    palette = session.palette
    table = TextTable(columns)
    if format == .csv { console.output(CSVText.line(columns.map(\.key))) }
  }

  func add(_ item: JSONValue) {
    count += 1
    switch format {
    case .table: table.add(table.columns.map { $0.shown(item) })
    case .csv: console.output(CSVText.line(table.columns.map { $0.value(item) }))
    case .json: console.output((count == 1 ? "[\n" : ",\n") + item.document)
    }
  }

  /// - Parameter nothing: said on the error stream where the table is empty.
  func finish(nothing: String) {
    switch format {
    case .table:
      if count == 0 { console.error(nothing + "\n") } else { console.output(table.text(width: console.width, palette)) }
    case .json: console.output(count == 0 ? "[]\n" : "\n]\n")
    case .csv: break
    }
  }
}
