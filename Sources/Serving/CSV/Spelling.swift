/// Finds the name that somebody meant.
package enum Spelling {
  /// The nearest of `names` by edits, letters compared without case; nil where none is near enough to be meant.
  package static func nearest(to text: String, in names: [String]) -> String? {
    let word = Array(text.lowercased().unicodeScalars.prefix(64))
    let ranked = names.map { ($0, distance(word, Array($0.lowercased().unicodeScalars))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
    return best.1 <= max(2, best.0.count / 2) ? best.0 : nil
  }

  /// Insertions, deletions, substitutions. Source: Levenshtein 1965, by one row of the matrix.
  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
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
