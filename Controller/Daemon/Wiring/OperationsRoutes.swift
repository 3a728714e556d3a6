import Foundation
import Serving
import Storage
import Vocabulary

/// Health for balancers and numbers for operators.
struct OperationsRoutes: Sendable {
  private let readiness: SharedLook
  let metrics: Metrics

  init(readiness: Readiness, metrics: Metrics) {
    self.readiness = SharedLook { try await readiness.require(now: $0) }
    self.metrics = metrics
    metrics.gauge("process_resident_memory_bytes", "Resident memory.") { ProcessNumbers.residentBytes }
    metrics.counter(
      "process_cpu_seconds_total", "Processor time, user and system.", seconds: { ProcessNumbers.cpuSeconds })
    metrics.gauge("process_open_fds", "Open file descriptors.") { ProcessNumbers.openDescriptors }
  }

  var peopleRoutes: [PeopleRoute] {
    [
      PeopleRoute(.get, "/healthz", .open, Operation("isAlive", "Whether the process answers", media: ["text/plain"])) {
        _, _ in
        .text("alive\n")
      },
      PeopleRoute(
        .get, "/readyz", .open,
        Operation(
          "isReady", "Whether the database answers and takes changes; 503 where it does not", media: ["text/plain"])
      ) { call, _ in
        try await readiness.look(now: call.now)
        return .text("ready\n")
      },
      PeopleRoute(
        .get, "/metrics", .state([.stateAdmin, .auditor, .readOnly]),
        Operation("readMetrics", "Numbers in Prometheus's text format", media: ["text/plain"])
      ) { _, _ in .text(metrics.text, type: "text/plain; version=0.0.4; charset=utf-8") },
    ]
  }
}

/// The API's own description.
enum Description {
  static func route(of routes: [PeopleRoute]) -> PeopleRoute {
    let operation = Operation("describeAPI", "This OpenAPI 3.1 document", media: ["application/json"])
    let path = "/api/v1/openapi.json"
    // The document holds its own route too.
    let all = routes + [PeopleRoute(.get, path, .open, operation) { _, _ in Reply(.ok) }]
    let document = Result { try OpenAPIDocument.document(of: all, version: Release.version) }
    return PeopleRoute(.get, path, .open, operation) { _, _ in
      Reply(.ok, headers: [.contentType: "application/json"], body: try document.get())
    }
  }
}

/// The process as the kernel sees it.
enum ProcessNumbers {
  /// Source: /proc/self/statm, pages.
  static var residentBytes: Double {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Double(fields[1]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE))) : 0
  }

  static var cpuSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  static var openDescriptors: Double {
    Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
  }
}
