/// Prints one thing: as JSON, as a row of CSV, or as labelled lines.
struct ItemWriter {
  let format: OutputFormat
  let console: any Console
  let palette: Palette

  func show(_ item: JSONValue, _ columns: [Column]) {
    switch format {
    case .json: console.output(item.document + "\n")
    case .csv: console.output(CSVText.line(columns.map(\.key)) + CSVText.line(columns.map { $0.value(item) }))
    case .table:
      let widest = columns.map { TerminalText.width($0.title) }.max() ?? 0
      for column in columns {
        let value = TerminalText.neutralised(column.shown(item))
        if value.isEmpty { continue }
        let space = String(repeating: " ", count: widest - TerminalText.width(column.title) + 2)
        console.output(column.title + space + (column.isVerdict ? palette.verdict(value) : value) + "\n")
      }
    }
  }
}
