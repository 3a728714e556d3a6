import Foundation

/// Names as they are compared: words in small letters, without accents, apostrophes and whatever divides them.
///
/// `Zoë O'Brien-Núñez` has the words `zoe`, `obrien` and `nunez`. What is stored and what is typed go through the same function, so
/// that a script whose letters it knows nothing of is found as it is written.
enum NameWords {
  /// Of one text; a longer list of words is no name.
  static let most = 12
  /// Letters of a word that are compared.
  static let longest = 32

  /// The distinct words in their order.
  static func of(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      if !word.isEmpty, words.count < most, !words.contains(word) { words.append(word) }
      word = ""
    }
    for scalar in decomposed(text.prefix(400)).unicodeScalars {
      if isSilent(scalar) { continue }
      guard scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
        end()
        continue
      }
      guard word.unicodeScalars.count < longest else { continue }
      word += letters[scalar] ?? scalar.properties.lowercaseMapping
    }
    end()
    return words
  }

  /// Of a person, each once: what they are called and what they were registered as.
  static func of(_ row: PersonRow) -> [String] {
    let names = [
      row.preferredGiven, row.given, row.preferredFamily, row.family, row.preferredMiddle, row.middle,
    ]
    var words: [String] = []
    for word in names.lazy.flatMap({ of($0) }) where words.count < most && !words.contains(word) { words.append(word) }
    return words
  }

  /// As one text in which ` word ` is found whole and ` wor` at a word's beginning.
  static func joined(_ words: [String]) -> String { " " + words.joined(separator: " ") + " " }

  private static func decomposed(_ text: Substring) -> String {
    text.utf8.allSatisfy { $0 < 0x80 } ? String(text) : String(text).decomposedStringWithCompatibilityMapping
  }

  /// Accents, and apostrophes that divide nothing.
  private static func isSilent(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "'", "\u{2019}", "\u{2018}", "\u{02bc}", "\u{02bb}", "`", "\u{00b4}": true
    default: scalar.properties.generalCategory == .nonspacingMark
    }
  }

  /// Letters that no decomposition takes apart, as English keyboards write them.
  private static let letters: [Unicode.Scalar: String] = [
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d",
    "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "İ": "i", "ħ": "h", "Ħ": "h",
  ]
}
