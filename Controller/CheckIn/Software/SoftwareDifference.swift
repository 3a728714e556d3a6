internal import Compression
internal import Wire

/// How one software list differs from its base: the base's lines that are gone, by number, and the lines that came.
///
/// Encoded as: the byte 1; a count and the gaps between the removed lines' numbers, each a little-endian base-128
/// number; then the added lines, sorted, each ended by LF. Where it is shorter so, all this packed (the byte 2).
struct SoftwareDifference: Sendable, Hashable {
  /// Numbers of the base's lines, from 0, rising.
  var removed: [Int] = []
  /// Sorted lines, each ended by LF.
  var added: [UInt8] = []
  var addedCount = 0

  /// An upgraded package leaves one line and brings one: it counts once.
  var packages: Int { max(removed.count, addedCount) }

  /// The difference, or nil as soon as over `limit` lines are gone or came.
  init?(from base: [UInt8], to list: [UInt8], limit: Int) {
    let complete = base.withUnsafeBufferPointer { base in
      list.withUnsafeBufferPointer { list in collect(LineScanner(base), LineScanner(list), limit: limit) }
    }
    guard complete else { return nil }
  }

  init() {}

  /// Two fingers over sorted lines.
  private mutating func collect(_ base: LineScanner, _ list: LineScanner, limit: Int) -> Bool {
    var base = base
    var list = list
    while !base.atEnd || !list.atEnd {
      let order = base.atEnd ? 1 : list.atEnd ? -1 : base.compare(list)
      if order == 0 {
        base.advance()
        list.advance()
      } else if order < 0 {
        removed.append(base.index)
        base.advance()
      } else {
        added.append(contentsOf: list.line)
        added.append(10)
        addedCount += 1
        list.advance()
      }
      if removed.count > limit || addedCount > limit { return false }
    }
    return true
  }

  /// How many lines came and how many are gone, without keeping them.
  static func counts(from base: [UInt8], to list: [UInt8]) -> (came: Int, went: Int) {
    base.withUnsafeBufferPointer { base in
      list.withUnsafeBufferPointer { list in
        var (base, list) = (LineScanner(base), LineScanner(list))
        var (came, went) = (0, 0)
        while !base.atEnd || !list.atEnd {
          let order = base.atEnd ? 1 : list.atEnd ? -1 : base.compare(list)
          if order < 0 { went += 1 } else if order > 0 { came += 1 }
          if order <= 0 { base.advance() }
          if order >= 0 { list.advance() }
        }
        return (came, went)
      }
    }
  }

  /// The list that differs so from `base`; nil where this is no difference of that base.
  func applied(to base: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(base.count + added.count)
    let complete = base.withUnsafeBufferPointer { base in
      added.withUnsafeBufferPointer { added in merge(LineScanner(base), LineScanner(added), into: &result) }
    }
    return complete ? result : nil
  }

  private func merge(_ base: LineScanner, _ added: LineScanner, into result: inout [UInt8]) -> Bool {
    var base = base
    var added = added
    var gone = removed.makeIterator()
    var nextGone = gone.next()
    while !base.atEnd || !added.atEnd {
      if !base.atEnd, base.index == nextGone {
        nextGone = gone.next()
        base.advance()
        continue
      }
      let order = base.atEnd ? 1 : added.atEnd ? -1 : base.compare(added)
      if order == 0 { return false }
      result.append(contentsOf: order < 0 ? base.line : added.line)
      result.append(10)
      if order < 0 { base.advance() } else { added.advance() }
    }
    return nextGone == nil
  }
}

extension SoftwareDifference {
  /// Part of the stored format: what is packed with it can be read with it alone.
  static let packing = Packing(
    mark: 2,
    dictionary: """
      xserver-xorg-python3-linux-image-linux-headers-libreoffice-gstreamer1.0-gnome-fonts-firefox-esr-chromium-gir1.2-lib\
      -common-data-dev-perl-utils-bin\t1:7.0.4-4+deb12u8\tall\tdpkg\n\t0ubuntu0.24.04.1\tamd64\tsnap\n\t+dfsg-1+b1\tarm64\tdpkg\n\
      \t2:1.0.0-1ubuntu2\tall\tdpkg\n\t1.21.0-2+deb12u1\tamd64\tdpkg\n
      """)

  var encoded: [UInt8] {
    let plain = plainlyEncoded
    // Without memory to pack it, it is stored longer.
    return (try? Self.packing.pack(plain)) ?? plain
  }

  private var plainlyEncoded: [UInt8] {
    var bytes: [UInt8] = [1]
    bytes.reserveCapacity(added.count + removed.count * 2 + 4)
    Self.append(removed.count, to: &bytes)
    var last = 0
    for number in removed {
      Self.append(number - last, to: &bytes)
      last = number
    }
    return bytes + added
  }

  /// nil where the bytes are no encoded difference.
  init?(encoded stored: [UInt8]) {
    var position = 1
    guard let bytes = try? Self.packing.unpack(stored, limit: Limits.messageBytes) else { return nil }
    guard bytes.first == 1, let count = Self.number(in: bytes, at: &position), count <= bytes.count else { return nil }
    removed.reserveCapacity(count)
    var last = 0
    for index in 0..<count {
      guard let gap = Self.number(in: bytes, at: &position), index == 0 || gap > 0 else { return nil }
      last += gap
      removed.append(last)
    }
    added = Array(bytes[position...])
    guard added.isEmpty || added.last == 10 else { return nil }
    addedCount = added.reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
  }

  private static func append(_ number: Int, to bytes: inout [UInt8]) {
    var rest = UInt32(truncatingIfNeeded: number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// At most 28 bits, so that sums of many cannot overflow.
  private static func number(in bytes: [UInt8], at position: inout Int) -> Int? {
    var value = 0
    for shift in stride(from: 0, to: 28, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
