import Registry
import Testing
import Vocabulary

@testable import HelpDesk

@Suite("Moves at a page")
struct MovePageTests {
  private func address(_ device: DeviceID, _ move: String) -> String {
    "/districts/cedar/devices/\(device)/moves/\(move)"
  }

  @Test("Each move that is possible is made by its own small form, and leads back to the device")
  func everyMove() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("MOVE1")
    let walk: [(move: String, fields: [(String, String)], stage: String)] = [
      ("receive", [], "received"), ("deliver", [("school", "school:south")], "delivered"),
      ("assign", [("student", "1001"), ("accessories", "charger")], "assigned"),
      ("give-accessories", [("accessories", "case")], "assigned"),
      ("repair", [("category", "screen"), ("vendor", "Depot"), ("evidence", "T-7")], "in-repair"),
      ("repaired", [("reason", "new screen")], "assigned"),
      ("lost", [("day", "2026-09-20"), ("reason", "on the bus")], "lost"),
      ("stolen", [("policeReport", "26-4711"), ("day", "2026-09-20")], "stolen"), ("found", [], "assigned"),
      ("return", [("accessories", "charger"), ("condition", "scratched lid")], "returned"),
      ("return-accessories", [("accessories", "case")], "returned"),
      ("loan", [("student", "1002"), ("days", "10")], "assigned"), ("return", [], "returned"),
      ("transfer", [("school", "school:north")], "returned"), ("retire", [("reason", "beyond repair")], "retired"),
    ]
    for (move, fields, stage) in walk {
      let form = await bench.get(address(device, move), as: "district-it@cedar")
      #expect(form.status == 200 && form.text.contains("name=\"make\""), "\(move): \(form.text)")
      let expected = form.first(/name="expected" value="(\d+)"/)
      let done = await bench.post(address(device, move), fields + [("expected", expected)], as: "district-it@cedar")
      #expect(done.status == 303 && done.location == "/devices/\(device)?done=\(move)", "\(move): \(done.text)")
      let known = try await bench.database.read(in: .state) { [registry = bench.registry] in
        try registry.device(device, of: DeviceBench.cedar, in: $0)
      }
      #expect(known?.stage?.rawValue == stage, "\(move)")
      let page = await bench.get(done.location ?? "", as: "district-it@cedar")
      #expect(page.text.contains("<p class=\"notice\" role=\"status\">"), "\(move)")
    }
    #expect(Set(walk.map(\.move)) == Set(CustodyMove.Kind.allCases.map(\.rawValue)))
    let story = await bench.get("/devices/\(device)", as: "district-it@cedar")
    for words in [
      "on the bus", "police report \u{2068}26-4711\u{2069}", "scratched lid",
      "It went to be repaired (screen), by \u{2068}Depot\u{2069}.",
    ] {
      let all = await bench.get("/devices/\(device)?story=all", as: "district-it@cedar")
      #expect(all.text.contains(words), "\(words)")
    }
    #expect(story.headline == "It is out of use")
  }

  @Test(
    "What is missing or wrong is told at its field, and what was typed stays",
    arguments: [
      ("assign", [("student", "")], "student", "Say who gets it."),
      (
        "assign", [("student", "4711")], "student",
        "The district&#39;s roster has no student with this number who has not left."
      ),
      (
        "assign", [("student", "1001"), ("school", "school:north")], "school",
        "Say one of these: a person, a school or the district, or a vendor."
      ),
      (
        "assign", [("school", "district"), ("vendor", "Depot")], "vendor",
        "Say one of these: a person, a school or the district, or a vendor."
      ),
      (
        "assign", [("vendor", String(repeating: "x", count: 101))], "vendor",
        "A name has 1 to 100 characters on one line."
      ),
      (
        "repair", [("category", "screen"), ("vendor", String(repeating: "x", count: 101))], "vendor",
        "A name has 1 to 100 characters on one line."
      ),
      (
        "loan", [("student", "1001"), ("school", "school:north"), ("days", "5")], "school",
        "Say one of the two: a person, or a school."
      ),
      (
        "loan", [("school", "school:nowhere"), ("days", "5")], "school", "The district has no school &#39;nowhere&#39;."
      ),
      (
        "retire", [("reason", "broken"), ("evidence", String(repeating: "x", count: 201))], "evidence",
        "&#39;evidence&#39; has 1 to 200 characters"
      ),
      ("assign", [("school", "school:nowhere")], "school", "The district has no school &#39;nowhere&#39;."),
      ("loan", [("student", "1001")], "days", "Say for how many school days, or until which day."),
      (
        "loan", [("student", "1001"), ("days", "0")], "days", "&#39;days&#39; is a number of school days from 1 to 200."
      ),
      ("loan", [("student", "1001"), ("days", "x")], "days", "Type a number, such as 10."),
      ("loan", [("student", "1001"), ("due", "yesterday")], "due", "&#39;due&#39; is a day from today on"),
      ("loan", [("student", "1001"), ("days", "5"), ("for", "NONE1")], "for", "&#39;for&#39; is the serial or id"),
      ("repair", [("category", "ghosts")], "category", "&#39;category&#39; is one of screen"),
      ("transfer", [], "school", "Say where it goes."), ("retire", [], "reason", "Say why: it stands in its history."),
    ] as [(String, [(String, String)], String, String)])
  func faults(_ move: String, _ fields: [(String, String)], _ field: String, _ words: String) async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("FAULT1")
    let page = await bench.post(address(device, move), fields, as: "district-it@cedar")
    #expect([409, 422].contains(page.status), "\(page.text)")
    #expect(page.fault(at: field).hasPrefix(words), "\(page.fault(at: field))")
    for (name, value) in fields where name == "student" && !value.isEmpty {
      #expect(page.text.contains("name=\"student\" value=\"\(value)\""))
    }
    #expect(page.text.contains("aria-invalid=\"true\""))
  }

  @Test("Of two at once, the second is told what the first did, and what can be done now")
  func twoAtOnce() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("RACE1")
    let form = await bench.get(address(device, "assign"), as: "district-it@cedar")
    let expected = [("expected", form.first(/name="expected" value="(\d+)"/))]
    let first = await bench.post(address(device, "assign"), [("student", "1001")] + expected, as: "district-it@cedar")
    #expect(first.status == 303)
    let second = await bench.post(address(device, "assign"), [("student", "1002")] + expected, as: "district-it@cedar")
    #expect(second.status == 409 && second.fault == "Something else came first, so nothing was changed.")
    #expect(second.text.contains("It was given to \u{2068}Olivia Example\u{2069}."), "\(second.text)")
    #expect(second.text.contains("custody.conflict") || second.text.contains("custody.impossible"))
    #expect(second.text.contains("/moves/return\"") && !second.text.contains("name=\"make\""))
    // Without the number of the event that was seen, the device's own standing decides.
    let third = await bench.post(address(device, "assign"), [("student", "1002")], as: "district-it@cedar")
    #expect(third.status == 409 && third.text.contains("custody.impossible"))
  }

  @Test("A number is looked up before the device is given: the name is shown, and the look is journalled")
  func lookUp() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("LOOK1")
    let page = await bench.post(
      address(device, "assign"), [("student", "1001"), ("look-up", "1"), ("accessories", "case")],
      as: "district-it@cedar")
    #expect(page.status == 200 && page.text.contains("\u{2068}Olivia Example\u{2069}, Student, grade 05, number 1001"))
    #expect(page.text.contains("value=\"case\" checked"))
    let entries = try await bench.journal("person.view")
    #expect(entries.count == 1 && entries[0].body.contains(#""seen":"look-up""#))
    let none = await bench.post(
      address(device, "assign"), [("student", "77"), ("look-up", "1")], as: "district-it@cedar")
    #expect(none.fault(at: "student").contains("no student with this number"))
    let silent = await bench.post(
      address(device, "assign"), [("student", "1001"), ("look-up", "1")], as: "district-it@cedar!")
    #expect(silent.text.contains("Olivia"), "whoever runs devices is not asked")
    #expect(try await bench.journal("person.view").last?.body.contains(#""purpose":"device-care""#) == true)
  }

  @Test(
    "A device is given to the district or a vendor, and loaned to a school, by page",
    arguments: [
      ("assign", [("school", "district")], "district"), ("assign", [("vendor", "Depot & Sons")], "vendor:Depot & Sons"),
      ("assign", [("school", "school:south")], "school:south"),
      ("loan", [("school", "school:south"), ("days", "5")], "school:south"),
      ("loan", [("student", "1001"), ("days", "5")], "person:per_0000000000000001"),
    ] as [(String, [(String, String)], String)])
  func recipients(_ move: String, _ fields: [(String, String)], _ holder: String) async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("GIVE1")
    let form = await bench.get(address(device, move), as: "district-it@cedar")
    for (name, value) in fields where name == "school" {
      #expect(form.text.contains("<option value=\"\(value)\""), "\(form.text)")
    }
    for (name, _) in fields { #expect(form.text.contains("name=\"\(name)\""), "\(name)") }
    let done = await bench.post(address(device, move), fields, as: "district-it@cedar")
    #expect(done.status == 303, "\(done.text)")
    let known = try await bench.database.read(in: .state) {
      try $0.row("SELECT holder FROM registry_custody WHERE device_id = \(device)")?.get("holder", as: String.self)
    }
    #expect(known == holder)
  }

  @Test("Every move takes what proves it, and the story tells it")
  func evidence() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("PROOF1")
    let walk: [(move: String, fields: [(String, String)])] = [
      ("receive", []), ("deliver", []), ("assign", [("student", "1001"), ("accessories", "case")]),
      ("give-accessories", [("accessories", "charger")]), ("return-accessories", [("accessories", "charger")]),
      ("repair", [("category", "screen")]), ("repaired", []), ("lost", []), ("stolen", []), ("found", []),
      ("return", []), ("loan", [("student", "1002"), ("days", "10")]), ("return", []),
      ("transfer", [("school", "school:south")]), ("retire", [("reason", "beyond repair")]),
    ]
    #expect(Set(walk.map(\.move)) == Set(CustodyMove.Kind.allCases.map(\.rawValue)))
    for (number, step) in walk.enumerated() {
      let form = await bench.get(address(device, step.move), as: "district-it@cedar")
      #expect(form.text.contains("<input type=\"text\" id=\"evidence\" name=\"evidence\""), "\(step.move)")
      let done = await bench.post(
        address(device, step.move), step.fields + [("evidence", "T-\(number)")], as: "district-it@cedar")
      #expect(done.status == 303, "\(step.move): \(done.text)")
    }
    let story = await bench.get("/devices/\(device)?story=all", as: "help-desk@cedar")
    for number in walk.indices { #expect(story.text.contains("Evidence: <bdi>T-\(number)</bdi>"), "\(number)") }
  }

  @Test(
    "The help desk reports a laptop lost or stolen by itself; whom it may not help, and what else there is, it is refused"
  )
  func loss() async throws {
    for visitor in ["help-desk@cedar", "help-desk@cedar/north", "school-staff@cedar/north"] {
      let bench = try await DeviceBench()
      let device = try await bench.device("LOSS1")
      try await bench.move(device, "assign", #"{"to":"student:1001"}"#)
      let form = await bench.get(address(device, "lost"), as: visitor)
      #expect(form.status == 200 && form.text.contains("name=\"make\""), "\(form.text)")
      #expect(
        Set(form.text.matches(of: /\/moves\/([a-z-]+)"/).map { String($0.output.1) }) == ["lost", "stolen"],
        "what else can be done is what the desk may do")
      let done = await bench.post(
        address(device, "lost"), [("day", "2026-09-20"), ("reason", "on the bus"), ("evidence", "call 12")], as: visitor
      )
      #expect(done.status == 303 && done.location == "/devices/\(device)?done=lost", "\(done.text)")
      let page = await bench.get(done.location ?? "", as: visitor)
      #expect(page.headline == "It is reported lost", "\(page.headline)")
      #expect(page.text.contains("By <bdi>you</bdi>. Evidence: <bdi>call 12</bdi>"))
      // Of two, the second is told what the first did, and offered nothing that is not the desk's.
      let again = await bench.post(address(device, "lost"), as: visitor)
      #expect(again.status == 409 && !again.text.contains("/moves/found\""), "\(again.text)")
      for move in CustodyMove.Kind.allCases where move != .lost && move != .stolen {
        for page in [
          await bench.get(address(device, move.rawValue), as: visitor),
          await bench.post(address(device, move.rawValue), [("look-up", "1"), ("student", "1002")], as: visitor),
        ] {
          #expect(page.status == 403 && !page.text.contains("Oscar"), "\(visitor) \(move)")
        }
      }
      let south = try await bench.device("LOSS2", school: "south")
      let other = await bench.post(address(south, "lost"), as: visitor)
      #expect(other.status == (visitor == "help-desk@cedar" ? 303 : 404), "\(visitor)")
    }
  }

  @Test("A warehouse technician takes in and hands over by page, and learns nothing of students there")
  func warehouse() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("BOX1")
    for (move, fields) in [("receive", []), ("deliver", [("school", "school:south")])] as [(String, [(String, String)])]
    {
      let asked = await bench.post(
        address(device, move), [("look-up", "1"), ("student", "4711"), ("expected", "99")], as: "warehouse@cedar")
      #expect(asked.status == 409 && !asked.text.contains("roster"), "no number is looked up: \(asked.text)")
      let done = await bench.post(address(device, move), fields, as: "warehouse@cedar")
      #expect(done.status == 303, "\(done.text)")
    }
    #expect(await bench.post(address(device, "assign"), [("student", "1001")], as: "warehouse@cedar").status == 403)
    #expect(await bench.get("/hand-out", as: "warehouse@cedar").status == 403)
  }

  @Test("A page of another site moves nothing, and neither does a role or district that may not")
  func refused() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("GUARD1")
    let path = address(device, "lost")
    #expect(await bench.post(path, as: "district-it@cedar", token: "other").status == 403)
    for (visitor, status) in [
      ("warehouse@cedar", 403), ("read-only@cedar", 403), ("district-it@cedar/north", 403), ("auditor@cedar", 403),
      ("school-staff@cedar/south", 404), ("help-desk@cedar/south", 404), ("help-desk@oak", 404),
      ("district-it@oak", 404), ("district-admin@oak", 404), ("nobody", 401),
    ] {
      #expect(await bench.post(path, as: visitor).status == status, "\(visitor)")
      let get = await bench.get(path, as: visitor).status
      #expect(get == (status == 401 ? 303 : status), "\(visitor)")
    }
    #expect(await bench.post(address(device, "steal"), as: "district-it@cedar").status == 404)
    let known = try await bench.database.read(in: .state) { [registry = bench.registry] in
      try registry.device(device, of: DeviceBench.cedar, in: $0)
    }
    #expect(known?.stage == nil)
    #expect(await bench.post(path, as: "district-it@cedar").status == 303)
  }
}
