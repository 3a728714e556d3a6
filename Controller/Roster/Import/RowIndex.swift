/// What stands of a kind of rows, and what a file says of them: 17 bytes a row and no text.
struct RowIndex: Sendable {
  /// What a file's row is against what stands.
  enum Outcome: Sendable { case added, changed, returned, unchanged, repeated }

  private struct Mark: OptionSet {
    let rawValue: UInt8
    /// In the database.
    static let stands = Mark(rawValue: 1)
    /// In the database, as gone.
    static let left = Mark(rawValue: 2)
    /// In the file.
    static let told = Mark(rawValue: 4)
    /// Gone by the file's own word.
    static let removed = Mark(rawValue: 8)
    /// In the database, as a member of staff.
    static let staff = Mark(rawValue: 16)
  }

  private var keys: [UInt64]
  private var hashes: [Int64]
  private var marks: [Mark]
  private var count = 0
  /// Rows that stand, have not left, and were not told of.
  private(set) var untold = 0

  init(room: Int = 0) {
    let places = PlaceCount.of(room)
    keys = [UInt64](repeating: 0, count: places)
    hashes = [Int64](repeating: 0, count: places)
    marks = [Mark](repeating: [], count: places)
  }

  /// A row of the database.
  mutating func stands(_ key: UInt64, hash: Int64, hasLeft: Bool, isStaff: Bool = false) {
    let place = place(for: key)
    hashes[place] = hash
    marks[place] = hasLeft ? [.stands, .left] : [.stands]
    if isStaff { marks[place].insert(.staff) }
    if !hasLeft { untold += 1 }
  }

  /// A row of the file.
  mutating func tell(_ key: UInt64, hash: Int64) -> Outcome {
    let place = place(for: key)
    let mark = marks[place]
    guard !mark.contains(.told), !mark.contains(.removed) else { return .repeated }
    marks[place].insert(.told)
    guard mark.contains(.stands) else { return .added }
    guard !mark.contains(.left) else { return .returned }
    untold -= 1
    return hashes[place] == hash ? .unchanged : .changed
  }

  /// A row of the file that says that it is gone; whether it stood.
  ///
  /// - Returns: nil where the file told of it before.
  mutating func remove(_ key: UInt64) -> Bool? {
    guard let place = known(key) else { return false }
    let mark = marks[place]
    guard !mark.contains(.told), !mark.contains(.removed) else { return nil }
    marks[place].insert(.removed)
    guard mark.contains(.stands), !mark.contains(.left) else { return false }
    untold -= 1
    return true
  }

  /// Whether a reference to the row holds: the file tells of it, or it stands and the file, being of changes, says nothing
  /// else.
  func refers(_ key: UInt64, isDelta: Bool) -> Bool {
    guard let place = known(key) else { return false }
    if marks[place].contains(.told) { return true }
    return isDelta && marks[place].contains(.stands) && marks[place].isDisjoint(with: [.left, .removed])
  }

  /// Whether the row stands and has not left, whatever the file says.
  func stands(_ key: UInt64) -> Bool {
    known(key).map { marks[$0].contains(.stands) && !marks[$0].contains(.left) } ?? false
  }

  /// Whether there is such a row, also of who left.
  func knows(_ key: UInt64) -> Bool { known(key).map { marks[$0].contains(.stands) } ?? false }

  /// Whether there is such a row, and it is of staff.
  func isStaff(_ key: UInt64) -> Bool { known(key).map { marks[$0].contains(.staff) } ?? false }

  /// The hash of the row as it stands.
  func hash(of key: UInt64) -> Int64? {
    known(key).flatMap { marks[$0].contains(.stands) ? hashes[$0] : nil }
  }

  /// Whether the row stands, has not left, and was not told of.
  func isUntold(_ key: UInt64) -> Bool {
    guard let place = known(key) else { return false }
    return marks[place].subtracting(.staff) == [.stands]
  }

  private func known(_ key: UInt64) -> Int? {
    let place = slot(of: key)
    return keys[place] == 0 ? nil : place
  }

  private mutating func place(for key: UInt64) -> Int {
    var place = slot(of: key)
    guard keys[place] == 0 else { return place }
    if PlaceCount.isFull(count, of: keys.count) {
      grow()
      place = slot(of: key)
    }
    keys[place] = key
    count += 1
    return place
  }

  private func slot(of key: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: key) & (keys.count - 1)
    while keys[place] != 0, keys[place] != key { place = (place + 1) & (keys.count - 1) }
    return place
  }

  private mutating func grow() {
    let (oldKeys, oldHashes, oldMarks) = (keys, hashes, marks)
    let places = oldKeys.count * 2
    keys = [UInt64](repeating: 0, count: places)
    hashes = [Int64](repeating: 0, count: places)
    marks = [Mark](repeating: [], count: places)
    for (index, key) in oldKeys.enumerated() where key != 0 {
      let place = slot(of: key)
      (keys[place], hashes[place], marks[place]) = (key, oldHashes[index], oldMarks[index])
    }
  }
}
