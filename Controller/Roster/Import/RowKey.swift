/// Names a row by 64 bits while a file is read: a keyed hash of its district and its id in the source.
///
/// The key is made anew for each file, so nobody can choose ids that collide; that two of three million rows do is as
/// likely as 1 in 4 million, and then the file is refused as if an id stood twice, and read again it is not.
struct RowKey: Sendable {
  private let seed = UInt64.random(in: .min ... .max)

  /// - Parameter district: its place among the file's districts; -1 where the id alone matters.
  func callAsFunction(_ district: Int, _ id: UnsafeRawBufferPointer) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(seed)
    hasher.combine(district)
    hasher.combine(bytes: id)
    let key = UInt64(bitPattern: Int64(hasher.finalize()))
    // 0 marks an empty place.
    return key == 0 ? 1 : key
  }

  func callAsFunction(_ district: Int, _ id: Cell) -> UInt64 { self(district, UnsafeRawBufferPointer(id)) }

  func callAsFunction(_ district: Int, _ id: String) -> UInt64 {
    var id = id
    return id.withUTF8 { self(district, $0) }
  }
}

/// Numbers by ``RowKey``s: 12 bytes a place, at most three quarters of them taken.
struct KeyMap: Sendable {
  private var keys: [UInt64]
  private var values: [Int32]
  private(set) var count = 0

  init(room: Int = 0) {
    let places = PlaceCount.of(room)
    keys = [UInt64](repeating: 0, count: places)
    values = [Int32](repeating: 0, count: places)
  }

  subscript(key: UInt64) -> Int32? {
    let place = place(of: key)
    return keys[place] == 0 ? nil : values[place]
  }

  /// Sets the number unless there is one, which is then returned.
  mutating func insert(_ key: UInt64, _ value: Int32) -> Int32? {
    var place = place(of: key)
    guard keys[place] == 0 else { return values[place] }
    if PlaceCount.isFull(count, of: keys.count) {
      grow()
      place = self.place(of: key)
    }
    (keys[place], values[place]) = (key, value)
    count += 1
    return nil
  }

  /// Sets the number in place of what there is.
  mutating func replace(_ key: UInt64, _ value: Int32) {
    if insert(key, value) != nil { values[place(of: key)] = value }
  }

  private func place(of key: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: key) & (keys.count - 1)
    while keys[place] != 0, keys[place] != key { place = (place + 1) & (keys.count - 1) }
    return place
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
    values = [Int32](repeating: 0, count: oldKeys.count * 2)
    for (key, value) in zip(oldKeys, oldValues) where key != 0 {
      let place = place(of: key)
      (keys[place], values[place]) = (key, value)
    }
  }
}

/// How many places a table of keys has: a power of two.
enum PlaceCount {
  static func of(_ room: Int) -> Int {
    var places = 64
    while places / 4 * 3 < room { places *= 2 }
    return places
  }

  static func isFull(_ count: Int, of places: Int) -> Bool { count >= places / 4 * 3 }
}
