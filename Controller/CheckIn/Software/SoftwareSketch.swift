/// A few numbers by which two software lists are seen to be alike without comparing their lines: the 64 smallest
/// hashes of the lines.
///
/// Source: A. Broder, "On the resemblance and containment of documents" (1997), bottom-k form.
struct SoftwareSketch: Sendable, Hashable {
  static let size = 64

  /// Rising, at most ``size``.
  private(set) var smallest: [UInt64] = []
  /// Lines of the whole list.
  private(set) var packages = 0

  init(_ list: [UInt8]) {
    smallest.reserveCapacity(Self.size + 1)
    list.withUnsafeBufferPointer { bytes in
      var lines = LineScanner(bytes)
      while !lines.atEnd {
        insert(Self.hash(lines.line))
        lines.advance()
      }
      packages = lines.index
    }
  }

  /// From the stored form: 8 bytes a hash, little-endian.
  init?(stored bytes: [UInt8], packages: Int) {
    guard bytes.count % 8 == 0, bytes.count <= Self.size * 8, packages >= 0 else { return nil }
    for start in stride(from: 0, to: bytes.count, by: 8) {
      smallest.append(bytes[start..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    self.packages = packages
  }

  var stored: [UInt8] {
    smallest.flatMap { hash in (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0))) } }
  }

  /// An estimate of the lines that both have, as a share of the lines that either has; 1 for two empty lists.
  ///
  /// - Parameter least: below this any number does: most lists are seen to be unlike after a few hashes.
  func likeness(_ other: SoftwareSketch, atLeast least: Double = 0) -> Double {
    let left = smallest
    let right = other.smallest
    // Hashes that only one of both has: with more of them than this, the share stays below `least`.
    let most = Int((Double(Self.size) * (1 - least)).rounded(.down))
    var (i, j, taken, both) = (0, 0, 0, 0)
    while taken < Self.size, i < left.count || j < right.count {
      if taken - both > most { return 0 }
      if j >= right.count || (i < left.count && left[i] < right[j]) {
        i += 1
      } else if i >= left.count || right[j] < left[i] {
        j += 1
      } else {
        both += 1
        i += 1
        j += 1
      }
      taken += 1
    }
    return taken == 0 ? 1 : Double(both) / Double(taken)
  }

  private mutating func insert(_ hash: UInt64) {
    if smallest.count == Self.size, let largest = smallest.last, hash >= largest { return }
    var position = smallest.count
    while position > 0, smallest[position - 1] > hash { position -= 1 }
    if position > 0, smallest[position - 1] == hash { return }
    smallest.insert(hash, at: position)
    if smallest.count > Self.size { smallest.removeLast() }
  }

  /// Eight bytes at a step; only to compare lists, never against an adversary: a bad sketch costs a new base.
  private static func hash(_ line: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(line)
    var hash = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: raw.count)
    var offset = 0
    while offset + 8 <= raw.count {
      hash = mixed(hash ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < raw.count {
      tail = tail << 8 | UInt64(raw[offset])
      offset += 1
    }
    return mixed(hash ^ tail)
  }

  @inline(__always)
  private static func mixed(_ value: UInt64) -> UInt64 {
    let (high, low) = (value ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
    return high ^ low
  }
}
