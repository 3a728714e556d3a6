/// The order of Debian's package versions: `[epoch:]upstream[-revision]`.
///
/// Source: Debian Policy 5.6.12; dpkg's lib/dpkg/version.c, verrevcmp
package enum PackageVersion {
  package typealias Bytes = UnsafeBufferPointer<UInt8>

  /// Below, at or above zero, as `left` is older than, the same as or newer than `right`.
  package static func compare(_ left: Bytes, _ right: Bytes) -> Int {
    let (left, right) = (parts(left), parts(right))
    // An epoch is a number, and the rule for parts orders numbers; none is the same as 0.
    for (one, other) in [(left.epoch, right.epoch), (left.upstream, right.upstream), (left.revision, right.revision)] {
      let order = comparePart(one, other)
      if order != 0 { return order }
    }
    return 0
  }

  private static func parts(_ version: Bytes) -> (epoch: Bytes, upstream: Bytes, revision: Bytes) {
    let colon = version.firstIndex(of: UInt8(ascii: ":"))
    let rest = Bytes(rebasing: version[(colon.map { $0 + 1 } ?? 0)...])
    let dash = rest.lastIndex(of: UInt8(ascii: "-"))
    return (
      Bytes(rebasing: version[..<(colon ?? 0)]), Bytes(rebasing: rest[..<(dash ?? rest.count)]),
      Bytes(rebasing: rest[(dash.map { $0 + 1 } ?? rest.count)...])
    )
  }

  /// Whether `left` is older than `right`.
  package static func isOlder(_ left: String, than right: String) -> Bool {
    var (left, right) = (left, right)
    return left.withUTF8 { left in right.withUTF8 { compare(left, $0) < 0 } }
  }

  /// Runs of what is no digit by ``rank(_:)``, runs of digits by their value, in turns.
  private static func comparePart(_ left: Bytes, _ right: Bytes) -> Int {
    var (one, other) = (0, 0)
    while one < left.count || other < right.count {
      while one < left.count && !isDigit(left[one]) || other < right.count && !isDigit(right[other]) {
        let order = rank(one < left.count ? left[one] : nil) - rank(other < right.count ? right[other] : nil)
        if order != 0 { return order }
        one += 1
        other += 1
      }
      while one < left.count, left[one] == UInt8(ascii: "0") { one += 1 }
      while other < right.count, right[other] == UInt8(ascii: "0") { other += 1 }
      var first = 0
      while one < left.count, isDigit(left[one]), other < right.count, isDigit(right[other]) {
        if first == 0 { first = Int(left[one]) - Int(right[other]) }
        one += 1
        other += 1
      }
      if one < left.count, isDigit(left[one]) { return 1 }
      if other < right.count, isDigit(right[other]) { return -1 }
      if first != 0 { return first }
    }
    return 0
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// `~` before the end, the end and digits before letters, letters before all else.
  private static func rank(_ byte: UInt8?) -> Int {
    guard let byte, !isDigit(byte) else { return 0 }
    if byte == UInt8(ascii: "~") { return -1 }
    let isLetter = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    return isLetter ? Int(byte) : Int(byte) + 256
  }
}
