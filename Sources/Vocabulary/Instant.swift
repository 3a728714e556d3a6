/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Messages and tables carry the number; people and the API read RFC 3339.
package struct Instant: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Saturates where milliseconds cannot hold so many seconds.
  package init(seconds: Int64) {
    let product = seconds.multipliedReportingOverflow(by: 1000)
    milliseconds = product.overflow ? (seconds < 0 ? .min : .max) : product.partialValue
  }

  package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

  /// The instant `duration` later; saturates instead of trapping, for hostile input reaches this.
  package func advanced(by duration: Duration) -> Instant {
    let (seconds, attoseconds) = duration.components
    let delta = seconds.multipliedReportingOverflow(by: 1000)
    let whole = delta.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    let sum = milliseconds.addingReportingOverflow(whole.partialValue)
    if delta.overflow || whole.overflow || sum.overflow {
      return Instant(milliseconds: duration < .zero ? .min : .max)
    }
    return Instant(milliseconds: sum.partialValue)
  }

  /// How long after `other` this instant is; negative if before, saturating.
  package func since(_ other: Instant) -> Duration {
    let difference = milliseconds.subtractingReportingOverflow(other.milliseconds)
    if difference.overflow { return .milliseconds(milliseconds < other.milliseconds ? Int64.min : Int64.max) }
    return .milliseconds(difference.partialValue)
  }

  package init(from decoder: any Decoder) throws {
    milliseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }

  package var description: String { rfc3339 }
}
