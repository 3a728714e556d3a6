import Histogram
import Wire

/// What a run came to.
struct Report: Codable, Sendable {
  struct Latency: Codable, Sendable {
    var mean: Double
    var p50: UInt64
    var p90: UInt64
    var p99: UInt64
    var p999: UInt64
    var max: UInt64
    /// Whether times count from when an operation was due by the rate, not from when it could begin.
    var correctedForCoordinatedOmission: Bool
  }

  struct Process: Codable, Sendable {
    var cpuSeconds: Double
    var cpuMicrosecondsPerOperation: Double
    var residentBytesBefore: Int64
    var residentBytesAfter: Int64
    var peakBytes: Int64
  }

  var mode: String
  var seconds: Double
  var acknowledged: Int
  var perSecond: Double
  var connections: Int
  var bytesSent: Int
  var deferred: Int
  var statuses: [String: Int]
  var failures: [String: Int]
  var latencyMicroseconds: Latency
  /// Absent without `--controller-pid`.
  var controller: Process?
  /// This program's own cost.
  var generator: Process?
}

extension Report {
  init(mode: String, seconds: Double, tally: Tally, rated: Bool, controller: Span?, generator: Span?) {
    self.mode = mode
    self.seconds = seconds
    acknowledged = tally.acknowledged
    perSecond = seconds > 0 ? Double(tally.acknowledged) / seconds : 0
    connections = tally.connections
    bytesSent = tally.bytesSent
    deferred = tally.deferred
    statuses = Dictionary(uniqueKeysWithValues: tally.statuses.map { ("\($0)", $1) })
    failures = tally.failures
    let latency = tally.latency
    latencyMicroseconds = Latency(
      mean: latency.totalCount == 0 ? 0 : latency.mean, p50: latency.valueAtPercentile(50),
      p90: latency.valueAtPercentile(90), p99: latency.valueAtPercentile(99), p999: latency.valueAtPercentile(99.9),
      max: latency.totalCount == 0 ? 0 : latency.max, correctedForCoordinatedOmission: rated)
    self.controller = controller.map { Process($0, operations: tally.acknowledged) }
    self.generator = generator.map { Process($0, operations: tally.acknowledged) }
  }

  /// A process before and after the measured time.
  struct Span: Sendable {
    var before: ProcessSample
    var after: ProcessSample
  }

  var text: String {
    let latency = latencyMicroseconds
    var lines = [
      "mode           \(mode)",
      "time           \(decimals(seconds, 2)) s",
      "acknowledged   \(acknowledged)   \(decimals(perSecond, 1))/s",
      "connections    \(connections) made",
      "sent           \(bytesSent) bytes",
      "latency µs     mean \(decimals(latency.mean, 0))  p50 \(latency.p50)  p90 \(latency.p90)  p99 \(latency.p99)  "
        + "p99.9 \(latency.p999)  max \(latency.max)"
        + (latency.correctedForCoordinatedOmission ? "  (corrected for coordinated omission)" : ""),
      "statuses       \(listed(statuses))",
      "failures       \(listed(failures))",
      "deferred       \(deferred)",
    ]
    if let controller { lines.append("controller     \(controller.text)") }
    if let generator { lines.append("generator      \(generator.text)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func listed(_ counts: [String: Int]) -> String {
    counts.isEmpty ? "none" : counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
  }
}

extension Report.Process {
  init(_ span: Report.Span, operations: Int) {
    cpuSeconds = span.after.cpuSeconds - span.before.cpuSeconds
    cpuMicrosecondsPerOperation = operations == 0 ? 0 : cpuSeconds * 1e6 / Double(operations)
    residentBytesBefore = span.before.residentBytes
    residentBytesAfter = span.after.residentBytes
    peakBytes = span.after.peakBytes
  }

  var text: String {
    let mebibytes = { (bytes: Int64) in decimals(Double(bytes) / 1_048_576, 1) }
    return "\(decimals(cpuMicrosecondsPerOperation, 1)) µs CPU an operation, \(decimals(cpuSeconds, 2)) s; "
      + "RSS \(mebibytes(residentBytesBefore)) → \(mebibytes(residentBytesAfter)) MiB, peak \(mebibytes(peakBytes)) MiB"
  }
}

/// `value` with a fixed number of decimals.
func decimals(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  let scale = (0..<places).reduce(1.0) { scaled, _ in scaled * 10 }
  let scaled = Int64((abs(value) * scale).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard places > 0 else { return "\(sign)\(scaled)" }
  return "\(sign)\(scaled / Int64(scale)).\(padded(UInt64(scaled % Int64(scale)), places))"
}
