internal import Glibc

/// A view of bytes that lives as long as the closure that was given it.
typealias Bytes = UnsafeBufferPointer<UInt8>

extension UnsafeBufferPointer<UInt8> {
  /// The bytes of `range` as a view of their own; the range is clamped.
  func part(_ range: Range<Int>) -> Bytes { Bytes(rebasing: self[range.clamped(to: 0..<count)]) }

  /// Where `byte` is first at or after `start`; nil where it is not.
  func first(_ byte: UInt8, from start: Int = 0) -> Int? {
    guard start < count, let base = baseAddress, let found = memchr(base + start, Int32(byte), count - start) else {
      return nil
    }
    return UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
  }

  /// Calls `body` with each line, without its LF, until it says false.
  func eachLine(_ body: (Bytes) -> Bool) {
    var start = 0
    while start < count {
      let end = first(10, from: start) ?? count
      guard body(part(start..<end)) else { return }
      start = end + 1
    }
  }

  func hasPrefix(_ prefix: StaticString) -> Bool {
    guard count >= prefix.utf8CodeUnitCount, let base = baseAddress else { return prefix.utf8CodeUnitCount == 0 }
    return memcmp(base, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
  }

  /// What follows `prefix`, or nil where the bytes do not begin with it.
  func rest(after prefix: StaticString) -> Bytes? {
    hasPrefix(prefix) ? part(prefix.utf8CodeUnitCount..<count) : nil
  }

  /// Without the blanks and control characters at both ends.
  var trimmed: Bytes {
    var start = 0
    var end = count
    while start < end, self[start] <= 0x20 { start += 1 }
    while end > start, self[end - 1] <= 0x20 { end -= 1 }
    return part(start..<end)
  }

  /// The words between blanks, at most `limit` of them.
  func words(limit: Int = 64) -> [Bytes] {
    var words: [Bytes] = []
    var index = 0
    while index < count, words.count < limit {
      while index < count, self[index] <= 0x20 { index += 1 }
      let start = index
      while index < count, self[index] > 0x20 { index += 1 }
      if index > start { words.append(part(start..<index)) }
    }
    return words
  }

  /// A decimal number with an optional sign, alone but for blanks; nil for anything else and past 64 bits.
  var number: Int64? {
    var digits = trimmed
    guard let sign = digits.first else { return nil }
    let negative = sign == UInt8(ascii: "-")
    if negative || sign == UInt8(ascii: "+") { digits = digits.part(1..<digits.count) }
    guard !digits.isEmpty, digits.count <= 20 else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      let scaled = value.multipliedReportingOverflow(by: 10)
      let part = Int64(digit - 0x30)
      let sum = scaled.partialValue.addingReportingOverflow(negative ? -part : part)
      if scaled.overflow || sum.overflow { return nil }
      value = sum.partialValue
    }
    return value
  }

  /// One line of text for people: up to the first LF or NUL, trimmed, control characters left out, invalid UTF-8
  /// replaced, at most 256 bytes as read; nil where nothing remains.
  var text: String? {
    let start = firstIndex { $0 > 0x20 } ?? count
    let end = self[start...].firstIndex { $0 == 10 || $0 == 0 } ?? count
    let line = part(start..<end).trimmed
    if line.isEmpty { return nil }
    let kept = line.prefix(256).filter { $0 >= 0x20 && $0 != 0x7f }
    return String(decoding: kept, as: UTF8.self)
  }

  /// A 16-bit little-endian number; 0 past the end.
  func little16(at offset: Int) -> UInt16 {
    guard offset >= 0, offset + 2 <= count else { return 0 }
    return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// A 16-bit big-endian number; 0 past the end.
  func big16(at offset: Int) -> UInt16 { little16(at: offset).byteSwapped }
}
