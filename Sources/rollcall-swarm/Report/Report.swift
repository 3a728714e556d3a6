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

  /// How far a run had come.
  struct Sample: Codable, Sendable {
    var second: Double
    var acknowledged: Int
    var failed: Int
    var deferred: Int
    /// Of all until then, in microseconds.
    var p99: UInt64
    var controllerResidentBytes: Int64?
    var controllerCpuSeconds: Double?
  }

  /// How a whole fleet came in after everybody started at once.
  struct Return: Codable, Sendable {
    var devices: Int
    /// Those who never came in.
    var missing: Int
    /// What admission predicts: all devices and all refusals, each with its handshake, at `--expected-rate`.
    var predictedSeconds: Double?
    /// The time it took to the predicted one.
    var ratio: Double?
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
  /// Why operations were put off: 429 and 503, by code.
  var refusals: [String: Int]
  var mostOpenConnections: Int
  var latencyMicroseconds: Latency
  /// Absent without `--controller-pid`.
  var controller: Process?
  /// This program's own cost.
  var generator: Process?
  /// With `--sample-every`.
  var samples: [Sample]?
  /// Of `restart`.
  var restart: Return?
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
    refusals = tally.refusals
    mostOpenConnections = tally.mostOpen
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
      "connections    \(connections) made, \(mostOpenConnections) open at once at most",
      "sent           \(bytesSent) bytes",
      "latency µs     mean \(decimals(latency.mean, 0))  p50 \(latency.p50)  p90 \(latency.p90)  p99 \(latency.p99)  "
        + "p99.9 \(latency.p999)  max \(latency.max)"
        + (latency.correctedForCoordinatedOmission ? "  (corrected for coordinated omission)" : ""),
      "statuses       \(listed(statuses))",
      "failures       \(listed(failures))",
      "deferred       \(deferred)\(refusals.isEmpty ? "" : ": " + listed(refusals))",
    ]
    if let controller { lines.append("controller     \(controller.text)") }
    if let generator { lines.append("generator      \(generator.text)") }
    if let restart { lines.append("restart        \(restart.text)") }
    for sample in samples ?? [] { lines.append("  \(sample.text)") }
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

extension Report.Return {
  init(devices: Int, acknowledged: Int, refused: Int, seconds: Double, expectedRate: Double?) {
    self.devices = devices
    missing = devices - acknowledged
    predictedSeconds = expectedRate.map { Double(acknowledged + refused) / $0 }
    ratio = predictedSeconds.flatMap { $0 > 0 ? seconds / $0 : nil }
  }

  var text: String {
    let predicted = predictedSeconds.map { ", predicted \(decimals($0, 1)) s, ratio \(decimals(ratio ?? 0, 2))" } ?? ""
    return "\(devices) devices, \(missing) missing\(predicted)"
  }
}

extension Report.Sample {
  var text: String {
    let memory = controllerResidentBytes.map { ", controller \(decimals(Double($0) / 1_048_576, 1)) MiB" } ?? ""
    return "\(decimals(second, 0)) s: \(acknowledged) acknowledged, \(failed) failed, p99 \(p99) µs\(memory)"
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
