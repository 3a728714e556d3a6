extension SoftwareList {
  /// Makes a list from fields in any order, without a string for each: lines gather in one buffer, and only their
  /// places are sorted.
  package struct Builder {
    private var text: [UInt8] = []
    private var lines: [Range<Int>] = []
    /// How many packages were refused: a malformed field, a line that is too long, or a list that is full.
    package private(set) var refused = 0

    package init() {}

    package var isEmpty: Bool { lines.isEmpty }

    /// Counts a package that is there but cannot be told.
    package mutating func refuse() { refused += 1 }

    /// Adds a package, unless a field is malformed or a limit is reached.
    package mutating func add(name: [UInt8], version: [UInt8], architecture: [UInt8], source: StaticString) {
      let start = text.count
      let length = name.count + version.count + architecture.count + source.utf8CodeUnitCount + 3
      guard !name.isEmpty, !version.isEmpty, length <= Limits.packageLineBytes, lines.count < Limits.packages,
        start + length + 1 <= Limits.softwareBytes
      else {
        refused += 1
        return
      }
      text.append(contentsOf: name)
      text.append(9)
      text.append(contentsOf: version)
      text.append(9)
      text.append(contentsOf: architecture)
      text.append(9)
      source.withUTF8Buffer { text.append(contentsOf: $0) }
      guard isText(from: start, tabs: 3) else {
        text.removeSubrange(start...)
        refused += 1
        return
      }
      text.append(10)
      lines.append(start..<text.count)
    }

    /// The sorted list, each line once. Takes what was added.
    package mutating func finished() -> SoftwareList {
      let encoding = text.withUnsafeBufferPointer { text in
        lines.sort { text[$0.lowerBound..<$0.upperBound - 1].precedes(text[$1.lowerBound..<$1.upperBound - 1]) }
        return String(unsafeUninitializedCapacity: text.count) { room in
          var filled = 0
          var last = 0..<0
          for line in lines where !text[line].elementsEqual(text[last]) {
            filled = room[filled...].update(fromContentsOf: text[line])
            last = line
          }
          return filled
        }
      }
      (text, lines) = ([], [])
      return SoftwareList(checked: encoding)
    }

    /// Whether the line that begins at `start` is UTF-8 without control characters but its tabs.
    private func isText(from start: Int, tabs: Int) -> Bool {
      var found = 0
      var ascii = true
      for byte in text[start...] {
        if byte == 9 { found += 1 } else if byte < 0x20 || byte == 0x7f { return false }
        if byte >= 0x80 { ascii = false }
      }
      return found == tabs && (ascii || String(validating: text[start...], as: UTF8.self) != nil)
    }
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  /// Whether these bytes come before the others, as ``SoftwareList`` orders its lines.
  fileprivate func precedes(_ other: Self) -> Bool {
    let shared = Swift.min(count, other.count)
    for offset in 0..<shared {
      let (left, right) = (self[startIndex + offset], other[other.startIndex + offset])
      if left != right { return left < right }
    }
    return count < other.count
  }
}
