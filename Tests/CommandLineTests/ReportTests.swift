import Testing

@testable import rollcall

@Suite("Reports on the command line")
struct ReportTests {
  private static let known = #"""
    {"items":[{"id":"inventory","title":"Inventory register","words":"Every device.","namesStudents":false,
    "columns":[],"filters":["school","reason"]},{"id":"losses","title":"Losses","words":"What is gone.",
    "namesStudents":false,"columns":[],"filters":[]},{"id":"students","title":"Students","words":"Who has what.",
    "namesStudents":true,"columns":[],"filters":[]}]}
    """#

  /// The list of reports, then the file.
  private static func controller(_ file: APIAnswer) -> FakeController {
    FakeController { request throws(ConnectionFailure) in
      request.target == "/api/v1/reports" ? .json(known) : file
    }
  }

  @Test("A report goes into a new file, with its filters in the address")
  func file() {
    let files = MemoryFiles()
    let controller = Self.controller(APIAnswer(status: 200, body: Array("District,School\r\ncedar,north\r\n".utf8)))
    let outcome = run(
      "report", "inventory", "-d", "cedar", "--reason", "battery", "--not-seen", "30", "--out", "x.csv",
      on: controller, files: files)
    #expect(outcome.status == .success && outcome.out == "x.csv: 30 bytes.\n", "\(outcome)")
    #expect(
      controller.requests.last?.target
        == "/api/v1/reports/inventory?district=cedar&format=csv&reason=battery&notSeen=30")
    #expect(files["x.csv"] == "District,School\r\ncedar,north\r\n")
    let again = run("report", "inventory", "--out", "x.csv", on: controller, files: files)
    #expect(again.status == .failure, "a file that is there is not overwritten")
  }

  @Test(
    "The report of students says why, as an option or in the environment; the others take the environment's for none")
  func purpose() {
    let controller = Self.controller(APIAnswer(status: 200, body: Array("A\r\n".utf8)))
    let environment = ["ROLLCALL_PURPOSE": "repair"]
    #expect(run("report", "students", "-d", "elm", on: controller, environment: environment).status == .success)
    #expect(
      controller.requests.last?.target == "/api/v1/reports/students?district=elm&format=csv&purpose=repair")
    #expect(
      run("report", "students", "-d", "elm", "--purpose", "inventory", on: controller, environment: environment).status
        == .success)
    #expect(
      controller.requests.last?.target == "/api/v1/reports/students?district=elm&format=csv&purpose=inventory")
    #expect(run("report", "inventory", "-d", "elm", on: controller, environment: environment).status == .success)
    #expect(controller.requests.last?.target == "/api/v1/reports/inventory?district=elm&format=csv")
    #expect(run("report", "students", "--purpose", "curiosity", on: controller).status == .usage)
  }

  @Test("Without a file it goes to standard output, whole, and on a terminal without its control characters")
  func output() {
    let text = "A,B\r\n\u{1b}[2Jx,ä\r\nlast"
    let controller = Self.controller(APIAnswer(status: 200, body: Array(text.utf8)))
    #expect(run("report", "inventory", "--all-districts", on: controller).out == text)
    let terminal = run("report", "take", "inventory", on: controller, width: 80)
    #expect(terminal.out == "A,B\n\\x1b[2Jx,ä\nlast", "\(terminal.out)")
  }

  @Test("A report that there is not is told with the nearest one, and nothing is written")
  func unknown() {
    let files = MemoryFiles()
    let outcome = run(
      "report", "inventry", "--out", "x.csv", on: Self.controller(.json("{}")), files: files)
    #expect(outcome.status == .notFound && outcome.err.contains("Did you mean 'inventory'?"), "\(outcome.err)")
    #expect(files["x.csv"] == nil)
  }

  @Test("What the controller refuses is told with its exit code, and no file stays")
  func refused() {
    let files = MemoryFiles()
    let controller = Self.controller(.problem(400, "request.query", "There is no query parameter 'reason' here."))
    let outcome = run("report", "losses", "--reason", "disk", "--out", "x.csv", on: controller, files: files)
    #expect(outcome.status == .refused && outcome.err.contains("'reason'") && files["x.csv"] == nil)
    let busy = Self.controller(.problem(503, "request.overloaded", "Other long files are being made."))
    #expect(run("report", "losses", on: busy).status == .unreachable)
    let full = MemoryFiles(full: ["x.csv"])
    let fine = Self.controller(APIAnswer(status: 200, body: Array("A\r\n".utf8)))
    #expect(run("report", "losses", "--out", "x.csv", on: fine, files: full).status == .failure)
    #expect(run("report", "losses", "--format", "xlsx", on: fine).status == .usage)
  }

  @Test("The list names each report with its filters")
  func list() {
    let outcome = run("report", "list", "--output", "csv", on: Self.controller(.json("{}")))
    #expect(
      outcome.out
        == "id,title,words,filters\r\ninventory,Inventory register,Every device.,school reason\r\n"
        + "losses,Losses,What is gone.,\r\nstudents,Students,Who has what.,\r\n",
      "\(outcome.out)")
  }
}
