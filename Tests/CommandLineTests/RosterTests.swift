import Archive
import Testing

@testable import rollcall

@Suite("Rosters on the command line")
struct RosterTests {
  private static let counts =
    #"{"added":3,"changed":1,"left":0,"returned":0,"unchanged":7}"#
  private static func answer(_ more: String) -> String {
    let kinds = ["people", "orgs", "classes", "guardians", "memberships"].map { "\"\($0)\":\(counts)" }
    return """
      {"version":"1.2","changes":20,"districts":[{"district":"elm","standing":9,"removal":0,"students":{"standing":8,"left":0,"removal":0},"staff":{"standing":1,"left":0,"removal":0},
      "counts":{\(kinds.joined(separator: ","))}}]\(more)}
      """
  }

  private static let files = MemoryFiles([
    "export.zip": "PK-bytes", "export/manifest.csv": "propertyName,value\n", "export/users.csv": "u",
    "export/demographics.csv": "sent on request", "empty/other.csv": "x",
  ])

  private func body(_ controller: FakeController) -> [UInt8] { controller.requests.last?.body ?? [] }

  @Test("A preview sends the archive and shows what would change, and why it would be refused")
  func preview() {
    let controller = FakeController(
      .success(.json(Self.answer(#","preview":true,"refusal":"The file would remove more than 10 %."# + "\""))))
    let outcome = run("roster", "preview", "export.zip", "-d", "elm", on: controller, files: Self.files)
    #expect(outcome.status == .success, "\(outcome.err)")
    #expect(
      controller.requests.last?.target == "/api/v1/districts/elm/roster/imports?preview=true")
    #expect(body(controller) == Array("PK-bytes".utf8))
    #expect(controller.requests.last?.headers.contains { $0 == ("Content-Type", "application/zip") } == true)
    #expect(outcome.out.contains("elm       people           3        1     0         0          7"), "\(outcome.out)")
    #expect(outcome.err.contains("It would be refused: The file would remove more than 10 %."))
  }

  @Test("A folder is packed without what is never read, and --state-wide sends a state's file")
  func folder() throws {
    let controller = FakeController(.success(.json(Self.answer(#","preview":false,"import":"imp_1""#))))
    let outcome = run(
      "roster", "import", "export", "--state-wide", "--allow-removal", "30", on: controller, files: Self.files,
      environment: ["ROLLCALL_DISTRICT": "elm"])
    #expect(outcome.status == .success && outcome.out.contains("Taken up as imp_1."), "\(outcome.err)")
    #expect(controller.requests.last?.target == "/api/v1/roster/imports?allowRemoval=30")
    let names = try ArchiveReader.open(body(controller)) { $0.entries.map(\.name) }
    #expect(names == ["manifest.csv", "users.csv"])
    #expect(outcome.out.contains("demographics.csv was left out: nobody asked for it."))
    let asked = run("roster", "import", "export", "-d", "elm", "--demographics", on: controller, files: Self.files)
    #expect(asked.status == .success && !asked.out.contains("left out"), "\(asked.err)")
    #expect(controller.requests.last?.target == "/api/v1/districts/elm/roster/imports?demographics=true")
    let more = try ArchiveReader.open(body(controller)) { $0.entries.map(\.name) }
    #expect(more == ["manifest.csv", "users.csv", "demographics.csv"])
    let csv = run(
      "roster", "import", "export.zip", "-d", "elm", "--mapping", "students", "--demographics", on: controller,
      files: Self.files)
    #expect(csv.status == .usage)
    let none = run("roster", "import", "empty", "-d", "elm", on: controller, files: Self.files)
    #expect(none.status == .refused && none.err.contains("has no manifest.csv"))
    #expect(run("roster", "import", "export", "-d", "elm", "--state-wide", on: controller).status == .usage)
    #expect(run("roster", "import", "export", "-d", "elm", "--allow-removal", "101", on: controller).status == .usage)
  }

  @Test("Each fault is printed with its own file, line, column, value and rule")
  func faults() {
    let errors = """
      [{"file":"users.csv","line":17,"field":"givenName","code":"csv.required","message":"'givenName' is empty."},
      {"file":"users.csv","line":18,"field":"agentSourcedIds","value":"g9","code":"roster.reference","message":"None."},
      {"file":"manifest.csv","code":"roster.manifest","message":"There is no manifest.csv."}]
      """
    let controller = FakeController(
      .success(.problem(422, "roster.faults", "The roster has 2 faults.", errors: errors)))
    let outcome = run("roster", "import", "export.zip", "-d", "elm", on: controller, files: Self.files)
    #expect(outcome.status == .refused)
    #expect(outcome.err.contains("users.csv:17: givenName: 'givenName' is empty. (csv.required)\n"), "\(outcome.err)")
    #expect(outcome.err.contains("users.csv:18: agentSourcedIds: None. ('g9', roster.reference)\n"))
    #expect(outcome.err.contains("manifest.csv: There is no manifest.csv. (roster.manifest)\n"))
  }

  @Test("What was passed over is told, and demographics have a row where there are any")
  func notes() {
    let more = Self.answer(#","preview":true,"notes":["demographics.csv was ignored."]"#)
    let ignored = run(
      "roster", "preview", "export.zip", "-d", "elm", on: FakeController(.success(.json(more))), files: Self.files)
    #expect(ignored.out.hasPrefix("demographics.csv was ignored.\n"), "\(ignored.out)")
    #expect(!ignored.out.contains("elm       demographics"))
    let told = Self.answer(#","preview":true"#).replacing(
      #""people":"#, with: #""demographics":{"added":2,"changed":0,"left":0,"returned":0,"unchanged":0},"people":"#)
    let read = run(
      "roster", "preview", "export.zip", "-d", "elm", on: FakeController(.success(.json(told))), files: Self.files)
    #expect(read.out.contains("elm       demographics"), "\(read.out)")
  }

  @Test("A large archive has time on a slow line")
  func slowLine() {
    #expect(CurlTransport.time(forBody: 0) == .seconds(300))
    #expect(CurlTransport.time(forBody: 64 << 20) == .seconds(300 + 4096))
  }

  @Test("A person is shown by number, by id, or found by guardian; several are listed")
  func person() {
    let one =
      #"{"id":"per_0123456789abcdef","givenName":"Robin","familyName":"Exampleton","role":"student","grades":["05"]}"#
    let two = #"{"id":"per_1123456789abcdef","givenName":"Zoë","familyName":"Fictional","role":"student","grades":[]}"#
    let found = FakeController(.success(.json("{\"items\":[\(one)]}")), .success(.json(one)))
    let shown = run("roster", "person", "100001", "-d", "elm", on: found)
    #expect(shown.status == .success && shown.out.contains("Given name   Robin"), "\(shown.out)")
    #expect(
      found.requests.map(\.target) == [
        "/api/v1/districts/elm/roster/persons?number=100001&limit=100",
        "/api/v1/districts/elm/roster/persons/per_0123456789abcdef",
      ])
    let byID = FakeController(.success(.json(one)))
    _ = run("roster", "person", "per_0123456789abcdef", "-d", "elm", on: byID)
    #expect(byID.requests.count == 1)
    let several = FakeController(.success(.json("{\"items\":[\(one),\(two)]}")))
    let listed = run("roster", "person", "--guardian", "(555) 010-0199", "-d", "elm", on: several)
    #expect(listed.out.contains("Robin") && listed.out.contains("Zoë"))
    let none = run(
      "roster", "person", "--email", "x@y", "-d", "elm", on: FakeController(.success(.json(#"{"items":[]}"#))))
    #expect(none.status == .notFound)
    #expect(run("roster", "person", "-d", "elm", on: byID).status == .usage)
    #expect(run("roster", "person", "1", "--email", "x@y", "-d", "elm", on: byID).status == .usage)
  }

  @Test("Whoever has to say why says it in each request for people, as an option or in the environment")
  func purpose() {
    let one =
      #"{"id":"per_0123456789abcdef","givenName":"Robin","familyName":"Exampleton","role":"student","grades":[]}"#
    let people = "/api/v1/districts/elm/roster/persons"
    func controller() -> FakeController {
      FakeController { request throws(ConnectionFailure) in
        .json(request.target.contains("per_") ? one : "{\"items\":[\(one)]}")
      }
    }
    let list = controller()
    #expect(run("roster", "list", "-d", "elm", "--purpose", "inventory", on: list).status == .success)
    #expect(list.requests.map(\.target) == ["\(people)?left=false&purpose=inventory&limit=100"])
    let environment = ["ROLLCALL_PURPOSE": "family-calls"]
    let named = controller()
    #expect(run("roster", "person", "100001", "-d", "elm", on: named, environment: environment).status == .success)
    #expect(
      named.requests.map(\.target) == [
        "\(people)?number=100001&purpose=family-calls&limit=100", "\(people)/per_0123456789abcdef?purpose=family-calls",
      ])
    let known = controller()
    #expect(
      run("roster", "person", "per_0123456789abcdef", "-d", "elm", "--purpose", "repair", on: known).status == .success)
    #expect(known.requests.map(\.target) == ["\(people)/per_0123456789abcdef?purpose=repair"])
  }

  @Test("Undoing, choosing and erasing send what was asked for")
  func others() {
    let controller = FakeController(.success(.json(#"{"districts":[]}"#)))
    #expect(run("roster", "undo", "--state-wide", on: controller).status == .success)
    #expect(controller.requests.last?.target == "/api/v1/roster/undo")
    let settings = FakeController(.success(.json(#"{"district":"elm","leftDays":90}"#)))
    #expect(run("roster", "set", "-d", "elm", "--left-days", "90", on: settings).out.contains("90"))
    #expect(settings.requests.last?.method == .patch)
    #expect(run("roster", "set", "-d", "elm", on: settings).status == .usage)
    let choice = FakeController(.success(.json(#"{"district":"elm","demographics":"on-request","waiting":3}"#)))
    let chosen = run("roster", "set", "-d", "elm", "--demographics", "on-request", on: choice)
    #expect(chosen.status == .success && chosen.out.contains("on-request"))
    #expect(String(decoding: body(choice), as: UTF8.self).contains(#""demographics":"on-request""#))
    #expect(run("roster", "set", "-d", "elm", "--demographics", "always", on: choice).status == .usage)
    let erased = FakeController(.success(.json("", status: 204)))
    let outcome = run("roster", "erase", "per_0123456789abcdef", "-d", "elm", on: erased)
    #expect(outcome.status == .success && erased.requests.last?.method == .delete)
    _ = run("roster", "erase", "per_0123456789abcdef", "-d", "elm", "--with-device", on: erased)
    #expect(erased.requests.last?.target.hasSuffix("/roster/persons/per_0123456789abcdef?withDevice=true") == true)
  }
}
