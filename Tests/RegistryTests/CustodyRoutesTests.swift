import Serving
import Storage
import Testing
import Vocabulary

@testable import Registry

@Suite("Moves of a device over the API")
struct CustodyRoutesTests {
  private static let person = "person:\(PersonID.numbered(4))"

  @Test("A student's device is assigned and returned; the ledger tells who, from whom, to whom and why")
  func story() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01", school: "north")
    let moved = try await bench.move(
      device, .assign,
      #"{"to":"student:1004","accessories":["charger","case"],"reason":"new student","evidence":"ticket 7"}"#)
    let event = try #require(moved.json["event"] as? [String: Any])
    #expect(event["kind"] as? String == "assigned" && event["to"] as? String == Self.person)
    #expect(event["accessories"] as? [String] == ["case", "charger"] && event["reason"] as? String == "new student")
    #expect(event["from"] == nil && moved.json["before"] == nil && event["sequence"] as? Int == 1)
    let back = try await bench.move(device, .giveBack, #"{"accessories":["charger"]}"#)
    let before = try #require(back.json["before"] as? [String: Any])
    #expect(before["kind"] as? String == "assigned" && before["sequence"] as? Int == 1)
    let standing = try #require(back.json["standing"] as? [String: Any])
    #expect(standing["stage"] as? String == "returned" && standing["holder"] as? String == "school:north")
    let owed = try #require((standing["owed"] as? [[String: Any]])?.first)
    #expect(owed["holder"] as? String == Self.person && owed["accessories"] as? [String] == ["case"])
    #expect((standing["moves"] as? [String])?.contains("return-accessories") == true)
    let ledger = try await bench.registry.send(.get, CustodyBench.path + "/devices/\(device)/ledger").items
    #expect(ledger.map { $0["kind"] as? String } == ["assigned", "returned"])
    #expect(ledger[1]["from"] as? String == Self.person && ledger[1]["to"] as? String == "school:north")
    #expect(ledger.allSatisfy { ($0["actor"] as? String)?.hasPrefix("principal:") == true })
    try await bench.requireReplayed()
  }

  @Test("Without a roster a person cannot be found, and it is said so; schools, the district and vendors can")
  func noRoster() async throws {
    let bench = try await CustodyBench(persons: NoRoster())
    let device = try await bench.device("PF3ABC01")
    for to in ["student:1004", Self.person] {
      let refused = try await bench.refused(device, .assign, #"{"to":"\#(to)"}"#)
      #expect(refused?.code == "custody.no-roster" && refused?.message.contains("has no roster") == true)
    }
    for (to, custody) in [("school:south", "school"), ("district", "district"), ("vendor:Depot", "vendor")] {
      try await bench.move(device, .assign, #"{"to":"\#(to)"}"#)
      let standing = try await bench.standing(device)
      #expect(standing["holder"] as? String == to && standing["custody"] as? String == custody)
    }
    #expect(try await bench.registry.device(device).school == SchoolID(rawValue: "south"))
  }

  @Test(
    "Who or what is not there is refused by its own code, and nothing happens",
    arguments: [
      (.assign, #"{"to":"student:9999"}"#, "custody.person-unknown"),
      (.assign, #"{"to":"person:per_9999999999999999"}"#, "custody.person-unknown"),
      (.assign, #"{"to":"school:nowhere"}"#, "custody.school-unknown"),
      (.transfer, #"{"to":"school:nowhere"}"#, "custody.school-unknown"),
      (.transfer, #"{"to":"district:nowhere"}"#, "request.not-found"),
      (.transfer, #"{"to":"district:cedar-falls"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","days":5,"for":"NOSUCH99"}"#, "custody.loan-for"),
      (.loan, #"{"to":"student:1001","days":5,"for":"PF3ABC01"}"#, "custody.loan-for"),
      (.assign, #"{"to":"warehouse"}"#, "registry.invalid"), (.assign, "{}", "registry.invalid"),
      (.assign, #"{"to":"district:oak-park"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","days":5,"due":"2027-01-01"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","days":0}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","days":201}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","due":"2001-01-01"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","due":"9999-12-31"}"#, "registry.invalid"),
      (.loan, #"{"to":"student:1001","due":"tomorrow"}"#, "registry.invalid"),
      (.repair, "{}", "registry.invalid"), (.repair, #"{"category":"ghosts"}"#, "registry.invalid"),
      (.retire, "{}", "registry.invalid"), (.retire, #"{"reason":" "}"#, "registry.invalid"),
      (.giveAccessories, "{}", "registry.invalid"), (.lost, #"{"expected":-1}"#, "registry.invalid"),
      (.giveBack, "{}", "custody.impossible"), (.found, "{}", "custody.impossible"),
      (.lost, #"{"expected":9223372036854775808}"#, "request.body"), (.lost, "[]", "request.body"),
    ] as [(CustodyMove.Kind, String, String)])
  func refusals(kind: CustodyMove.Kind, body: String, code: String) async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01")
    #expect(try await bench.refused(device, kind, body)?.code == code)
    #expect(try await bench.registry.count("registry_ledger_event") == 0)
    #expect(try await bench.registry.count("registry_custody") == 0)
  }

  @Test("Who expects another event is told what came first; who expects nothing is decided against what is")
  func expected() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01")
    try await bench.move(device, .assign, #"{"to":"student:1001","expected":0}"#)
    let second = try await bench.refused(device, .assign, #"{"to":"student:1002","expected":0}"#)
    #expect(second?.code == "custody.conflict")
    #expect(second?.message.contains("event 1 ('assigned' on \(RegistryBench.now) by principal:") == true)
    let third = try await bench.refused(device, .assign, #"{"to":"student:1002"}"#)
    #expect(third?.code == "custody.impossible" && third?.message.contains("event 1 ('assigned'") == true)
    try await bench.move(device, .giveBack, #"{"expected":1}"#)
    #expect(try await bench.registry.count("registry_ledger_event") == 2)
  }

  @Test("Of two that move a device at once, one comes first, and the other is told of it")
  func concurrent() async throws {
    let bench = try await CustodyBench()
    for round in 0..<10 {
      let device = try await bench.device("PF3ABC\(10 + round)")
      let codes = try await withThrowingTaskGroup(of: String?.self) { group in
        for student in 0..<6 {
          group.addTask { try await bench.refused(device, .assign, #"{"to":"student:\#(1000 + student)"}"#)?.code }
        }
        return try await group.reduce(into: [String?]()) { $0.append($1) }
      }
      #expect(codes.count { $0 == nil } == 1, "\(codes)")
      #expect(codes.count { $0 == "custody.impossible" } == 5, "\(codes)")
    }
    try await bench.requireReplayed()
  }

  @Test("A request that is sent again gets the first answer, and the ledger one event")
  func repeated() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01")
    let first = try await bench.move(device, .assign, #"{"to":"student:1001"}"#, key: "k1")
    let again = try await bench.move(device, .assign, #"{"to":"student:1001"}"#, key: "k1")
    #expect(first.status == again.status)
    #expect(try await bench.registry.count("registry_ledger_event") == 1)
  }

  @Test("Who only reads moves nothing, and of another district's device there is nothing to move")
  func rights() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01")
    let oaks = try await bench.registry.expect("PF3OAK01", in: RegistryBench.oak)
    for kind in CustodyMove.Kind.allCases {
      let body = #"{"to":"district","category":"screen","reason":"x","accessories":["charger"],"days":1}"#
      #expect(try await bench.refused(device, kind, body, as: .reader(RegistryBench.cedar))?.code == "access.forbidden")
      #expect(
        try await bench.refused(device, kind, body, as: .technician(RegistryBench.oak))?.code == "request.not-found")
    }
    #expect(
      try await bench.refused(oaks, .receive, as: .technician(RegistryBench.cedar))?.code == "request.not-found")
    // The other district is not there for who runs one alone, whether it is there or not.
    for other in ["oak-park", "nowhere"] {
      let refused = try await bench.refused(
        device, .transfer, #"{"to":"district:\#(other)"}"#, as: .technician(RegistryBench.cedar))
      #expect(refused?.code == "request.not-found" && refused?.message == "There is no district '\(other)'.")
    }
    #expect(try await bench.registry.count("registry_ledger_event") == 1)
  }

  @Test("A lost device's key is restricted until it is found, whatever a person approves meanwhile")
  func lost() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.registry.expect("PF3ABC01")
    try await bench.registry.enroll(device, key: 1)
    try await bench.move(device, .assign, #"{"to":"student:1001"}"#)
    try await bench.move(device, .lost, #"{"reason":"on the bus"}"#)
    #expect(bench.registry.registry.keys.key(.numbered(1))?.state == .restricted)
    #expect(try await bench.registry.keys(device).first?.reason == "Reported lost.")
    try await bench.move(device, .stolen, #"{"policeReport":"26-0815"}"#)
    #expect(try await bench.registry.keys(device).first?.reason == "Reported stolen.")
    // Another key claims to be the device; a person keeps the first, which stays restricted.
    try await bench.registry.enroll(device, key: 2)
    #expect(bench.registry.registry.keys.key(.numbered(2))?.state == .quarantined)
    _ = try await bench.registry.send(
      .post, CustodyBench.path + "/devices/\(device)/approve", body: #"{"key":"\#(Digest.numbered(1))"}"#)
    #expect(bench.registry.registry.keys.key(.numbered(1))?.state == .restricted)
    #expect(bench.registry.registry.keys.key(.numbered(2))?.state == .revoked)
    try await bench.move(device, .found)
    #expect(bench.registry.registry.keys.key(.numbered(1))?.state == .active)
    #expect(bench.registry.registry.keys.key(.numbered(2))?.state == .revoked)
    let standing = try await bench.standing(device)
    #expect(standing["holder"] as? String == "person:\(PersonID.numbered(1))" && standing["policeReport"] == nil)
    let history = try await bench.registry.send(.get, CustodyBench.path + "/devices/\(device)/changes").items
    #expect(history.contains { $0["new"] as? String == "restricted: Reported lost." })
    try await bench.requireReplayed()
  }

  @Test("A key that waits for a person still waits when its device is lost, and when it is found")
  func heldKeys() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.registry.expect("PF3ABC01")
    try await bench.registry.enroll(device, key: 1)
    try await bench.registry.enroll(device, key: 2)
    for kind in [CustodyMove.Kind.lost, .found] {
      try await bench.move(device, kind)
      #expect(try await bench.registry.keys(device).map(\.state) == [.quarantined, .quarantined])
    }
  }
}
