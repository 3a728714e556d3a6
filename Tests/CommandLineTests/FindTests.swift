import Testing

@testable import rollcall

@Suite("Finding on the command line")
struct FindTests {
  private static let found = """
    {"people":[{"id":"per_1","district":"elm","name":"Robin Exampleton","number":"100001","role":"student","grades":["05"],
    "school":"north","schoolName":"North","hasLeft":false,"match":"similar","devices":[
    {"id":"dev_1","district":"elm","serial":"PF3XK2M9","assetTag":"A1","stage":"in-service","health":"well","school":"north",
    "schoolName":"North","holder":"person:per_1"},{"id":"dev_2","district":"elm","serial":"PF3XK2M8","health":"failing"}]},
    {"id":"per_2","district":"elm","name":"\\u001b[31mRobin","role":"staff","grades":[],"hasLeft":true,"match":"name","devices":[]}],
    "devices":[{"id":"dev_3","district":"oak","hostname":"lab-7","health":"unknown","holder":"person:per_9","match":"hostname"},
    {"id":"dev_4","district":"oak","hostname":"lab-8","health":"unknown","holder":"person","match":"hostname"},
    {"id":"dev_5","district":"oak","hostname":"lab-9","health":"unknown","holder":"warehouse","match":"hostname"}]}
    """

  @Test("Words are sent as one text with district and purpose; a row for each device, and for each person without one")
  func rows() {
    let controller = FakeController(.success(.json(Self.found)))
    let outcome = run(
      "find", "robin", "exampletn", "-d", "elm", "--purpose", "family-calls", "--output", "csv", on: controller)
    #expect(outcome.status == .success, "\(outcome.err)")
    #expect(
      controller.requests.last?.target == "/api/v1/search?q=robin%20exampletn&district=elm&purpose=family-calls")
    let lines = outcome.out.split(separator: "\r\n").map(String.init)
    #expect(lines.count == 7)
    #expect(lines[1].hasPrefix("Robin Exampleton,100001,PF3XK2M9,A1,,in-service,well,,North,elm,similar,per_1,dev_1"))
    #expect(lines[2].contains("PF3XK2M8") && lines[3].contains("name,per_2,"))
    #expect(lines[4].hasPrefix("person:per_9,,,,lab-7,") && lines[4].hasSuffix("hostname,,dev_3"))
    #expect(lines[5].hasPrefix("person,,,,lab-8,"), "who may not know who reads that somebody has it")
    #expect(lines[6].hasPrefix(",,,,lab-9,"))
  }

  @Test("The purpose may stand in the environment; JSON is the API's own; a table is harmless")
  func purpose() {
    let controller = FakeController(.success(.json(Self.found)), .success(.json(Self.found)))
    let json = run(
      "find", "robin", "--output", "json", on: controller, environment: ["ROLLCALL_PURPOSE": "repair"])
    #expect(controller.requests.last?.target == "/api/v1/search?q=robin&purpose=repair")
    #expect(json.out.contains("\"match\" : \"similar\"") && json.out.contains("\"devices\""))
    let table = run("find", "robin", on: controller)
    #expect(!table.out.contains("\u{1b}[31m") && table.out.contains("PF3XK2M9"))
    #expect(run("find", on: FakeController()).status == .usage)
    #expect(run("find", "robin", "--purpose", "curiosity", on: FakeController()).status == .usage)
  }

  @Test("Who looked is listed with the filters that were given")
  func views() {
    let item = """
      {"items":[{"id":"ent_1","at":"2026-11-20T10:00:00.000Z","district":"elm","actor":"prn_1","kind":"search",
      "purpose":"repair","persons":["per_1","per_2"],"shown":2}]}
      """
    let controller = FakeController(.success(.json(item)))
    let outcome = run(
      "audit", "views", "-d", "elm", "--purpose", "repair", "--person", "per_1", "--from", "2026-11-01", "--output",
      "csv",
      on: controller)
    #expect(outcome.status == .success, "\(outcome.err)")
    #expect(
      controller.requests.last?.target.hasPrefix(
        "/api/v1/views?district=elm&person=per_1&purpose=repair&from=2026-11-01") == true)
    #expect(outcome.out.contains("prn_1,repair,search,2,elm,per_1 per_2,,ent_1"))
  }
}
