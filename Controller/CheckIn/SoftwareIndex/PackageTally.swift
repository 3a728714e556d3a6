internal import Wire

/// A package without its name.
struct PackageVariant: Hashable, Sendable {
  /// `ARCHITECTURE TAB SOURCE TAB VERSION`: what differs least stands first, so that neighbours begin alike.
  fileprivate let text: String

  init(_ package: SoftwareList.Package) {
    self.init(version: package.version, architecture: package.architecture, source: package.source)
  }

  /// Fields of a package, which hold no tab.
  init(version: String, architecture: String, source: String) { text = "\(architecture)\t\(source)\t\(version)" }

  func named(_ name: String) -> SoftwareList.Package {
    let fields = text.utf8.split(separator: 9, omittingEmptySubsequences: false).map { String($0) ?? "" }
    return SoftwareList.Package(name: name, version: fields[2], architecture: fields[0], source: fields[1])
  }

  fileprivate init?(text: [UInt8]) {
    guard text.count(where: { $0 == 9 }) == 2 else { return nil }
    self.text = String(decoding: text, as: UTF8.self)
  }
}

/// How many devices of a district have each variant of one package beyond what their bases have, or less than these.
///
/// Encoded as the byte 1, then for each variant in the order of its text: how many bytes it begins with that the one
/// before has too, how many more it has, these bytes, and the count as a zigzag number; numbers as little-endian
/// base-128.
struct PackageTally: Hashable, Sendable {
  private(set) var counts: [PackageVariant: Int] = [:]

  init() {}

  mutating func add(_ variant: PackageVariant, _ amount: Int) {
    let sum = (counts[variant] ?? 0) + amount
    counts[variant] = sum == 0 ? nil : sum
  }

  mutating func add(_ other: PackageTally) { for (variant, count) in other.counts { add(variant, count) } }

  var encoded: [UInt8] {
    var bytes: [UInt8] = [1]
    var last: [UInt8] = []
    let sorted = counts.map { (Array($0.key.text.utf8), $0.value) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
    for (text, count) in sorted {
      let shared = zip(last, text).prefix { $0 == $1 }.count
      Self.append(UInt64(shared), to: &bytes)
      Self.append(UInt64(text.count - shared), to: &bytes)
      bytes += text[shared...]
      Self.append(UInt64(bitPattern: Int64((count << 1) ^ (count >> 63))), to: &bytes)
      last = text
    }
    return bytes
  }

  /// nil where the bytes are no encoded tally.
  init?(encoded bytes: [UInt8]) {
    guard bytes.first == 1 else { return nil }
    var position = 1
    var text: [UInt8] = []
    while position < bytes.count {
      guard let shared = Self.number(in: bytes, at: &position), let more = Self.number(in: bytes, at: &position),
        shared <= UInt64(text.count), more <= UInt64(bytes.count - position)
      else { return nil }
      text.removeLast(text.count - Int(shared))
      text += bytes[position..<(position + Int(more))]
      position += Int(more)
      guard let folded = Self.number(in: bytes, at: &position), let variant = PackageVariant(text: text) else {
        return nil
      }
      counts[variant] = Int(folded >> 1) ^ -Int(folded & 1)
    }
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// At most 56 bits: no sum or shift overflows.
  private static func number(in bytes: [UInt8], at position: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 56, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }
}
