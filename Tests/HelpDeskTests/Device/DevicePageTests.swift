import Foundation
import Registry
import Serving
import Testing
import Vocabulary

@testable import HelpDesk

@Suite("The page of a device")
struct DevicePageTests {
  private func assigned(_ bench: DeviceBench, _ serial: String = "PF3XK2M9") async throws -> DeviceID {
    let device = try await bench.device(serial)
    try await bench.move(device, "assign", #"{"to":"student:1001","accessories":["charger"]}"#)
    return device
  }

  @Test("The help desk reads at once whether it is well, who has it, where, and when it was heard of")
  func answer() async throws {
    var told = MachineTold()
    told.batteryPercent = 47
    told.links = [.wireless]
    told.signal = -55
    let bench = try await DeviceBench(machines: Machines(told: told))
    let device = try await assigned(bench)
    try await bench.contact(
      device, [Health.Item(item: "battery", verdict: .attention, reason: "Battery BAT0 holds 47 %.")],
      verdict: .attention, at: DeviceBench.now.advanced(by: .seconds(-1200)))
    let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    #expect(page.status == 200 && page.heading == "Latitude 3120 · PF3XK2M9", "\(page.text)")
    #expect(page.headline == "It works, and needs looking after" && page.mood == "attention")
    for words in [
      "The battery holds half of what it did when it was new.", "Plan a new one; until then, keep the charger at hand.",
      "\u{2068}Olivia Example\u{2069}</a>", "Student, grade 05, number 1001", "north High", "Cedar Falls",
      "20 minutes ago", "Next: in 40 minutes", "By Wi-Fi, signal good", "It is handed out",
      "Its charger is with \u{2068}Olivia Example\u{2069}",
      "It was given to \u{2068}Olivia Example\u{2069} with charger.", "Learning-ready: <strong>not known",
      "<title id=\"trend-battery\">Battery in the last 90 days",
    ] { #expect(page.text.contains(words), "\(words)") }
    let buttons = page.text.matches(of: /\/moves\/([a-z-]+)"/).map { String($0.output.1) }
    #expect(buttons == ["lost", "stolen"], "a help desk reports a loss, and moves nothing else")
  }

  @Test("A device that went to another district is said to be there, and not to be scrapped")
  func moved() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("MOVED1")
    try await bench.move(device, "transfer", #"{"to":"district:oak"}"#)
    let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    #expect(page.headline == "It was moved to the district &#39;oak&#39;", "\(page.text)")
    #expect(page.text.contains("moved to another district") && !page.text.contains("out of use"))
  }

  @Test("Each name that is shown is an entry of the journal, with the reason that the session gave")
  func journalled() async throws {
    let bench = try await DeviceBench()
    let device = try await assigned(bench)
    _ = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    let entries = try await bench.journal("person.view")
    #expect(entries.map(\.object) == [DeviceBench.olivia.rawValue])
    #expect(
      entries[0].body
        == #"{"device":"\#(device)","persons":["\#(DeviceBench.olivia)"],"purpose":"family-calls","seen":"device-page"}"#
    )
  }

  @Test("Roles that do not answer for families are asked nothing: the journal has what the role is for")
  func duty() async throws {
    let bench = try await DeviceBench()
    let device = try await assigned(bench)
    for visitor in ["district-it@cedar!", "auditor@cedar!", "district-admin@cedar!", "state-admin!"] {
      let page = await bench.get("/devices/\(device)", as: visitor)
      #expect(page.text.contains("Olivia Example") && !page.text.contains("Why do you look?"), "\(visitor)")
    }
    _ = await bench.get("/devices/\(device)", as: "district-it@cedar")
    let purposes = try await bench.journal("person.view").compactMap {
      $0.body.firstMatch(of: /"purpose":"([a-z-]+)"/).map { String($0.output.1) }
    }
    #expect(
      purposes == ["device-care", "audit", "administration", "administration", "family-calls"], "said comes first")
    #expect((await bench.get("/devices/\(device)", as: "school-staff@cedar/north!")).text.contains("Why do you look?"))
  }

  @Test("Who sees one school is not told which student of another one has or had its device; who gets it back is told")
  func otherSchool() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("SEEN1")
    try await bench.move(device, "assign", #"{"to":"student:1002"}"#)
    let oscar = try #require(
      (await bench.get("/devices/\(device)", as: "help-desk@cedar")).text.firstMatch(of: /Oscar \w+/)
    ).output
    let staff = await bench.get("/devices/\(device)", as: "school-staff@cedar/north")
    #expect(staff.status == 200 && !staff.text.contains(oscar), "\(staff.text)")
    #expect(staff.text.localizedCaseInsensitiveContains("a student or a member of staff"))
    #expect(!staff.text.contains("persons/\(DeviceBench.oscar)"))
    try await bench.move(device, "repair", #"{"category":"screen","to":"vendor:Depot"}"#)
    let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    #expect(page.text.contains("Once it is repaired it goes back to"), "\(page.text)")
    #expect(!(await bench.get("/devices/\(device)", as: "school-staff@cedar/north")).text.contains(oscar))
  }

  @Test("The network of the last contact is told by its label, which is text of strangers")
  func network() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("NET1")
    try await bench.contact(device, [], verdict: .unknown, at: DeviceBench.now)
    #expect(!(await bench.get("/devices/\(device)", as: "help-desk@cedar")).text.contains("<bdi>From"))
    for (label, origin, words) in [
      ("<b>school</b>", [10, 20, 1, 1], "<bdi>From: &lt;b&gt;school&lt;/b&gt;</bdi>"),
      ("home", [192, 0, 2, 1], "<bdi>From a network that has no name here</bdi>"),
    ] as [(String, [UInt8], String)] {
      try await bench.api(
        .patch, "/districts/cedar/networks", #"{"set":[{"addresses":"10.20.0.0/16","label":"\#(label)"}]}"#)
      let network = bench.registry.network(of: Origin(octets: origin), in: DeviceBench.cedar)
      try await bench.contact(device, [], verdict: .unknown, at: DeviceBench.now, network: network)
      let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
      #expect(page.text.contains(words), "\(page.text)")
    }
  }

  @Test("Who has said no reason yet is asked for it, and sees no name; neither does a role that sees no students")
  func unnamed() async throws {
    let bench = try await DeviceBench()
    let device = try await assigned(bench)
    let asked = await bench.get("/devices/\(device)", as: "help-desk@cedar!")
    #expect(
      asked.text.contains("Why do you look?") && asked.text.contains("name=\"next\" value=\"/devices/\(device)\""))
    let reader = await bench.get("/devices/\(device)", as: "read-only@cedar")
    let warehouse = await bench.get("/devices/\(device)", as: "warehouse@cedar")
    #expect(!reader.text.contains("Why do you look?"))
    for page in [asked, reader, warehouse] {
      #expect(page.status == 200 && !page.text.contains("Olivia") && !page.text.contains("1001"))
      #expect(page.text.contains("A student or a member of staff"))
    }
    #expect(try await bench.journal("person.view").isEmpty)
  }

  @Test(
    "Another district's device, and another school's, is not there",
    arguments: [
      ("help-desk@cedar", 200), ("help-desk@oak", 404), ("school-staff@cedar/north", 200),
      ("school-staff@cedar/south", 404), ("state-admin", 200), ("nobody", 303), ("warehouse@cedar", 200),
      ("district-it@oak+cedar", 200),
    ])
  func tenancy(_ visitor: String, _ status: Int) async throws {
    let bench = try await DeviceBench()
    let device = try await assigned(bench)
    let page = await bench.get("/devices/\(device)", as: visitor)
    #expect(page.status == status)
    #expect(page.text.contains("PF3XK2M9") == (status == 200))
    let none = await bench.get("/devices/dev_0000000000000000", as: visitor)
    #expect(none.status == (status == 303 ? 303 : 404))
    if status == 404 {
      func plain(_ page: DeviceBench.Page) -> String {
        page.text.replacing(device.rawValue, with: "dev_0000000000000000")
          .replacing(/name="form-token" value="[^"]*"/, with: "form-token")
      }
      #expect(plain(none) == plain(page), "the two must not be told apart")
    }
  }

  @Test("Who runs devices has a button for each move that is possible now, and no other")
  func buttons() async throws {
    let bench = try await DeviceBench()
    let device = try await assigned(bench)
    func moves(_ visitor: String) async -> Set<String> {
      let page = await bench.get("/devices/\(device)", as: visitor)
      return Set(page.text.matches(of: /\/moves\/([a-z-]+)"/).map { String($0.output.1) })
    }
    #expect(
      await moves("district-it@cedar") == [
        "return", "repair", "lost", "stolen", "give-accessories", "return-accessories",
      ])
    for visitor in ["help-desk@cedar", "help-desk@cedar/north", "school-staff@cedar/north"] {
      #expect(await moves(visitor) == ["lost", "stolen"], "\(visitor)")
    }
    for visitor in ["auditor@cedar", "read-only@cedar", "warehouse@cedar", "district-it@cedar/north"] {
      #expect(await moves(visitor).isEmpty, "\(visitor)")
    }
    let warehouse = await bench.get("/devices/\(device)", as: "warehouse@cedar")
    #expect(warehouse.text.contains("Nothing that your roles allow."), "it cannot come or go while a student has it")
    #expect(!(await bench.get("/devices/\(device)", as: "auditor@cedar")).text.contains("What can be done with it now"))
    let box = try await bench.device("BOX1")
    let place = "/devices/\(box)"
    let open = await bench.get(place, as: "warehouse@cedar").text.matches(of: /\/moves\/([a-z-]+)"/)
    #expect(open.map { String($0.output.1) } == ["receive", "deliver"])
    try await bench.move(device, "lost")
    #expect(await moves("district-admin@cedar") == ["stolen", "found", "retire", "return-accessories"])
  }

  @Test("Software is paged and searched by its name")
  func software() async throws {
    let titles = (100..<160).map { InstalledTitle(name: "title-\($0)", version: "1.\($0)", place: "title-\($0)") }
    let bench = try await DeviceBench(machines: Machines(told: MachineTold(), titles: titles))
    let device = try await bench.device("SW1")
    let first = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    #expect(first.text.contains("title-124") && !first.text.contains("title-125<"))
    let next = first.first(/<a href="([^"]+)" rel="next"/)
    #expect(next == "/devices/\(device)?after=title-124#software")
    let second = await bench.get(next, as: "help-desk@cedar")
    #expect(second.text.contains("<bdi>title-125</bdi>") && second.text.contains("<details id=\"software\" open>"))
    let found = await bench.get("/devices/\(device)?q=159", as: "help-desk@cedar")
    #expect(found.text.contains("<bdi>title-159</bdi>") && !found.text.contains("<bdi>title-100</bdi>"))
    let none = await bench.get("/devices/\(device)?q=%3Cscript%3E", as: "help-desk@cedar")
    #expect(none.text.contains("There is none of this name.") && none.text.contains("value=\"&lt;script&gt;\""))
    let far = await bench.get("/devices/\(device)?q=\(String(repeating: "x", count: 300))", as: "help-desk@cedar")
    #expect(far.status == 400)
  }

  @Test(
    "The story says who made each step and what proves it: by name where the journal says it, else by the kind of account"
  )
  func actors() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("WHO1")
    let moves = "/districts/cedar/devices/\(device)/moves"
    try await bench.move(device, "receive", #"{"evidence":"note 4711"}"#)
    #expect(await bench.post(moves + "/deliver", [("evidence", "<i>D</i>-7")], as: "warehouse@cedar").status == 303)
    #expect(await bench.post(moves + "/lost", as: "district-it@cedar").status == 303)
    let (sam, ida) = ("Sam Stateson (example)", "Ida &lt;b&gt;Teeson&lt;/b&gt; (example)")
    let someone = "somebody who works with Rollcall"
    for (visitor, names) in [
      ("auditor", [sam, "Conveyor (example)", ida]), ("state-admin", ["you", "Conveyor (example)", ida]),
      // Of whoever works for the state alone, a district is not told.
      ("district-admin@cedar", [someone, "Conveyor (example)", ida]),
      ("district-it@cedar", [someone, "Conveyor (example)", "you"]),
      ("read-only@cedar", [someone, "Conveyor (example)", ida]), ("help-desk@cedar", [someone, "a program", someone]),
      ("school-staff@cedar/north", [someone, "a program", someone]), ("warehouse@cedar", [someone, "you", someone]),
    ] {
      let page = await bench.get("/devices/\(device)", as: visitor)
      let told = page.text.matches(of: /<span class="soft">By <bdi>(.*?)<\/bdi>\./).map { String($0.output.1) }
      #expect(Array(told.reversed()) == names, "\(visitor)")
      #expect(page.text.contains("Evidence: <bdi>note 4711</bdi>"), "\(visitor)")
      #expect(page.text.contains("Evidence: <bdi>&lt;i&gt;D&lt;/i&gt;-7</bdi>"), "\(visitor)")
    }
  }

  @Test("What no account did is said as such, and digests are told by their beginnings")
  func machines() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.database.write(in: .state) { [registry = bench.registry] in
      try registry.expect(
        serial: Serial("WHO2")!, district: DeviceBench.cedar, batch: BatchID(rawValue: "fall")!, actor: .controller,
        now: DeviceBench.now, in: $0)
    }
    let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    #expect(page.text.contains("By <bdi>Rollcall itself</bdi>. Evidence: <bdi>batch:fall</bdi>"), "\(page.text)")
    let digest = Digest.sha256([1])
    #expect(
      EvidenceWords.of("batch:fall key:\(digest)") == "batch:fall key:\(digest.description.prefix(16))…")
    #expect(EvidenceWords.of("ticket:7 of  \(digest)x") == "ticket:7 of  \(digest)x")
    let words = try await ActorWords(
      ["key:\(digest)", "enrollment-token:tok_1", "principal:nonsense", "principal:prn_0000000000000008"],
      in: DeviceBench.cedar, to: nil
    ) { _ in nil }
    #expect(words.words("key:\(digest)") == "the machine itself")
    #expect(words.words("enrollment-token:tok_1") == "an enrolment token")
    #expect(words.words("principal:nonsense") == "somebody")
    #expect(words.words("principal:prn_0000000000000008") == "somebody")
  }

  @Test("A long story is cut to its latest steps, and is there whole for who asks")
  func story() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("STORY1")
    for _ in 0..<8 {
      try await bench.move(device, "repair", #"{"category":"screen","reason":"cracked <b>again</b>"}"#)
      try await bench.move(device, "repaired")
    }
    let page = await bench.get("/devices/\(device)", as: "district-it@cedar")
    func count(_ text: String) -> Int { text.components(separatedBy: "It went to be repaired (screen)").count - 1 }
    #expect(count(page.text) == 5 && page.text.contains("?story=all#story"))
    #expect(page.text.contains("cracked &lt;b&gt;again&lt;/b&gt;"))
    let all = await bench.get("/devices/\(device)?story=all", as: "district-it@cedar")
    #expect(count(all.text) == 8 && !all.text.contains("?story=all#story"))
  }

  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)", "{{frame.formToken}}",
    "\"\u{301} onfocus=alert(1) autofocus x=\"", "<\u{338}script>", "\u{202e}txt.exe", "a\u{2066}b\u{2069}c",
    "</title><script>", "</svg><script>", String(repeating: "W", count: 10_000),
    "e" + String(repeating: "\u{301}", count: 5_000),
  ]

  @Test("Hostile names of devices, software, people and facts are shown harmlessly", arguments: hostile)
  func hostileText(_ text: String) async throws {
    var told = MachineTold()
    told.parts = [MachineTold.Part("Processor", text)]
    let titles = [InstalledTitle(name: text, version: text, place: text)]
    func page(_ text: String, _ machines: Machines) async throws -> DeviceBench.Page {
      let bench = try await DeviceBench(machines: machines, people: Roster(name: text))
      let device = try await assigned(bench)
      try await bench.contact(device, [Health.Item(item: text, verdict: .failing, reason: text)], agent: text)
      try await bench.change(
        device,
        [
          FactChange(section: "system", field: "hostname", old: text, new: text),
          FactChange(section: text, field: text, old: nil, new: text),
          FactChange(section: "software", field: text, old: text, new: nil),
        ], at: DeviceBench.now)
      return await bench.get("/devices/\(device)", as: "district-it@cedar")
    }
    let shown = try await page(text, Machines(told: told, titles: titles))
    var plainTold = MachineTold()
    plainTold.parts = [MachineTold.Part("Processor", "plain")]
    let plain = try await page(
      "plain", Machines(told: plainTold, titles: [InstalledTitle(name: "plain", version: "1", place: "p")]))
    #expect(shown.status == 200)
    func tags(_ page: String) -> [String] {
      page.matches(of: /<\/?[a-z0-9]+( [a-z-]+)*/).map { String($0.output.0) }
    }
    #expect(tags(shown.text) == tags(plain.text), "the same elements, whatever the texts are")
    #expect(shown.text.utf8.filter { $0 == UInt8(ascii: "\"") }.count.isMultiple(of: 2))
    #expect(!shown.text.unicodeScalars.contains { (0x202a...0x202e).contains($0.value) || $0.value == 0x2066 })
    #expect(shown.text.utf8.count < 45_000, "\(shown.text.utf8.count) bytes")
  }
}
