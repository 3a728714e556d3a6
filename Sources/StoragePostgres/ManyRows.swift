internal import Storage

/// A statement for many rows, as one that takes a column as an array.
///
/// ```
/// INSERT INTO t (a, b) VALUES ($1, $2 || 'x') ON CONFLICT …
/// INSERT INTO t (a, b) SELECT u.c1, u.c2 || 'x' FROM unnest($1::text[], $2::text[]) AS u (c1, c2) ON CONFLICT …
///
/// UPDATE t SET b = $2 WHERE a = $1
/// UPDATE t SET b = u.c2 FROM unnest($1::text[], $2::text[]) AS u (c1, c2) WHERE a = u.c1
/// ```
struct ManyRows {
  /// The text up to the values, the values, and what follows: of an UPDATE the assignments, and the condition.
  private let head: String
  private let tuple: String
  private let tail: String
  private let isUpdate: Bool

  /// nil for any other statement, for an INSERT that names its values behind the tuple, and for an UPDATE that joins or returns:
  /// those run row by row.
  init?(_ text: String) {
    if text.hasPrefix("UPDATE ") { self.init(update: text) } else { self.init(insert: text) }
  }

  private init?(update text: String) {
    let words = Self.bare(text)
    guard let set = Self.place(of: " SET ", in: words), let condition = Self.place(of: " WHERE ", in: words),
      set.end <= condition.start,
      !["SELECT", " FROM ", " RETURNING "].contains(where: { Self.place(of: $0, in: words) != nil })
    else { return nil }
    let bytes = Array(text.utf8)
    head = String(decoding: bytes[..<set.end], as: UTF8.self)
    tuple = String(decoding: bytes[set.end..<condition.start], as: UTF8.self)
    tail = String(decoding: bytes[condition.end...], as: UTF8.self)
    isUpdate = true
  }

  private init?(insert text: String) {
    guard let open = Self.place(of: " VALUES (", in: text), text.hasPrefix("INSERT INTO ") else { return nil }
    let bytes = Array(text.utf8)
    var depth = 0
    var quoted = false
    var close: Int?
    for index in (open.end - 1)..<bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "'"): quoted.toggle()
      case UInt8(ascii: "(") where !quoted: depth += 1
      case UInt8(ascii: ")") where !quoted:
        depth -= 1
        if depth == 0 { close = index }
      default: break
      }
      if close != nil { break }
    }
    guard let close else { return nil }
    head = String(decoding: bytes[..<open.start], as: UTF8.self)
    tuple = String(decoding: bytes[open.end..<close], as: UTF8.self)
    tail = String(decoding: bytes[(close + 1)...], as: UTF8.self)
    isUpdate = false
    // A second tuple, or a value outside: not of this form.
    guard !tail.contains("$"), !tail.drop(while: { $0 == " " || $0 == "\n" }).hasPrefix(",") else { return nil }
  }

  /// A row that `ON CONFLICT` meets twice is an error in one statement, and none in a row of statements.
  var mayMeetItself: Bool { !isUpdate && tail.contains("DO UPDATE") }

  /// - Parameter types: of each value; nil for a column that is NULL in every row.
  func text(_ types: [PostgresType?]) -> String {
    var numbers: [Int: Int] = [:]
    for (index, type) in types.enumerated() where type != nil { numbers[index + 1] = numbers.count + 1 }
    func named(_ text: String) -> String {
      Self.replaced(text) { number in numbers[number].map { "u.c\($0)" } ?? "NULL" }
    }
    let arrays = types.compactMap { $0 }.enumerated().map { "$\($0 + 1)::\($1.sql)[]" }.joined(separator: ", ")
    let names = (1...max(1, numbers.count)).map { "c\($0)" }.joined(separator: ", ")
    let rows = "FROM unnest(\(arrays)) AS u (\(names))"
    if isUpdate { return "\(head)\(named(tuple)) \(rows) WHERE \(named(tail))" }
    // WHERE tells the parser that ON belongs to the INSERT.
    return "\(head) SELECT \(named(tuple)) \(rows) WHERE TRUE\(tail)"
  }

  /// `text` with what `name` gives for each `$n` that stands outside of quotes.
  private static func replaced(_ text: String, _ name: (Int) -> String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var quoted = false
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "'") { quoted.toggle() }
      guard byte == UInt8(ascii: "$"), !quoted else {
        result.append(byte)
        continue
      }
      var number = 0
      while index < bytes.count, number < 10_000, (0x30...0x39).contains(bytes[index]) {
        number = number * 10 + Int(bytes[index] - 0x30)
        index += 1
      }
      result.append(contentsOf: name(number).utf8)
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// `text` with a `?` for each byte of what stands in quotes.
  private static func bare(_ text: String) -> String {
    var quoted = false
    let bytes = text.utf8.map { byte in
      if byte == UInt8(ascii: "'") { quoted.toggle() }
      return quoted ? UInt8(ascii: "?") : byte
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func place(of word: String, in text: String) -> (start: Int, end: Int)? {
    let (bytes, wanted) = (Array(text.utf8), Array(word.utf8))
    let spaced = bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
    for start in spaced.indices where start + wanted.count <= spaced.count {
      if spaced[start..<start + wanted.count].elementsEqual(wanted) { return (start, start + wanted.count) }
    }
    return nil
  }
}
