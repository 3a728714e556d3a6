import Compression

/// Rows that wait to be written, packed in blocks of about a MiB: a whole state's stay small, and can be read again where
/// a transaction runs again.
///
/// A row is its district's place (2 bytes), whether it is new (1), the lengths of id and body (2 and 4), id and body.
struct RowSpool: Sendable {
  struct Row: Sendable {
    /// The place of its district among those of the plan.
    let district: Int
    /// Whether no such row stands.
    let isNew: Bool
    /// In the source.
    let id: String
    let body: [UInt8]

    /// About how many bytes it takes up.
    fileprivate var weight: Int { body.count + 128 }
  }

  private static let blockLength = 1 << 20
  /// Bytes of rows that wait for more of their district while ``chunks(of:_:)`` reads: a state's file may name another one in each
  /// line.
  private static let window = 16 << 20

  /// Packed, with the length of what is in it.
  private var blocks: [(packed: [UInt8], length: Int)] = []
  private var open: [UInt8] = []
  private(set) var count = 0
  var isEmpty: Bool { count == 0 }

  mutating func add(district: Int, isNew: Bool, id: Cell, body: some Collection<UInt8>) throws {
    append(UInt32(district), bytes: 2)
    open.append(isNew ? 1 : 0)
    append(UInt32(id.count), bytes: 2)
    append(UInt32(body.count), bytes: 4)
    open.append(contentsOf: id)
    open.append(contentsOf: body)
    count += 1
    guard open.count >= Self.blockLength else { return }
    blocks.append((try Gzip.compress(open, level: 1), open.count))
    open.removeAll(keepingCapacity: true)
  }

  mutating func add(district: Int, isNew: Bool, id: String, body: [UInt8]) throws {
    try Array(id.utf8).withUnsafeBufferPointer {
      try add(district: district, isNew: isNew, id: $0, body: body)
    }
  }

  private mutating func append(_ number: UInt32, bytes: Int) {
    for place in 0..<bytes { open.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
  }

  /// Calls `body` with up to `limit` rows at once, of one district each time, those of a district in the order in which they were
  /// added.
  func chunks(of limit: Int, _ body: ([Row]) throws -> Void) throws {
    var waiting: [Int: [Row]] = [:]
    var held = 0
    func flush(_ district: Int) throws {
      guard let rows = waiting.removeValue(forKey: district) else { return }
      held -= rows.reduce(0) { $0 + $1.weight }
      try body(rows)
    }
    for index in 0...blocks.count {
      let block =
        index < blocks.count ? try Gzip.decompress(blocks[index].packed, limit: blocks[index].length) : open
      var place = 0
      while let row = Self.row(block, &place) {
        waiting[row.district, default: []].append(row)
        held += row.weight
        if waiting[row.district, default: []].count >= limit {
          try flush(row.district)
        } else if held >= Self.window,
          let most = waiting.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })
        {
          try flush(most.key)
        }
      }
    }
    for district in waiting.keys.sorted() { try flush(district) }
  }

  private static func row(_ block: [UInt8], _ place: inout Int) -> Row? {
    func number(_ bytes: Int) -> Int {
      var number = 0
      for index in 0..<bytes { number |= Int(block[place + index]) << (8 * index) }
      place += bytes
      return number
    }
    guard place + 9 <= block.count else { return nil }
    let district = number(2)
    let isNew = number(1) == 1
    let (idLength, bodyLength) = (number(2), number(4))
    guard place + idLength + bodyLength <= block.count else { return nil }
    defer { place += idLength + bodyLength }
    return Row(
      district: district, isNew: isNew, id: String(decoding: block[place..<place + idLength], as: UTF8.self),
      body: Array(block[(place + idLength)..<(place + idLength + bodyLength)]))
  }
}
