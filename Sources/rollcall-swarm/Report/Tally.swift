import Histogram

/// What one worker counted; workers' tallies add up.
struct Tally: Sendable {
  /// Operations that the controller acknowledged: a check-in by its sequence number, an enrolment by a certificate.
  var acknowledged = 0
  var connections = 0
  /// Answers by HTTP status.
  var statuses: [Int: Int] = [:]
  /// What failed, by code.
  var failures: [String: Int] = [:]
  /// Why operations were put off, by code; they came again and are no failures.
  var refusals: [String: Int] = [:]
  /// The most connections of all loops together that were open when one more was.
  var mostOpen = 0
  /// Answers 429 and 503, obeyed and sent again.
  var deferred = 0
  var bytesSent = 0
  /// From the intended moment to the acknowledgement, in microseconds.
  var latency = Histogram<UInt32>(highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)

  mutating func acknowledge(microseconds: Int64) {
    acknowledged += 1
    latency.record(UInt64(clamping: max(1, microseconds)))
  }

  mutating func fail(_ code: String) { failures[code, default: 0] += 1 }

  mutating func refuse(_ code: String) { refusals[code, default: 0] += 1 }

  mutating func add(_ other: Tally) {
    acknowledged += other.acknowledged
    connections += other.connections
    statuses.merge(other.statuses, uniquingKeysWith: +)
    failures.merge(other.failures, uniquingKeysWith: +)
    refusals.merge(other.refusals, uniquingKeysWith: +)
    mostOpen = max(mostOpen, other.mostOpen)
    deferred += other.deferred
    bytesSent += other.bytesSent
    latency.add(other.latency)
  }
}
