import Serving
import Storage
import Testing
import Vocabulary

@testable import Registry

@Suite("Devices over the API")
struct DeviceRoutesTests {
  private struct StubFacts: FactSource {
    struct Section: Encodable, Sendable { let serial: String }
    func facts(of device: DeviceID, in district: DistrictID, _ transaction: any Transaction) -> DeviceFacts? {
      var facts = DeviceFacts()
      facts.identity = Section(serial: "PF3ABC01")
      facts.softwareCount = 1500
      return facts
    }
  }

  private func serials(_ answer: RegistryBench.Answer) -> Set<String> {
    Set(answer.items.compactMap { $0["serial"] as? String })
  }

  @Test("A device known by serial alone is shown with what is known, and nothing invented")
  func serialOnly() async throws {
    let bench = try await RegistryBench.withDistricts()
    let id = try await bench.expect("PF3ABC01")
    let shown = try await bench.send(.get, "/api/v1/districts/cedar-falls/devices/\(id)").json
    #expect(shown["identity"] as? String == "serial-only")
    #expect(shown["management"] as? String == "none")
    #expect(shown["stage"] as? String == "ordered")
    #expect(shown["custody"] as? String == "vendor")
    #expect((shown["keys"] as? [Any])?.isEmpty == true)
    #expect((shown["health"] as? [String: Any])?["verdict"] as? String == "unknown")
    for absent in [
      "lastContact", "nextContact", "facts", "softwareCount", "school", "assetTag", "model", "vendor", "hostname",
    ] {
      #expect(shown[absent] == nil, "\(absent)")
    }
  }

  @Test("An enrolled device is shown with its key, contact, health and facts")
  func enrolled() async throws {
    let bench = try await RegistryBench.withDistricts(facts: StubFacts())
    let id = try await bench.expect("PF3ABC01")
    try await bench.enroll(id, key: 1)
    let health = Health(
      verdict: .attention, items: [.init(item: "battery", verdict: .attention, reason: "61 % of its design")])
    try await bench.contact(id, key: 1, health: health)
    let shown = try await bench.send(.get, "/api/v1/districts/cedar-falls/devices/\(id)").json
    let key = try #require((shown["keys"] as? [[String: Any]])?.first)
    #expect(key["key"] as? String == Digest.numbered(1).description)
    #expect(key["state"] as? String == "active")
    #expect(key["notAfter"] as? String == IssuedKey.numbered(1).notAfter.rfc3339)
    #expect(shown["lastContact"] as? String == RegistryBench.now.rfc3339)
    #expect(shown["nextContact"] as? String == RegistryBench.now.advanced(by: .seconds(3600)).rfc3339)
    let items = (shown["health"] as? [String: Any])?["items"] as? [[String: Any]]
    #expect(items?.first?["reason"] as? String == "61 % of its design")
    #expect(((shown["facts"] as? [String: Any])?["identity"] as? [String: Any])?["serial"] as? String == "PF3ABC01")
    #expect(shown["softwareCount"] as? Int == 1500)
  }

  @Test("Each filter finds its devices, and several together those that meet all")
  func filters() async throws {
    let bench = try await RegistryBench.withDistricts()
    let first = try await bench.expect("PF3ABC01")
    let second = try await bench.expect("PF3ABC02")
    let third = try await bench.expect("MJ0DEF03", in: RegistryBench.oak)
    try await bench.enroll(first, key: 1)
    try await bench.enroll(second, key: 2)
    try await bench.enroll(second, key: 3)
    try await bench.contact(first, key: 1, health: Health(verdict: .failing, items: []))
    _ = try await bench.send(
      .post, "/api/v1/districts/cedar-falls/schools", body: #"{"id":"north","name":"North High"}"#)
    _ = try await bench.send(
      .post, "/api/v1/districts/cedar-falls/devices/import", body: "serial,assetTag,school\nPF3ABC01,T-100,north\n")
    try await bench.write { [registry = bench.registry] transaction in
      _ = try registry.observe(
        third, of: RegistryBench.oak, by: .numbered(3), hostname: "Lab-7", now: RegistryBench.now, in: transaction)
      return
    }
    let all: Set = ["PF3ABC01", "PF3ABC02", "MJ0DEF03"]
    let cases: [([(String, String)], Set<String>)] = [
      ([], all), ([("district", "oak-park")], ["MJ0DEF03"]),
      ([("school", "north")], ["PF3ABC01"]), ([("serial", "pf3abc02")], ["PF3ABC02"]),
      ([("assetTag", "t-100")], ["PF3ABC01"]), ([("hostname", "LAB-7")], ["MJ0DEF03"]),
      ([("stage", "enrolled")], ["PF3ABC01", "PF3ABC02"]), ([("management", "none")], ["MJ0DEF03"]),
      ([("keyState", "active")], ["PF3ABC01"]), ([("keyState", "quarantined")], ["PF3ABC02"]),
      ([("health", "failing")], ["PF3ABC01"]), ([("health", "unknown")], ["PF3ABC02", "MJ0DEF03"]),
      ([("q", "pf3")], ["PF3ABC01", "PF3ABC02"]), ([("q", "T-1")], ["PF3ABC01"]), ([("q", "lab")], ["MJ0DEF03"]),
      ([("q", "ABC")], []), ([("q", "pf3"), ("keyState", "active")], ["PF3ABC01"]), ([("q", "%")], []),
      ([("q", "pf3"), ("keyState", "quarantined"), ("serial", "PF3ABC02")], ["PF3ABC02"]),
    ]
    for (query, expected) in cases {
      #expect(serials(try await bench.send(.get, "/api/v1/devices", query: query)) == expected, "\(query)")
    }
  }

  @Test(
    "A filter that does not exist, or a value that cannot be, is refused",
    arguments: [
      ("stge", "enrolled"), ("stage", "arrived"), ("keyState", "dead"), ("health", "ill"), ("district", "Cedar Falls"),
      ("limit", "0"), ("limit", "1001"), ("after", "x"), ("after", "a/b"), ("school", "\u{0}"),
    ])
  func badFilter(name: String, value: String) async throws {
    let bench = try await RegistryBench.withDistricts()
    #expect(try await bench.refusal(.get, "/api/v1/devices", query: [(name, value)]) == "request.query")
  }

  @Test("Who holds a school sees its devices alone; the others, and other districts, are not there")
  func schoolReaders() async throws {
    let bench = try await RegistryBench.withDistricts()
    let cedar = "/api/v1/districts/cedar-falls"
    for school in ["north", "south"] {
      _ = try await bench.send(.post, cedar + "/schools", body: #"{"id":"\#(school)","name":"\#(school) High"}"#)
    }
    _ = try await bench.send(
      .post, cedar + "/devices/import", body: "serial,school\nPF3ABC01,north\nPF3ABC02,south\nPF3ABC03,\n")
    let all = try await bench.send(.get, "/api/v1/devices").items
    let north = Caller(
      principal: PrincipalID(rawValue: "prn_0000000000000001")!, name: "clerk",
      grants: [Grant(.readOnly, at: .school(RegistryBench.cedar, SchoolID(rawValue: "north")!))])
    #expect(all.count == 3)
    let seen = try await bench.send(.get, "/api/v1/devices", as: north).items
    #expect(seen.map { $0["serial"] as? String } == ["PF3ABC01"])
    #expect(try await bench.send(.get, "/api/v1/devices", as: north, query: [("school", "south")]).items.isEmpty)
    for item in all {
      let id = try #require(item["id"] as? String)
      let code = item["serial"] as? String == "PF3ABC01" ? nil : "request.not-found"
      for tail in ["", "/ledger", "/changes"] {
        #expect(try await bench.refusal(.get, cedar + "/devices/\(id)\(tail)", as: north) == code)
      }
      let body = #"{"reason":"x"}"#
      #expect(
        try await bench.refusal(.post, cedar + "/devices/\(id)/revoke", as: north, body: body) == "access.forbidden")
    }
    for district in ["oak-park", "nowhere"] {
      #expect(
        try await bench.refusal(.get, "/api/v1/devices", as: north, query: [("district", district)])
          == "request.not-found")
    }
  }

  @Test("Pages of devices follow one another across districts, with and without a search")
  func pages() async throws {
    let bench = try await RegistryBench.withDistricts()
    for number in 10..<40 {
      _ = try await bench.expect("SER\(number)", in: number % 2 == 0 ? RegistryBench.cedar : RegistryBench.oak)
    }
    for search in [[], [("q", "SER")]] {
      var seen: [String] = []
      var after: String?
      repeat {
        let query = search + [("limit", "7")] + (after.map { [("after", $0)] } ?? [])
        let page = try await bench.send(.get, "/api/v1/devices", query: query)
        seen += page.items.compactMap { $0["serial"] as? String }
        after = page.json["next"] as? String
      } while after != nil
      #expect(seen.count == 30)
      #expect(Set(seen) == Set((10..<40).map { "SER\($0)" }))
    }
  }

  @Test("Each event of the ledger tells where it left the device, on later pages too")
  func ledgerAfter() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    let path = "/api/v1/districts/cedar-falls/devices/\(device)/ledger"
    func after(_ item: [String: Any]) -> [String?] { [item["stageAfter"] as? String, item["custodyAfter"] as? String] }
    let all = try await bench.send(.get, path).items
    #expect(all.map(after) == [["ordered", "vendor"], ["enrolled", "warehouse"]])
    #expect(all.allSatisfy { $0["stage"] == nil })
    let second = try await bench.send(.get, path, query: [("limit", "1"), ("after", "1")])
    #expect(second.items.map(after) == [["enrolled", "warehouse"]])
  }

  @Test("The ledger is listed oldest first, changes newest first, both in pages")
  func histories() async throws {
    let bench = try await RegistryBench.withDistricts()
    let id = try await bench.expect("PF3ABC01")
    try await bench.enroll(id, key: 1)
    let path = "/api/v1/districts/cedar-falls/devices/\(id)"
    let first = try await bench.send(.get, path + "/ledger", query: [("limit", "1")])
    #expect(first.items.first?["kind"] as? String == "expected")
    #expect(first.items.first?["actor"] as? String == "controller")
    #expect(first.items.first?["evidence"] as? String == "batch:fall")
    let next = try #require(first.json["next"] as? String)
    let second = try await bench.send(.get, path + "/ledger", query: [("after", next)])
    #expect(second.items.map { $0["kind"] as? String } == ["enrolled"])
    #expect(second.json["next"] == nil)
    try await bench.write { [registry = bench.registry] in
      try registry.recordChanges(
        [
          FactChange(section: "hardware", field: "disks.nvme0n1.serial", old: "S1", new: "S2"),
          FactChange(section: "hardware", field: "memory", old: "16", new: nil),
        ], of: id, of: RegistryBench.cedar, now: RegistryBench.now, in: $0)
    }
    let changes = try await bench.send(.get, path + "/changes").items
    #expect(changes.map { $0["field"] as? String } == ["memory", "disks.nvme0n1.serial"])
    #expect(changes[0]["new"] == nil)
    #expect(changes[1]["new"] as? String == "S2")
  }

  @Test("A device's history keeps its latest thousand changes, each of bounded size")
  func bounded() async throws {
    let bench = try await RegistryBench.withDistricts()
    let id = try await bench.expect("PF3ABC01")
    let long = String(repeating: "ü", count: 5000)
    try await bench.write { [registry = bench.registry] transaction in
      for round in 0..<6 {
        let changes = (0..<200).map { FactChange(section: "vitals", field: "f\(round)-\($0)", old: nil, new: long) }
        try registry.recordChanges(changes, of: id, of: RegistryBench.cedar, now: RegistryBench.now, in: transaction)
      }
    }
    #expect(try await bench.count("registry_change") == 1000)
    let page = try await bench.send(
      .get, "/api/v1/districts/cedar-falls/devices/\(id)/changes", query: [("limit", "1")])
    #expect(page.items[0]["field"] as? String == "f5-199")
    #expect((page.items[0]["new"] as? String)?.utf8.count ?? 0 < 1100)
  }

  @Test("A reason stays with the key until the next decision, and in the device's history after it")
  func reasonsStay() async throws {
    let bench = try await RegistryBench.withDistricts()
    let id = try await bench.expect("PF3ABC01")
    try await bench.enroll(id, key: 1)
    let path = "/api/v1/districts/cedar-falls/devices/\(id)"
    func reason() async throws -> String? {
      (try await bench.send(.get, path).json["keys"] as? [[String: Any]])?.first?["reason"] as? String
    }
    _ = try await bench.send(.post, path + "/quarantine", body: #"{"reason":"left in the bus"}"#)
    #expect(try await reason() == "left in the bus")
    // A collision later does not put its own words in the place of a person's; another person's decision does.
    try await bench.change { [registry = bench.registry] in
      try registry.quarantine(id, of: RegistryBench.cedar, in: $0)
    }
    #expect(try await reason() == "left in the bus")
    _ = try await bench.send(.post, path + "/quarantine", body: #"{"reason":"still in the bus"}"#)
    #expect(try await reason() == "still in the bus")
    _ = try await bench.send(.post, path + "/approve")
    #expect(try await reason() == nil)
    let changes = try await bench.send(.get, path + "/changes").items
    #expect(
      changes.map { $0["new"] as? String } == [
        "active", "quarantined: still in the bus", "quarantined: left in the bus",
      ])
    #expect(changes.first?["old"] as? String == "quarantined: still in the bus")
    #expect(changes.allSatisfy { $0["section"] as? String == "key" })
  }

  @Test("Quarantine and revocation ask for a reason, and for a key")
  func reasons() async throws {
    let bench = try await RegistryBench.withDistricts()
    let id = try await bench.expect("PF3ABC01")
    let path = "/api/v1/districts/cedar-falls/devices/\(id)"
    #expect(try await bench.refusal(.post, path + "/revoke", body: "{}") == "request.body")
    #expect(try await bench.refusal(.post, path + "/revoke", body: #"{"reason":" "}"#) == "registry.invalid")
    #expect(try await bench.refusal(.post, path + "/quarantine", body: #"{"reason":"x"}"#) == "registry.no-live-key")
    try await bench.enroll(id, key: 1)
    #expect(try await bench.send(.post, path + "/quarantine", body: #"{"reason":"odd"}"#).status == 200)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .quarantined)
    #expect(try await bench.refusal(.post, path + "/approve", body: #"{"key":"xyz"}"#) == "registry.invalid")
    #expect(
      try await bench.refusal(.post, path + "/approve", body: #"{"key":"\#(Digest.numbered(8))"}"#)
        == "registry.key-unknown")
    #expect(try await bench.send(.post, path + "/approve").status == 200)
    #expect(bench.registry.keys.key(.numbered(1))?.state == .active)
  }
}
