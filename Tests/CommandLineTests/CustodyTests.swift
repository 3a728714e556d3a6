import Testing

@testable import rollcall

private let found = #"{"items":[{"id":"dev_0123456789abcdef","district":"cedar-falls","serial":"PF3XK2M9"}]}"#
private let path = "/api/v1/districts/cedar-falls/devices/dev_0123456789abcdef"
private let moved = """
  {"event":{"sequence":4,"kind":"assigned","to":"person:per_0123456789abcdef"},
  "standing":{"sequence":4,"stage":"assigned","holder":"person:per_0123456789abcdef","since":"2026-11-21T20:00:00Z",
  "owed":[{"holder":"person:per_0123456789abcdef","accessories":["charger"]}],"moves":["return"]}}
  """

@Suite("Devices that go from hand to hand")
struct CustodyTests {
  private func controller(_ answer: String = moved) -> FakeController {
    FakeController { request throws(ConnectionFailure) in
      request.method == .get ? .json(request.target.contains("serial=") ? found : #"{"items":[]}"#) : .json(answer)
    }
  }

  /// What the last request asked for.
  private func request(_ controller: FakeController) -> (target: String, body: JSONValue)? {
    guard let request = controller.requests.last, let body = request.body.flatMap(JSONValue.init) else { return nil }
    return (request.target, body)
  }

  @Test(
    "Each command asks for its move of the one device that is meant",
    arguments: [
      (
        "assign PF3XK2M9 --student 104233 --with charger --with case", "assign",
        #"{"to":"student:104233","accessories":["charger","case"]}"#
      ),
      ("assign PF3XK2M9 --school north --reason new", "assign", #"{"to":"school:north","reason":"new"}"#),
      ("assign PF3XK2M9 --to-own-district", "assign", #"{"to":"district"}"#),
      ("assign PF3XK2M9 --vendor Depot --expected 3", "assign", #"{"to":"vendor:Depot","expected":3}"#),
      ("receive PF3XK2M9", "receive", "{}"), ("receive PF3XK2M9 --school north", "receive", #"{"to":"school:north"}"#),
      ("receive PF3XK2M9 --at-district --evidence t1", "receive", #"{"to":"district","evidence":"t1"}"#),
      ("deliver PF3XK2M9", "deliver", "{}"), ("deliver PF3XK2M9 --school north", "deliver", #"{"to":"school:north"}"#),
      ("deliver PF3XK2M9 --to-own-district", "deliver", #"{"to":"district"}"#),
      ("return PF3XK2M9", "return", "{}"),
      ("return PF3XK2M9 --to-warehouse --with charger", "return", #"{"to":"warehouse","accessories":["charger"]}"#),
      ("loan PF3XK2M9 --student 1 --days 5 --for X1", "loan", #"{"to":"student:1","days":5,"for":"X1"}"#),
      ("loan PF3XK2M9 --person per_1 --due 2026-12-18", "loan", #"{"to":"person:per_1","due":"2026-12-18"}"#),
      ("repair PF3XK2M9 --category screen --vendor Depot", "repair", #"{"category":"screen","to":"vendor:Depot"}"#),
      ("repair PF3XK2M9 --done", "repaired", "{}"), ("lost PF3XK2M9", "lost", "{}"),
      ("stolen PF3XK2M9 --police-report 26-1", "stolen", #"{"policeReport":"26-1"}"#),
      ("found PF3XK2M9 --evidence t7", "found", #"{"evidence":"t7"}"#),
      ("transfer PF3XK2M9 --school south", "transfer", #"{"to":"school:south"}"#),
      ("transfer PF3XK2M9 --to-district oak-park", "transfer", #"{"to":"district:oak-park"}"#),
      ("retire PF3XK2M9 --reason old", "retire", #"{"reason":"old"}"#),
      ("accessories PF3XK2M9 --give charger", "give-accessories", #"{"accessories":["charger"]}"#),
      ("accessories PF3XK2M9 --take case", "return-accessories", #"{"accessories":["case"]}"#),
    ])
  func moves(line: String, move: String, body: String) throws {
    let fake = controller()
    let outcome = run(line.split(separator: " ").map(String.init), on: fake)
    #expect(outcome.status == .success, "\(outcome.err)")
    let sent = try #require(request(fake))
    #expect(sent.target == "\(path)/\(move)")
    #expect(sent.body == JSONValue(Array(body.utf8)))
    #expect(outcome.out.hasPrefix("PF3XK2M9: assigned (event 4). It is assigned now, with person:per_"))
    #expect(outcome.out.contains("Owed: charger by person:per_0123456789abcdef."))
  }

  @Test(
    "What contradicts itself, or says too little, is a wrong command line and asks nothing",
    arguments: [
      "assign", "assign X", "assign X --student 1 --school n", "assign X --file f.csv",
      "assign --file f.csv --student 1",
      "assign X --student 1 --with hat", "return", "return X --file f.csv", "return X --school n --to-warehouse",
      "loan X --student 1", "loan X --days 5", "loan X --student 1 --days 5 --due 2026-12-01", "repair X",
      "repair X --category ghosts", "repair X --done --category screen", "repair X --done --vendor D", "transfer X",
      "transfer X --school n --to-district d", "retire X", "accessories X", "accessories X --give case --take case",
      "receive", "receive X --school n --at-district", "deliver", "deliver X --school n --to-own-district",
      "calendar set -d d", "calendar set -d d --weekday funday",
    ])
  func usage(line: String) {
    let fake = controller()
    #expect(run(line.split(separator: " ").map(String.init), on: fake).status == .usage)
    #expect(fake.requests.isEmpty)
  }

  @Test("A file of many goes as it is, and a class with the serials of its file")
  func many() throws {
    let files = MemoryFiles([
      "f.csv": "serial,studentId\nA1B2,7\n", "cart.csv": "\u{feff}serial,model\r\n\"A1B2\",x\r\nC3D4,\r\n",
    ])
    var fake = controller(#"{"moved":1,"unchanged":2}"#)
    var outcome = run("assign", "--file", "f.csv", "-d", "cedar-falls", on: fake, files: files)
    #expect(outcome.out == "Assigned 1 device; 2 were so already.\n", "\(outcome.err)")
    #expect(fake.requests[0].target == "/api/v1/districts/cedar-falls/assignments")
    #expect(fake.requests[0].headers.contains { $0.name == "Content-Type" && $0.value == "text/csv" })
    fake = controller(
      #"{"moved":1,"unchanged":0,"devices":[{"device":"dev_1","serial":"A1B2","holder":"person:per_1"}]}"#)
    outcome = run(
      "assign", "--class", "bio", "--file", "cart.csv", "-d", "cedar-falls", "--output", "csv", on: fake, files: files)
    #expect(outcome.out == "serial,holder,device\r\nA1B2,person:per_1,dev_1\r\n", "\(outcome.err)")
    let sent = try #require(request(fake))
    #expect(sent.body == ["class": "bio", "serials": .array(["A1B2", "C3D4"])])
    outcome = run("return", "--class", "bio", on: fake, files: files)
    #expect(outcome.status == .usage && outcome.err.contains("Which district?"))
    let bad = MemoryFiles(["f.csv": "asset\n1\n"])
    outcome = run("assign", "--class", "bio", "--file", "f.csv", "-d", "d", on: controller(), files: bad)
    #expect(outcome.status == .refused && outcome.err.contains("begins with the header 'serial'"))
  }

  @Test("A move that is impossible is told with the controller's words and exit code 6")
  func impossible() {
    let fake = FakeController { request throws(ConnectionFailure) in
      request.method == .get
        ? .json(found) : .problem(409, "custody.impossible", "The move 'return' is impossible. Possible now: found.")
    }
    let outcome = run("return", "PF3XK2M9", on: fake)
    #expect(outcome.status == .refused && outcome.err.contains("Possible now: found.") && outcome.out.isEmpty)
  }

  @Test("Loans are listed with who has them and how late they are")
  func loans() {
    let fake = FakeController(
      .success(
        .json(
          #"{"items":[{"device":"dev_1","serial":"LOANER07","holder":"person:per_1","since":"2026-11-01T08:00:00Z","due":"2026-11-13","isOverdue":true,"daysLate":4,"for":"dev_2","stage":"assigned"}]}"#
        )))
    let out = run("loans", "-d", "cedar-falls", "--overdue", "--output", "csv", on: fake).out
    #expect(
      out
        == "serial,assetTag,holder,due,daysLate,for,stage,since,device\r\nLOANER07,,person:per_1,2026-11-13,4,dev_2,assigned,2026-11-01T08:00:00Z,dev_1\r\n"
    )
    #expect(fake.requests[0].target.hasPrefix("/api/v1/districts/cedar-falls/loans?overdue=true"))
  }

  @Test("A calendar is set from options and a file of days")
  func calendar() throws {
    let fake = controller(#"{"weekdays":["monday"],"closedDays":["2026-11-26"]}"#)
    let outcome = run(
      "calendar", "set", "-d", "d", "--weekday", "monday", "--closed", "2026-11-26", "--closed-file", "h.txt", on: fake,
      files: MemoryFiles(["h.txt": "2026-12-24\r\n\n2026-12-25\n"]))
    #expect(outcome.status == .success && outcome.out.contains("monday"), "\(outcome.err)")
    let sent = try #require(request(fake))
    #expect(sent.target == "/api/v1/districts/d/calendar")
    #expect(
      sent.body == ["weekdays": .array(["monday"]), "closedDays": .array(["2026-11-26", "2026-12-24", "2026-12-25"])])
  }

  @Test("Networks are labelled for a district or the state, and what is then there is shown")
  func networks() throws {
    let fake = controller(#"{"items":[{"addresses":"10.20.0.0/16","label":"school"}]}"#)
    var outcome = run("network", "set", "10.20.0.0/16", "school", "-d", "d", "--output", "csv", on: fake)
    #expect(outcome.out == "addresses,label\r\n10.20.0.0/16,school\r\n", "\(outcome.err)")
    var sent = try #require(request(fake))
    #expect(sent.target == "/api/v1/districts/d/networks")
    #expect(sent.body == ["set": .array([.object(["addresses": "10.20.0.0/16", "label": "school"])])])
    let other = controller(#"{"items":[]}"#)
    outcome = run("network", "remove", "10.20.0.0/16", "10.30.0.0/16", "--state-wide", on: other)
    #expect(outcome.status == .success && outcome.err.contains("No network has a label now."), "\(outcome.err)")
    sent = try #require(request(other))
    #expect(sent.target == "/api/v1/networks" && sent.body == ["remove": .array(["10.20.0.0/16", "10.30.0.0/16"])])
    for line in [
      "network set 10.0.0.0/8 x", "network set 10.0.0.0/8", "network list", "network list --state-wide -d d",
    ] {
      #expect(run(line.split(separator: " ").map(String.init), on: FakeController()).status == .usage, "\(line)")
    }
  }

  @Test("Readings are listed week by week, and former ones are added from a file")
  func readings() throws {
    let fake = FakeController { request throws(ConnectionFailure) in
      request.target.contains("/readings")
        ? .json(#"{"items":[{"week":"2026-11-16","batteryPercent":71,"hottestCelsius":44}]}"#) : .json(found)
    }
    let files = MemoryFiles(["former.json": #"[{"week":"2026-06-01","batteryPercent":80}]"#, "bad.json": "{}"])
    var outcome = run(
      "device", "readings", "PF3XK2M9", "--add", "former.json", "--output", "csv", on: fake, files: files)
    #expect(
      outcome.out
        == "week,batteryPercent,diskUsedPercent,spaceFreePercent,memoryFreePercent,hottestCelsius\r\n2026-11-16,71,,,,44\r\n",
      "\(outcome.err)")
    let sent = try #require(fake.requests.first { $0.method == .post })
    #expect(sent.target.hasSuffix("/readings"))
    #expect(
      sent.body.flatMap(JSONValue.init) == [
        "readings": .array([.object(["week": "2026-06-01", "batteryPercent": .integer(80)])])
      ])
    outcome = run("device", "readings", "PF3XK2M9", "--add", "bad.json", on: fake, files: files)
    #expect(outcome.status == .refused && outcome.err.contains("bad.json is no JSON list of readings"))
  }

  @Test("The device's story says who has it, until when, and what is owed; its ledger from whom to whom")
  func story() {
    let device = """
      {"id":"dev_0123456789abcdef","district":"cedar-falls","serial":"PF3XK2M9","identity":"strong","management":"agent",
      "stage":"assigned","standing":{"sequence":7,"stage":"assigned","holder":"person:per_1","since":"2026-11-01T08:00:00Z",
      "loan":{"due":"2026-11-13","isOverdue":true,"for":"dev_2"},"owed":[{"holder":"person:per_2","accessories":["case","charger"]}],
      "moves":[]}}
      """
    let event = """
      {"items":[{"sequence":2,"at":"2026-11-21T20:00:00Z","actor":"principal:prn_1","kind":"loaned","stageAfter":"assigned",
      "custodyAfter":"person","from":"district","to":"person:per_1","due":"2026-12-03","loanFor":"dev_2",
      "accessories":["charger"]}]}
      """
    let fake = FakeController { request throws(ConnectionFailure) in
      request.target.contains("/ledger")
        ? .json(event) : request.target.hasPrefix(path) ? .json(device) : .json(found)
    }
    let story = run("device", "show", "PF3XK2M9", on: fake).out
    #expect(
      story.contains(
        "With          person:per_1 since 2026-11-01, on loan until 2026-11-13 (overdue), in place of dev_2\n"),
      "\(story)")
    #expect(story.contains("Owed          case and charger by person:per_2\n"))
    let ledger = run("device", "ledger", "PF3XK2M9", on: fake).out
    #expect(ledger.contains("until 2026-12-03, in place of dev_2, with charger"), "\(ledger)")
    #expect(ledger.split(separator: "\n").first?.split(separator: " ").contains("To") == true)
  }
}
