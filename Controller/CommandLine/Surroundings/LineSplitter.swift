/// Cuts a file that comes in pieces into its lines.
struct LineSplitter {
  let path: String
  let longest: Int
  private var held: [UInt8] = []
  private var number = 0

  init(path: String, longest: Int) {
    self.path = path
    self.longest = longest
  }

  /// - Throws: ``CommandError`` where a line is too long; what `body` throws.
  mutating func add(
    _ piece: ArraySlice<UInt8>, _ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void
  ) throws(CommandError) {
    var rest = piece
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try give(rest[..<end], body)
      rest = rest[(end + 1)...]
    }
    held += rest
    guard held.count <= longest else { throw tooLong }
  }

  /// What stands after the last newline is a line too, where there is anything.
  mutating func end(_ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void) throws(CommandError) {
    guard !held.isEmpty else { return }
    try give([], body)
  }

  private mutating func give(
    _ tail: ArraySlice<UInt8>, _ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void
  ) throws(CommandError) {
    guard held.count + tail.count <= longest else { throw tooLong }
    number += 1
    guard !held.isEmpty else { return try body(number, tail) }
    held += tail
    let line = held
    held.removeAll(keepingCapacity: true)
    try body(number, line[...])
  }

  private var tooLong: CommandError {
    var error = CommandError(.refused, "\(path) has a line of more than \(longest) bytes, which is not read.")
    error.file = path
    error.places = [.init(line: number + 1, column: nil, message: "the line is too long")]
    return error
  }
}
