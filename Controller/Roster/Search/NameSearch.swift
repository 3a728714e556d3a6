import Storage
import Vocabulary

/// People by the words of their names, in any order: written out, begun, or with a typing error.
///
/// ```
/// words typed ─▶ words of the districts (roster_word, roster_word_key) ─▶ the rarest of them ─▶ its people (roster_name)
///                                                                         ─▶ those whose other words fit
/// nobody was found ─▶ people of the rarest word that is written out ─▶ those whose other words are two errors away
/// ```
///
/// A person's row holds all words of the name, so that one of them is looked up, the one that fewest people have, and the others are
/// compared where they stand. The work is bounded by ``mostPlaces`` and ``mostWalked``, whatever is typed.
struct NameSearch {
  /// How near a name is to what was typed; the least word decides.
  enum Closeness: Int, Comparable {
    case exact, beginning, similar
    static func < (one: Closeness, other: Closeness) -> Bool { one.rawValue < other.rawValue }
  }

  struct Hit {
    let person: PersonID
    let closeness: Closeness
    /// 0 for every word as it was typed; more, the less it is.
    let distance: Int
  }

  /// Words of districts that a word may stand for.
  static let mostPlaces = 600
  /// Rows of people that are looked at.
  static let mostWalked = 4_000
  /// Rows of people whose names are compared letter by letter.
  static let mostCompared = 1_000
  /// Words with errors that one word may stand for.
  static let mostSimilar = 16
  /// People who are told of, before the nearest are chosen.
  static let mostHits = 60

  private let scope: TenantScope
  private let allowed: SQL
  private let words: [String]
  private let transaction: any Transaction

  /// - Parameters:
  ///   - words: of ``NameWords``.
  ///   - allowed: a condition on the school of `n`.
  init(_ words: [String], in scope: TenantScope, allowed: SQL, _ transaction: any Transaction) {
    (self.words, self.scope, self.allowed, self.transaction) = (words, scope, allowed, transaction)
  }

  /// The nearest first.
  func hits(limit: Int) throws -> [Hit] {
    guard !words.isEmpty else { return [] }
    var found: [PersonID: Hit] = [:]
    let extents = try words.map(extent)
    let patterns = words.map { Meaning($0, similar: []) }
    // As it is written.
    let written = extents.indices.filter { extents[$0].exact.places > 0 }.min {
      extents[$0].exact.people < extents[$1].exact.people
    }
    if let written { try walk(places(exactly: [words[written]]), patterns, but: written, into: &found) }
    // Begun: unless that was looked at just now, for nothing begins with the word but the word itself.
    if found.count < limit, let begun = Self.narrowest(extents),
      begun != written || extents[begun].begun.places > extents[begun].exact.places
    {
      try walk(places(beginning: words[begun]), patterns, but: begun, into: &found)
    }
    if found.count < limit { try walkSimilar(extents, into: &found) }
    if found.isEmpty, let written { try compareNames(beside: written, into: &found) }
    return found.values.sorted {
      ($0.closeness, $0.distance, $0.person.rawValue) < ($1.closeness, $1.distance, $1.person.rawValue)
    }
  }

  // MARK: - Words

  /// How many words of districts, and people with them, a word stands for.
  private struct Count {
    var places = 0
    var people = 0
  }

  private struct Extent {
    var exact = Count()
    /// Everything that begins with it; no more than ``mostPlaces`` are counted.
    var begun = Count()
    var isCut: Bool { begun.places > mostPlaces }
  }

  private func extent(_ word: String) throws -> Extent {
    var extent = Extent()
    let row = try transaction.row(
      """
      SELECT COUNT(*) AS places, CAST(COALESCE(SUM(people), 0) AS BIGINT) AS people,
        COUNT(CASE WHEN word = \(word) THEN 1 END) AS exact_places,
        CAST(COALESCE(SUM(CASE WHEN word = \(word) THEN people END), 0) AS BIGINT) AS exact_people
      FROM (\(begun(word, limit: Self.mostPlaces + 1))) AS first_ones
      """)
    guard let row else { return extent }
    extent.begun = Count(places: try row.get("places"), people: try row.get("people"))
    extent.exact = Count(places: try row.get("exact_places"), people: try row.get("exact_people"))
    return extent
  }

  /// In the order of the index that begins with the word, so that no more is read than is wanted.
  private func begun(_ word: String, limit: Int) -> SQL {
    """
    SELECT district_id, word, people FROM roster_word
    WHERE word >= \(word) AND word < \(word + "\u{10FFFF}") AND \(scope) ORDER BY word, district_id LIMIT \(limit)
    """
  }

  private func places(beginning word: String) -> SQL { begun(word, limit: Self.mostPlaces) }

  private func places(exactly words: [String]) -> SQL {
    """
    SELECT district_id, word, people FROM roster_word WHERE word IN \(list: words) AND \(scope)
    ORDER BY word, district_id LIMIT \(Self.mostPlaces)
    """
  }

  /// The word by whose beginning fewest people are found; of several that are cut off, the longest.
  private static func narrowest(_ extents: [Extent]) -> Int? {
    let whole = extents.indices.filter { !extents[$0].isCut }
    // Where a word begins nothing, nobody has all of them.
    return whole.isEmpty
      ? extents.indices.min { extents[$0].begun.people < extents[$1].begun.people }
      : whole.min { extents[$0].begun.people < extents[$1].begun.people }
  }

  // MARK: - Errors

  /// What a typed word may mean: what begins with it, and words that an error parts from it.
  private struct Meaning {
    let typed: String
    let similar: [String: Int]

    init(_ typed: String, similar: [(word: String, distance: Int)]) {
      self.typed = typed
      self.similar = Dictionary(similar.map { ($0.word, $0.distance) }, uniquingKeysWith: min)
    }

    /// On the words of a name; they hold letters and digits alone, none that a pattern knows.
    var condition: SQL {
      let patterns = ["% \(typed)%"] + similar.keys.sorted().map { "% \($0) %" }
      return "(\(SQL.joined(patterns.map { "names LIKE \($0)" }, separator: " OR ")))"
    }

    func closeness(to names: [Substring]) -> (Closeness, Int)? {
      var nearest: (Closeness, Int)?
      for name in names {
        let found: (Closeness, Int)? =
          if name == typed {
            (.exact, 0)
          } else if name.hasPrefix(typed) {
            (.beginning, 1)
          } else {
            similar[String(name)].map { (.similar, 1 + $0) }
          }
        if let found, nearest.map({ found.1 < $0.1 }) ?? true { nearest = found }
      }
      return nearest
    }
  }

  private func walkSimilar(_ extents: [Extent], into found: inout [PersonID: Hit]) throws {
    let similar = try similarWords()
    let counts = try counts(of: Set(similar.flatMap { $0.map(\.word) }))
    let meanings = zip(words, similar).map { Meaning($0, similar: $1) }
    guard meanings.contains(where: { !$0.similar.isEmpty }) else { return }
    func people(_ index: Int) -> Int {
      extents[index].begun.people + similar[index].reduce(0) { $0 + (counts[$1.word] ?? 0) }
    }
    let open = words.indices.filter { !extents[$0].isCut }
    guard let best = (open.isEmpty ? Array(words.indices) : open).min(by: { people($0) < people($1) }) else { return }
    let words = similar[best].map(\.word)
    if !words.isEmpty { try walk(places(exactly: words), meanings, but: best, into: &found) }
    if extents[best].begun.places > 0, meanings.count > 1 {
      try walk(places(beginning: meanings[best].typed), meanings, but: best, into: &found)
    }
  }

  /// For each typed word those that an error parts from it, the nearest first.
  private func similarWords() throws -> [[(word: String, distance: Int)]] {
    let keys = Set(words.filter { $0.unicodeScalars.count >= DeletionKeys.shortest - 1 }.flatMap(DeletionKeys.asked))
    guard !keys.isEmpty else { return words.map { _ in [] } }
    let forms = Set(words.flatMap(DeletionKeys.forms))
    var query: SQL = """
      SELECT DISTINCT word FROM (SELECT word FROM roster_word_key WHERE key IN \(list: keys.sorted()) AND \(scope)
        LIMIT \(Self.mostWalked * 2)) AS of_keys
      """
    if !forms.isEmpty {
      query = query + " UNION SELECT word FROM roster_word WHERE word IN \(list: forms.sorted()) AND \(scope)"
    }
    let candidates = try transaction.rows(query).map { try $0.get("word", as: String.self) }
    return words.map { typed in
      let near = candidates.compactMap { word -> (word: String, distance: Int)? in
        let errors = DeletionKeys.distance(typed, word, most: DeletionKeys.allowed(in: typed))
        return errors.flatMap { $0 == 0 ? nil : (word, $0) }
      }
      return Array(near.sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }.prefix(Self.mostSimilar))
    }
  }

  /// Two errors in a word have no key in common with it, but where another word is written out few people are left to be compared.
  private func compareNames(beside written: Int, into found: inout [PersonID: Hit]) throws {
    let others = words.indices.filter { $0 != written }.map { FarMeaning(words[$0]) }
    guard others.contains(where: { $0.allowed > 1 }) else { return }
    let rows = try transaction.rows(
      """
      SELECT n.person_id, n.names FROM (\(places(exactly: [words[written]]))) AS place \(Self.people)
      WHERE \(allowed) LIMIT \(Self.mostCompared)
      """)
    for row in rows {
      let names = try row.get("names", as: String.self).split(separator: " ")
      let near = others.compactMap { $0.distance(to: names) }
      guard near.count == others.count else { continue }
      let hit = Hit(person: try row.get("person_id"), closeness: .similar, distance: near.reduce(0, +))
      found[hit.person] = hit
    }
  }

  /// A typed word beside names that are at hand.
  private struct FarMeaning {
    let typed: String
    let letters: UInt64
    let allowed: Int

    init(_ typed: String) {
      self.typed = typed
      letters = DeletionKeys.letters(of: typed)
      allowed = DeletionKeys.allowed(in: typed)
    }

    /// Of the nearest one; nil where none is near. What is only begun is behind what is written out.
    func distance(to names: [Substring]) -> Int? {
      names.compactMap { name -> Int? in
        if name.hasPrefix(typed) { return name == typed ? 0 : 1 }
        guard (letters ^ DeletionKeys.letters(of: name)).nonzeroBitCount <= 2 * allowed else { return nil }
        return DeletionKeys.distance(typed, String(name), most: allowed).map { $0 + 1 }
      }.min()
    }
  }

  private func counts(of words: Set<String>) throws -> [String: Int] {
    guard !words.isEmpty else { return [:] }
    var counts: [String: Int] = [:]
    let query: SQL = """
      SELECT word, CAST(COALESCE(SUM(people), 0) AS BIGINT) AS people FROM roster_word
      WHERE word IN \(list: words.sorted()) AND \(scope) GROUP BY word
      """
    for row in try transaction.rows(query) { counts[try row.get("word")] = try row.get("people", as: Int.self) }
    return counts
  }

  // MARK: - People

  /// Looks at the people who have the words of some places, and takes those whose other words fit.
  ///
  /// - Parameter but: the typed word that led to the places; it need not be compared again.
  private func walk(_ places: SQL, _ meanings: [Meaning], but: Int, into found: inout [PersonID: Hit]) throws {
    let others = meanings.indices.filter { $0 != but }.map { meanings[$0].condition }
    // Of one word alone the first people are as good as any; of several, those who have them written out come first.
    let nearest = meanings.map { "CASE WHEN names LIKE \("% \($0.typed) %") THEN 0 ELSE 1 END" as SQL }
    let order: SQL = others.isEmpty ? "" : " ORDER BY \(SQL.joined(nearest, separator: " + ")), person_id"
    let fits: SQL = others.isEmpty ? "(1 = 1)" : SQL.joined(others, separator: " AND ")
    let rows = try transaction.rows(
      """
      SELECT person_id, names FROM (
        SELECT n.person_id, n.names FROM (\(places)) AS place \(Self.people)
        WHERE \(allowed) LIMIT \(Self.mostWalked)) AS walked
      WHERE \(fits)\(order) LIMIT \(Self.mostHits)
      """)
    for row in rows {
      let names = try row.get("names", as: String.self).split(separator: " ")
      let near = meanings.compactMap { $0.closeness(to: names) }
      guard near.count == meanings.count, let least = near.map(\.0).max() else { continue }
      let hit = Hit(person: try row.get("person_id"), closeness: least, distance: near.reduce(0) { $0 + $1.1 })
      if let other = found[hit.person], other.distance <= hit.distance { continue }
      found[hit.person] = hit
    }
  }

  /// One word's people after another's, by the key: PostgreSQL would read the table through where it thinks it small.
  private static let people = SQL.perEngine(
    sqlite: "CROSS JOIN roster_name AS n ON n.district_id = place.district_id AND n.word = place.word",
    postgres: """
      CROSS JOIN LATERAL (SELECT * FROM roster_name AS one WHERE one.district_id = place.district_id
        AND one.word = place.word ORDER BY one.person_id LIMIT 4000) AS n
      """)
}
