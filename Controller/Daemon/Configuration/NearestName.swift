/// The valid name that a mistyped one probably meant.
enum NearestName {
  /// The nearest of `names` by edits, or nil where none is near.
  static func of(_ text: String, among names: [String]) -> String? {
    let ranked = names.map { (name: $0, distance: distance(text, $0)) }.min { $0.distance < $1.distance }
    guard let best = ranked, best.distance <= max(2, text.count / 3) else { return nil }
    return best.name
  }

  /// Levenshtein's distance, bounded by the lengths of configuration keys.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let above = row[j + 1]
        row[j + 1] = a == b ? diagonal : min(diagonal, above, row[j]) + 1
        diagonal = above
      }
    }
    return row[right.count]
  }
}
