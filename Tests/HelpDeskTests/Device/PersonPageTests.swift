import Testing
import Vocabulary

@testable import HelpDesk

@Suite("The page of a person")
struct PersonPageTests {
  private let path = "/districts/cedar/persons/\(DeviceBench.olivia)"

  @Test("It shows the devices that somebody has and had, their school and their classes; the look is journalled")
  func whole() async throws {
    let bench = try await DeviceBench()
    let (former, present) = (try await bench.device("FORMER1"), try await bench.device("PRESENT1"))
    try await bench.move(former, "assign", #"{"to":"student:1001"}"#)
    try await bench.move(former, "return")
    try await bench.move(present, "loan", #"{"to":"student:1001","days":5}"#)
    let other = try await bench.device("OTHER1")
    try await bench.move(other, "assign", #"{"to":"student:1002"}"#)
    let page = await bench.get(path, as: "help-desk@cedar")
    #expect(page.status == 200 && page.heading == "Olivia Example")
    for words in ["north High", "Biology", "Student, grade 05, number 1001"] { #expect(page.text.contains(words)) }
    let halves = page.text.components(separatedBy: "<h2>Had before</h2>")
    #expect(halves.count == 2)
    #expect(halves[0].contains("/devices/\(present)") && !halves[0].contains("/devices/\(former)"))
    #expect(halves[1].contains("/devices/\(former)") && !page.text.contains("OTHER1"))
    let entries = try await bench.journal("person.view")
    #expect(entries.map(\.object) == [DeviceBench.olivia.rawValue])
    #expect(entries[0].body == #"{"persons":["\#(DeviceBench.olivia)"],"purpose":"family-calls","seen":"person-page"}"#)
  }

  @Test("A device that was lost and found, or repaired, stays with who had it")
  func detours() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("DETOUR1")
    try await bench.move(device, "assign", #"{"to":"student:1001"}"#)
    for (move, body) in [("lost", "{}"), ("found", "{}"), ("repair", #"{"category":"screen"}"#), ("repaired", "{}")] {
      try await bench.move(device, move, body)
    }
    let page = await bench.get(path, as: "district-it@cedar")
    let halves = page.text.components(separatedBy: "<h2>Had before</h2>")
    #expect(halves[0].contains("/devices/\(device)") && !halves[1].contains("/devices/\(device)"))
  }

  @Test(
    "Only who may see students sees them, at their own schools and districts",
    arguments: [
      ("help-desk@cedar", 200), ("school-staff@cedar/north", 200), ("school-staff@cedar/south", 404),
      ("help-desk@oak", 404), ("read-only@cedar", 403), ("warehouse@cedar", 403), ("auditor@cedar", 200),
      ("state-admin", 200),
    ])
  func access(_ visitor: String, _ status: Int) async throws {
    let bench = try await DeviceBench()
    let page = await bench.get(path, as: visitor)
    #expect(page.status == status && page.text.contains("Olivia") == (status == 200))
    if status != 200 { #expect(try await bench.journal("person.view").isEmpty) }
  }

  @Test(
    "Birth date and sex are shown to those roles alone that may see guardians' contacts",
    arguments: [
      ("help-desk@cedar", false), ("school-staff@cedar/north", false), ("auditor@cedar", false),
      ("district-it@cedar", true),
      ("district-admin@cedar", true), ("state-admin", true),
    ])
  func demographics(_ visitor: String, _ isShown: Bool) async throws {
    let bench = try await DeviceBench()
    let page = await bench.get(path, as: visitor)
    #expect(page.status == 200 && page.text.contains("Olivia"))
    #expect(page.text.contains("<dt>Born</dt><dd>2015-03-09</dd>") == isShown)
    #expect(page.text.contains("<dt>Sex</dt><dd>female</dd>") == isShown)
    let other = await bench.get("/districts/cedar/persons/\(DeviceBench.oscar)", as: "district-it@cedar")
    #expect(other.status == 200 && !other.text.contains("<dt>Born</dt>"))
  }

  @Test("Who said no reason is asked for it, and sees neither name nor devices")
  func asks() async throws {
    let bench = try await DeviceBench()
    let device = try await bench.device("HIDDEN1")
    try await bench.move(device, "assign", #"{"to":"student:1001"}"#)
    let page = await bench.get(path, as: "help-desk@cedar!")
    #expect(page.status == 200 && page.text.contains("Why do you look?"))
    #expect(!page.text.contains("Olivia") && !page.text.contains("HIDDEN1") && !page.text.contains("Biology"))
    #expect(try await bench.journal("person.view").isEmpty)
    #expect(await bench.get("/districts/cedar/persons/per_0000000000000009", as: "help-desk@cedar").status == 404)
  }
}
