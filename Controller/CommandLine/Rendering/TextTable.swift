/// Rows under titles, as wide as they must be and no wider than the terminal.
struct TextTable {
  private static let gap = 2
  private static let narrowest = 6

  let columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: [String]) { rows.append(cells.map { TerminalText.neutralised($0) }) }

  func text(width: Int?, _ palette: Palette) -> String {
    let widths = fitted(width)
    var text = line(columns.map(\.title), widths) { cell, _ in palette.bold(cell) }
    for row in rows {
      text += line(row, widths) { cell, number in
        columns[number].isVerdict ? palette.verdict(cell, word: row[number]) : cell
      }
    }
    return text
  }

  private func line(_ cells: [String], _ widths: [Int], _ paint: (String, Int) -> String) -> String {
    var text = ""
    for (number, cell) in cells.enumerated() {
      let cut = TerminalText.fitted(cell, columns: widths[number])
      let space = String(repeating: " ", count: max(0, widths[number] - TerminalText.width(cut)))
      let last = number == cells.count - 1
      let gap = last ? "" : String(repeating: " ", count: Self.gap)
      text +=
        columns[number].isNumber ? space + paint(cut, number) + gap : paint(cut, number) + (last ? "" : space) + gap
    }
    while text.hasSuffix(" ") { text.removeLast() }
    return text + "\n"
  }

  /// Natural widths, the widest columns made narrower until all fit.
  private func fitted(_ width: Int?) -> [Int] {
    var widths = columns.map { TerminalText.width($0.title) }
    for row in rows {
      for (number, cell) in row.enumerated() { widths[number] = max(widths[number], TerminalText.width(cell)) }
    }
    guard let width else { return widths }
    var excess = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) - width
    while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.narrowest
    {
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }
}
