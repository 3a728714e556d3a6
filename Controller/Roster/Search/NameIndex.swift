import Storage
import Vocabulary

/// Which words a district's people have in their names: kept in the transaction that writes the people.
///
/// ```
/// roster_name      district, word, person: the names whole, the school     one row for each word of a person
/// roster_word      district, word: how many people have it                 one row for each distinct word
/// roster_word_key  district, word, key: the word with a letter taken out    as many as the word has letters
/// ```
///
/// Every row is its district's own, so that row level security holds here too and who erases the last Zoë of a district erases
/// the word. A dictionary that all districts share would be a tenth of the rows; but it would be a list of children's names beyond
/// the tenants' bounds, and imports of two districts would wait for each other. The state is searched by indexes that begin with
/// the word or the key, for it is asked for all districts at once.
enum NameIndex {
  static let schema: [SQL] = [
    """
    CREATE TABLE roster_name (
      district_id TEXT NOT NULL, word TEXT NOT NULL, person_id TEXT NOT NULL, names TEXT NOT NULL, school_id TEXT,
      PRIMARY KEY (district_id, word, person_id)
    )
    """,
    .rowsInKey(
      of: "roster_name", key: "district_id, word, person_id",
      columns: """
        district_id TEXT NOT NULL, word TEXT NOT NULL, person_id TEXT NOT NULL, names TEXT NOT NULL, school_id TEXT,
        PRIMARY KEY (district_id, word, person_id)
        """),
    "CREATE INDEX roster_name_person ON roster_name (district_id, person_id)",
    """
    CREATE TABLE roster_word (
      district_id TEXT NOT NULL, word TEXT NOT NULL, people BIGINT NOT NULL, PRIMARY KEY (district_id, word)
    )
    """,
    .rowsInKey(
      of: "roster_word", key: "district_id, word",
      columns: """
        district_id TEXT NOT NULL, word TEXT NOT NULL, people BIGINT NOT NULL, PRIMARY KEY (district_id, word)
        """),
    "CREATE INDEX roster_word_of_state ON roster_word (word, district_id, people)",
    """
    CREATE TABLE roster_word_key (
      district_id TEXT NOT NULL, word TEXT NOT NULL, key BIGINT NOT NULL, PRIMARY KEY (district_id, word, key)
    )
    """,
    .rowsInKey(
      of: "roster_word_key", key: "district_id, word, key",
      columns: """
        district_id TEXT NOT NULL, word TEXT NOT NULL, key BIGINT NOT NULL, PRIMARY KEY (district_id, word, key)
        """),
    "CREATE INDEX roster_word_key_of ON roster_word_key (key, district_id, word)",
    // Whoever calls is looked for in the whole state: by the HMACs of every district at once.
    "CREATE INDEX roster_guardian_contact_digest ON roster_guardian_contact (digest, district_id, guardian)",
    // People who stand there already are written again by their district's next import, which finds no row as it was.
    "UPDATE roster_person SET hash = -1",
  ]

  /// Somebody who was written just now.
  struct Named {
    let person: PersonID
    let words: [String]
    let school: SchoolID?
  }

  /// Writes who has which words now.
  ///
  /// - Parameter areNew: whether none of them can have stood there before.
  static func write(_ people: [Named], areNew: Bool, in district: DistrictID, _ transaction: any Transaction) throws {
    var difference = areNew ? [:] : try remove(people.map(\.person), of: district, transaction)
    try transaction.run(
      "INSERT INTO roster_name (district_id, word, person_id, names, school_id) VALUES ($1, $2, $3, $4, $5)",
      rows: people.lazy.flatMap { named -> [[SQLValue]] in
        let names = NameWords.joined(named.words).sqlValue
        return named.words.map {
          [district.sqlValue, $0.sqlValue, named.person.sqlValue, names, named.school.sqlValue]
        }
      })
    for word in people.lazy.flatMap(\.words) { difference[word, default: 0] += 1 }
    try count(difference, in: district, transaction)
  }

  /// Forgets people, and words that nobody of the district has any more.
  static func forget(
    sourced ids: [String], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    let people = try PersonStore.ids(of: ids, in: district, transaction)
    try count(try remove(Array(people.values), of: district, transaction), in: district, transaction)
  }

  /// - Returns: how many people fewer have each word, below zero.
  private static func remove(
    _ people: [PersonID], of district: DistrictID, _ transaction: any Transaction
  ) throws -> [String: Int] {
    var fewer: [String: Int] = [:]
    guard !people.isEmpty else { return fewer }
    let query: SQL = """
      SELECT word, COUNT(*) AS people FROM roster_name
      WHERE district_id = \(district) AND person_id IN \(list: people) GROUP BY word
      """
    for row in try transaction.rows(query) { fewer[try row.get("word")] = -(try row.get("people", as: Int.self)) }
    try transaction.run("DELETE FROM roster_name WHERE district_id = \(district) AND person_id IN \(list: people)")
    return fewer
  }

  /// Counts who has which word, makes the keys of words that are new, and takes out words that nobody has.
  private static func count(
    _ difference: [String: Int], in district: DistrictID, _ transaction: any Transaction
  ) throws {
    let changed = difference.filter { $0.value != 0 }.sorted { $0.key < $1.key }
    for first in stride(from: 0, to: changed.count, by: RowStore.step) {
      let part = changed[first..<min(first + RowStore.step, changed.count)]
      let words = part.map(\.key)
      let known = Set(
        try transaction.rows(
          "SELECT word FROM roster_word WHERE district_id = \(district) AND word IN \(list: words)"
        ).map { try $0.get("word", as: String.self) })
      try transaction.run(
        """
        INSERT INTO roster_word (district_id, word, people) VALUES ($1, $2, $3)
        ON CONFLICT (district_id, word) DO UPDATE SET people = roster_word.people + excluded.people
        """, rows: part.lazy.map { [district.sqlValue, $0.key.sqlValue, $0.value.sqlValue] })
      try transaction.run(
        "INSERT INTO roster_word_key (district_id, word, key) VALUES ($1, $2, $3)",
        rows: words.lazy.filter { !known.contains($0) }.flatMap { word in
          DeletionKeys.stored(for: word).sorted().map { [district.sqlValue, word.sqlValue, $0.sqlValue] }
        })
      let fewer = part.filter { $0.value < 0 }.map(\.key)
      guard !fewer.isEmpty else { continue }
      let gone = try transaction.rows(
        "SELECT word FROM roster_word WHERE district_id = \(district) AND word IN \(list: fewer) AND people <= 0"
      ).map { try $0.get("word", as: String.self) }
      guard !gone.isEmpty else { continue }
      try transaction.run("DELETE FROM roster_word WHERE district_id = \(district) AND word IN \(list: gone)")
      try transaction.run("DELETE FROM roster_word_key WHERE district_id = \(district) AND word IN \(list: gone)")
    }
  }
}
