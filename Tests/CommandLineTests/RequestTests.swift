import Testing

@testable import rollcall

@Suite("Requests")
struct RequestTests {
  @Test("A list follows its pages up to the limit and says that there is more")
  func paging() {
    let controller = FakeController { request throws(ConnectionFailure) in
      request.target.contains("after=b")
        ? .json("{\"items\":[{\"id\":\"c\"},{\"id\":\"d\"}],\"next\":\"d\"}")
        : .json("{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"next\":\"b\"}")
    }
    let outcome = run("district", "list", "--limit", "3", "--output", "csv", on: controller)
    #expect(controller.requests.map(\.target) == ["/api/v1/districts?limit=3", "/api/v1/districts?limit=1&after=b"])
    #expect(outcome.out == "id,name,unknownSerials,createdAt\r\na,,,\r\nb,,,\r\nc,,,\r\n")
    #expect(outcome.err.contains("more than 3"))
  }

  @Test("--all follows every page")
  func all() {
    let controller = FakeController { request throws(ConnectionFailure) in
      request.target.contains("after=a")
        ? .json("{\"items\":[{\"id\":\"b\"}]}") : .json("{\"items\":[{\"id\":\"a\"}],\"next\":\"a\"}")
    }
    let outcome = run("district", "list", "--all", "--output", "json", on: controller)
    #expect(controller.requests.count == 2)
    #expect(JSONValue(Array(outcome.out.utf8))?.items.map { $0["id"].text } == ["a", "b"])
    #expect(outcome.err.isEmpty)
  }

  @Test("A write carries one Idempotency-Key, and its repetition the same")
  func idempotency() {
    let lost = ConnectionFailure(message: "Lost.", code: "transfer.interrupted", isTransient: true)
    let controller = FakeController(.failure(lost), .success(.json("{\"id\":\"cedar-falls\"}", status: 201)))
    #expect(run("district", "create", "cedar-falls", "--name", "Cedar Falls", on: controller).status == .success)
    let keys = controller.requests.map { $0.headers.first { $0.name == "Idempotency-Key" }?.value }
    #expect(keys == ["key-1", "key-1"])
    #expect(controller.requests[0] == controller.requests[1])
  }

  @Test("Reading carries no Idempotency-Key, and always the token")
  func reading() {
    let controller = FakeController(.success(.json("{\"items\":[]}")))
    #expect(run("district", "list", on: controller).status == .success)
    let headers = controller.requests[0].headers
    #expect(!headers.contains { $0.name == "Idempotency-Key" })
    #expect(headers.contains { $0.name == "Authorization" && $0.value == "Bearer rcp_secret" })
  }

  @Test("Retry-After is obeyed")
  func busy() {
    let controller = FakeController(
      .success(.json("{}", status: 503, headers: [("retry-after", "2")])), .success(.json("{\"items\":[]}")))
    #expect(run("district", "list", on: controller).status == .success)
    #expect(controller.requests.count == 2)
  }

  @Test("What people type stays one part of the path")
  func encoding() {
    #expect(Target("devices", "../a b/ü?x=1&y").text == "/api/v1/devices/..%2Fa%20b%2F%C3%BC%3Fx%3D1%26y")
    #expect(Target("devices", "..").text == "/api/v1/devices/%2E%2E")
    #expect(Target("devices", query: [("q", "a&b"), ("x", nil)]).text == "/api/v1/devices?q=a%26b")
  }

  @Test("A file of serials goes as text/csv, and its faults come back with its name, line and column")
  func faults() {
    let errors = """
      [{"line":3,"field":"serial","code":"batch.serial","message":"'Default string' is a placeholder."},\
      {"line":7,"code":"csv.columns","message":"2 cells where the header has 1."}]
      """
    let controller = FakeController(
      .success(.problem(400, "batch.serials", "2 lines are wrong; nothing was made.", errors: errors)))
    let files = MemoryFiles(["fall.csv": "serial\nA1\n"])
    let outcome = run(
      "batch", "create", "-d", "cedar-falls", "--id", "fall-2026", "--serials", "fall.csv", on: controller, files: files
    )
    #expect(outcome.status == .refused)
    #expect(
      outcome.err == """
        fall.csv:3: serial: 'Default string' is a placeholder. (batch.serial)
        fall.csv:7: 2 cells where the header has 1. (csv.columns)
        error: 2 lines are wrong; nothing was made.
               (code batch.serials, request req-7)

        """)
    let request = controller.requests[0]
    #expect(request.target == "/api/v1/districts/cedar-falls/batches?id=fall-2026&name=fall-2026")
    #expect(request.headers.contains { $0.name == "Content-Type" && $0.value == "text/csv" })
    #expect(request.body == Array("serial\nA1\n".utf8))
  }

  @Test("The district comes from the environment where it is not given")
  func districtFromEnvironment() {
    let controller = FakeController(.success(.json("{\"items\":[]}")))
    let outcome = run("school", "list", on: controller, environment: ["ROLLCALL_DISTRICT": "cedar-falls"])
    #expect(outcome.status == .success)
    #expect(controller.requests[0].target.hasPrefix("/api/v1/districts/cedar-falls/schools"))
  }
}
