/// A size in bytes.
package struct ByteCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible, ExpressibleByIntegerLiteral
{
  package let bytes: Int64

  package init(_ bytes: Int64) { self.bytes = bytes }
  package init(integerLiteral value: Int64) { bytes = value }

  /// `count` × 1,024 bytes, saturating.
  package static func kibibytes(_ count: Int64) -> ByteCount { scaled(count, by: 1024) }
  /// `count` × 1,048,576 bytes, saturating.
  package static func mebibytes(_ count: Int64) -> ByteCount { scaled(count, by: 1 << 20) }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  package init(from decoder: any Decoder) throws { bytes = try decoder.singleValueContainer().decode(Int64.self) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(bytes)
  }

  /// `512 B`, `7.6 GiB`: binary units, one decimal below ten.
  package var description: String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(bytes)
    var unit = 0
    while abs(value) >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    let tenths = Int64((value * 10).rounded())
    return tenths < 100
      ? "\(tenths / 10).\(abs(tenths % 10)) \(units[unit])" : "\(Int64(value.rounded())) \(units[unit])"
  }

  private static func scaled(_ count: Int64, by factor: Int64) -> ByteCount {
    let product = count.multipliedReportingOverflow(by: factor)
    return ByteCount(product.overflow ? (count < 0 ? .min : .max) : product.partialValue)
  }
}
