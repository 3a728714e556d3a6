import Testing

@testable import Roster

@Suite("Words of names, and the errors that part them")
struct NameWordsTests {
  @Test("Words are folded alike whatever writes them, and their number and length are bounded")
  func words() {
    #expect(NameWords.of("Zoë O'Brien-Núñez") == ["zoe", "obrien", "nunez"])
    #expect(NameWords.of("Ægir Þór Straße") == ["aegir", "thor", "strasse"])
    #expect(NameWords.of("a a A á") == ["a"])
    #expect(NameWords.of(String(repeating: "x", count: 10_000)).map(\.count) == [NameWords.longest])
    #expect(NameWords.of((0..<1_000).map { "w\($0)" }.joined(separator: " ")).count == NameWords.most)
    #expect(NameWords.of("a" + String(repeating: "\u{301}", count: 10_000)) == ["a"])
    #expect(NameWords.of("\u{202e}<script>%_\\") == ["script"])
  }

  @Test("Errors are counted as people make them")
  func distances() {
    func distance(_ one: String, _ other: String) -> Int? { DeletionKeys.distance(one, other, most: 2) }
    #expect(distance("smith", "smith") == 0 && distance("smith", "smiht") == 1 && distance("smith", "smth") == 1)
    #expect(distance("smith", "smithe") == 1 && distance("smith", "smyth") == 1 && distance("smith", "msiht") == 2)
    #expect(distance("smith", "jones") == nil && distance("", "ab") == 2 && distance("", "abc") == nil)
    #expect((DeletionKeys.letters(of: "smith") ^ DeletionKeys.letters(of: "jones")).nonzeroBitCount > 4)
    // Whatever one error parts has a key in common.
    let pairs = [
      ("smith", "smiht"), ("smith", "smth"), ("smth", "smith"), ("smith", "smyth"), ("jon", "john"), ("zoee", "zoe"),
    ]
    for (typed, word) in pairs {
      let isFound =
        !DeletionKeys.asked(for: typed).isDisjoint(with: DeletionKeys.stored(for: word))
        || DeletionKeys.forms(of: typed).contains(word)
      #expect(isFound, "\(typed) \(word)")
    }
  }

  @Test("No two words that two errors part are passed over by their letters")
  func letters() {
    let word = Array("exampleton")
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
    var random = Sequential(state: 7)
    for _ in 0..<2_000 {
      var other = word
      for _ in 0..<2 {
        let place = Int.random(in: 0..<other.count - 1, using: &random)
        let letter = alphabet.randomElement(using: &random)!
        switch Int.random(in: 0..<4, using: &random) {
        case 0: other.remove(at: place)
        case 1: other.insert(letter, at: place)
        case 2: other[place] = letter
        default: other.swapAt(place, place + 1)
        }
      }
      let apart = DeletionKeys.letters(of: String(word)) ^ DeletionKeys.letters(of: String(other))
      #expect(apart.nonzeroBitCount <= 4, "\(String(other))")
    }
  }
}

/// The same numbers each time. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
private struct Sequential: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
