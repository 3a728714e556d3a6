/// Finds the name that somebody meant.
package enum Spelling {
  /// The nearest of `names` by edits, ASCII letters compared without case; nil where none is near enough to be meant.
  package static func nearest(to text: String, in names: [String]) -> String? {
    let word = folded(text)
    let ranked = names.map { ($0, distance(word, folded($0))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
    return best.1 <= max(2, best.0.utf8.count / 2) ? best.0 : nil
  }

  /// No name is longer than 64 bytes, and a stranger's text may be.
  private static func folded(_ text: String) -> [UInt8] {
    text.utf8.prefix(64).map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }

  /// Insertions, deletions, substitutions. Source: Levenshtein 1965, by one row of the matrix.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[right.count]
  }
}
