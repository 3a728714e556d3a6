/// A value with one specified byte encoding, over which hashes run; JSON is never hashed.
///
/// The encoding of version 1: a structure is its fields in the order of its declaration, those that are nil left
/// out. A field is its name, then its value. Names and texts are a 32-bit big-endian count of UTF-8 bytes and the
/// bytes, preceded by `s`; integers `i` and 64 bits big-endian; booleans `t` or `f`; lists `l`, a 32-bit count and
/// the elements; structures `{`, the fields, `}`.
package protocol Canonical {
  func encode(into encoder: inout CanonicalEncoder)
}

extension Canonical {
  package var canonicalBytes: [UInt8] {
    var encoder = CanonicalEncoder()
    encode(into: &encoder)
    return encoder.bytes
  }
}

package struct CanonicalEncoder: Sendable {
  package private(set) var bytes: [UInt8] = []
  /// Bytes of the longest text so far.
  private(set) var longestText = 0

  package init() {}

  package mutating func field(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    self.name(name)
    text(value)
  }

  package mutating func field(_ name: StaticString, _ value: Int64?) {
    guard let value else { return }
    self.name(name)
    bytes.append(UInt8(ascii: "i"))
    big(UInt64(bitPattern: value))
  }

  package mutating func field(_ name: StaticString, _ value: Int?) { field(name, value.map(Int64.init)) }

  package mutating func field(_ name: StaticString, _ value: Bool?) {
    guard let value else { return }
    self.name(name)
    bytes.append(UInt8(ascii: value ? "t" : "f"))
  }

  package mutating func field(_ name: StaticString, _ value: (some Canonical)?) {
    guard let value else { return }
    self.name(name)
    structure(value)
  }

  package mutating func field(_ name: StaticString, _ values: [some Canonical]) {
    self.name(name)
    list(values.count)
    for value in values { structure(value) }
  }

  package mutating func field(_ name: StaticString, _ values: [String]?) {
    guard let values else { return }
    self.name(name)
    list(values.count)
    for value in values { text(value) }
  }

  /// Bytes that are an encoding already, alone in their section.
  package mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func name(_ name: StaticString) {
    bytes.append(UInt8(ascii: "s"))
    big(UInt32(name.utf8CodeUnitCount))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func text(_ value: String) {
    bytes.append(UInt8(ascii: "s"))
    longestText = max(longestText, value.utf8.count)
    big(UInt32(truncatingIfNeeded: value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  private mutating func list(_ count: Int) {
    bytes.append(UInt8(ascii: "l"))
    big(UInt32(truncatingIfNeeded: count))
  }

  private mutating func structure(_ value: some Canonical) {
    bytes.append(UInt8(ascii: "{"))
    value.encode(into: &self)
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func big(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
