internal import Glibc

/// Walks over the lines of a software list's bytes, each ended by LF, without making strings.
struct LineScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The present line without its LF; empty at the end.
  private(set) var line: UnsafeBufferPointer<UInt8>
  /// The index of the present line from 0; after the last line, their count.
  private(set) var index = 0
  private(set) var atEnd = false
  private var next = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    line = UnsafeBufferPointer(rebasing: bytes[0..<0])
    step()
  }

  mutating func advance() {
    guard !atEnd else { return }
    index += 1
    step()
  }

  /// Negative where this line sorts before the other's, 0 where they are equal; by bytes. Call it on two lines.
  @inline(__always)
  func compare(_ other: LineScanner) -> Int {
    let common = min(line.count, other.line.count)
    guard common > 0, let left = line.baseAddress, let right = other.line.baseAddress else {
      return line.count - other.line.count
    }
    let order = Int(memcmp(left, right, common))
    return order == 0 ? line.count - other.line.count : order
  }

  private mutating func step() {
    guard next < bytes.count, let start = bytes.baseAddress?.advanced(by: next) else {
      atEnd = true
      line = UnsafeBufferPointer(rebasing: bytes[0..<0])
      return
    }
    let left = bytes.count - next
    let length = memchr(start, 10, left).map { UnsafeRawPointer($0) - UnsafeRawPointer(start) } ?? left
    line = UnsafeBufferPointer(start: start, count: length)
    next += length + 1
  }
}
