/// Requests by operation and class of status, and the time they took.
struct RequestMetrics: Sendable {
  private let counts: [[Counter]]
  private let microseconds: [Counter]

  init(_ metrics: Metrics, listener: String, operations: [String]) {
    counts = operations.map { operation in
      ["2xx", "3xx", "4xx", "5xx"].map { status in
        metrics.counter(
          "rollcall_http_requests_total", "Answered requests.",
          labels: [("listener", listener), ("operation", operation), ("status", status)])
      }
    }
    microseconds = operations.map { operation in
      metrics.counter(
        "rollcall_http_request_microseconds_total", "Time spent answering, in microseconds.",
        labels: [("listener", listener), ("operation", operation)])
    }
  }

  func record(operation: Int, status: Int, seconds: Double) {
    counts[operation][min(3, max(0, status / 100 - 2))].increment()
    microseconds[operation].increment(by: Int(seconds * 1e6))
  }
}
