extension [UInt8] {
  /// Whether a text in this JSON holds U+0000, which no name of anything has and PostgreSQL stores in no text.
  package var hasNULInJSON: Bool {
    withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        guard bytes[index] == UInt8(ascii: "\\") else {
          index += 1
          continue
        }
        if bytes.count - index >= 6, bytes[index + 1] == UInt8(ascii: "u"),
          (2...5).allSatisfy({ bytes[index + $0] == UInt8(ascii: "0") })
        {
          return true
        }
        // Two backslashes are one that escapes nothing.
        index += 2
      }
      return false
    }
  }
}
