/// Finds words with a typing error without comparing all of them: two words that one error parts (a letter too many, too few,
/// another one, two in the wrong order) have a form in common once a letter is taken out of one of them or of both.
///
/// Only one letter is taken out: a word of eight letters has 8 such keys, and would have 36 with a second one. Two errors are found
/// where one of them is a letter too many and the other one too few, and, of a name of which another word is right, by
/// ``NameSearch`` without any keys. docs/architecture.md has what more would cost.
///
/// Source: Wolf Garbe's SymSpell (symmetric deletions); Mor and Fraenkel, "A hash code method for detecting and correcting
/// spelling errors" (1982).
enum DeletionKeys {
  /// Shorter words are one error away from too many others.
  static let shortest = 4

  /// Forms with a letter taken out, as they are stored.
  static func forms(of word: String) -> Set<String> {
    let letters = Array(word.unicodeScalars)
    guard letters.count >= shortest else { return [] }
    var forms: Set<String> = []
    for index in letters.indices {
      var form = String.UnicodeScalarView()
      form.append(contentsOf: letters[..<index])
      form.append(contentsOf: letters[(index + 1)...])
      forms.insert(String(form))
    }
    return forms
  }

  /// The keys under which a word stands.
  static func stored(for word: String) -> Set<Int64> { Set(forms(of: word).map(hash)) }

  /// The keys under which words stand that what was typed may mean.
  static func asked(for word: String) -> Set<Int64> {
    // The word itself: the one that is meant has a letter more.
    stored(for: word).union([hash(word)])
  }

  /// FNV-1a, 64 bits: the same on every machine. Two forms of one hash cost a comparison, nothing else.
  static func hash(_ text: String) -> Int64 {
    Int64(bitPattern: text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 })
  }

  /// How many errors part two words: letters too many, too few, others, or two neighbours in the wrong order.
  ///
  /// - Returns: nil where there are more than `most`.
  static func distance(_ one: String, _ other: String, most: Int) -> Int? {
    let (a, b) = (Array(one.unicodeScalars), Array(other.unicodeScalars))
    guard abs(a.count - b.count) <= most else { return nil }
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in b.indices {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
        row.append(cost)
      }
      (before, last) = (last, row)
    }
    return last[b.count] <= most ? last[b.count] : nil
  }

  /// A set of the word's letters. Each error changes it by two letters at most, so that words whose sets differ by more than twice as
  /// many need not be compared.
  static func letters(of word: some StringProtocol) -> UInt64 {
    word.unicodeScalars.reduce(0) { $0 | 1 << UInt64($1.value & 63) }
  }

  /// Errors that a word of this length may have.
  static func allowed(in word: String) -> Int { word.unicodeScalars.count >= 7 ? 2 : 1 }
}
