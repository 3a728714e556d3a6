import Serving
import Storage
import Testing
import Vocabulary

@testable import Roster

@Suite("People of a roster")
struct PersonTests {
  private static let people = RosterBench.roster(RosterBench.cedar) + "/persons"

  private func bench() async throws -> RosterBench {
    let bench = try await RosterBench()
    try await bench.take(.cedar())
    return bench
  }

  private func found(_ bench: RosterBench, _ query: (String, String)...) async throws -> [String] {
    try await bench.send(.get, Self.people, query: query).items.map { $0["sourcedId"] as? String ?? "" }.sorted()
  }

  @Test("People are found by number, username, e-mail address and guardian, each exactly")
  func finds() async throws {
    let bench = try await bench()
    #expect(try await found(bench, ("number", "100001")) == ["u1"])
    #expect(try await found(bench, ("number", "10000")) == [])
    #expect(try await found(bench, ("username", "ROBIN.E")) == ["u1"])
    #expect(try await found(bench, ("email", "robin@students.example")) == ["u1"])
    #expect(try await found(bench, ("guardian", " gale@HOME.example".trimmed)) == ["u1", "u2"])
    #expect(try await found(bench, ("guardian", "555.010.0199")) == ["u1", "u2"])
    #expect(try await found(bench, ("guardian", "(555) 010-0123")) == ["u2"])
    #expect(try await found(bench, ("guardian", "gale@home.exampl")) == [])
    #expect(try await found(bench, ("role", "staff")) == ["t1"])
    #expect(try await found(bench, ("school", "otter-creek-elementary"), ("role", "student")) == ["u1", "u2"])
    #expect(try await found(bench, ("left", "true")) == [])
    await #expect(throws: ServingError(.query, "")) { _ = try await found(bench, ("guardian", "Gale")) }
    await #expect(throws: ServingError(.query, "")) { _ = try await found(bench, ("role", "pupil")) }
  }

  @Test("One person is shown with guardians, and each look is an entry of the journal without a name")
  func shows() async throws {
    let bench = try await bench()
    let id = try #require(try await bench.person("100002")?.id)
    let answer = try await bench.send(.get, "\(Self.people)/\(id)")
    #expect(answer.json["familyName"] as? String == "Fictional, Jr.")
    let guardians = try #require(answer.json["guardians"] as? [[String: String]])
    #expect(guardians.map { $0["role"] } == ["parent", "guardian"])
    #expect(guardians[0]["email"] == "Gale@home.example" && guardians[1]["mobile"] == "555-010-0123")
    _ = try await bench.send(.get, Self.people, query: [("number", "100001")])
    _ = try await bench.send(.get, Self.people)
    #expect(try await bench.actions() == ["roster.import", "person.view", "person.view", "roster.view"])
    let bodies = try await bench.write { transaction in
      try transaction.rows("SELECT body, object FROM audit_entry").map {
        String(decoding: try $0.get("body", as: [UInt8].self), as: UTF8.self) + (try $0.get("object", as: String.self))
      }.joined()
    }
    for name in ["Fictional", "Gale", "555", "Robin", "100001"] { #expect(!bodies.contains(name)) }
  }

  @Test("What is kept of guardians stands in the database sealed, and opens with no other key and as nobody else's")
  func sealed() async throws {
    let bench = try await bench()
    let stored = try await bench.write { transaction in
      try transaction.rows("SELECT * FROM roster_guardian ORDER BY sourced_id").map {
        try $0.get("sealed", as: [UInt8].self)
      }
    }
    #expect(stored.count == 2)
    for bytes in stored {
      let text = String(decoding: bytes, as: UTF8.self)
      for secret in ["Gale", "Kim", "home.example", "0199"] { #expect(!text.contains(secret)) }
    }
    let key = bench.desk.contacts
    #expect(try !key.open(stored[0], of: "g1", in: RosterBench.cedar).isEmpty)
    let wrong = RosterError(.contactKey, "")
    #expect(throws: wrong) { try key.open(stored[0], of: "g2", in: RosterBench.cedar) }
    #expect(throws: wrong) { try key.open(stored[0], of: "g1", in: RosterBench.oak) }
    #expect(throws: wrong) { try ContactKey.random().open(stored[0], of: "g1", in: RosterBench.cedar) }
    #expect(throws: wrong) { try key.open([], of: "g1", in: RosterBench.cedar) }
    let contact = try #require(Contact(typed: "gale@home.example"))
    #expect(key.match(contact, in: RosterBench.cedar) != key.match(contact, in: RosterBench.oak))
  }

  @Test("With another key guardians are sealed anew by the next file")
  func otherKey() async throws {
    let bench = try await bench()
    let other = RosterDesk(database: bench.database, registry: bench.registry, contacts: .random())
    let plan = try await other.plan(
      try Export.cedar().archive, only: RosterBench.cedar, on: RosterBench.today, in: .state
    ).get()
    #expect(plan.districts[0][.guardian].changed == 2 && plan.changes == 2)
  }

  @Test("Whoever has left can be erased, and nobody else; guardians of nobody else go too, and undo brings none back")
  func erases() async throws {
    let bench = try await bench()
    let id = try #require(try await bench.person("100002")?.id)
    let refused = try await bench.refusal { _ = try await bench.send(.delete, "\(Self.people)/\(id)") }
    #expect(refused?.kind == .stillActive)
    var without = Export.cedar()
    without.users.removeAll { $0[0] == "u2" }
    without.roles.removeAll { $0[3] == "u2" }
    without.enrollments.removeAll { $0[5] == "u2" }
    try await bench.take(without, query: [("allowRemoval", "50")])
    #expect(try await bench.send(.delete, "\(Self.people)/\(id)").status == 204)
    #expect(try await bench.person("100002") == nil)
    #expect(try await bench.count("roster_guardian") == 1)
    #expect(try await bench.write { try $0.rows("SELECT 1 AS n FROM roster_former WHERE kind <> 'org'").count } == 0)
    await #expect(throws: ServingError.notFound) { _ = try await bench.send(.get, "\(Self.people)/\(id)") }
    _ = try await bench.send(.post, RosterBench.roster(RosterBench.cedar) + "/undo")
    #expect(try await bench.person("100002") == nil)
    #expect(try await bench.count("roster_membership") == 2)
    #expect(try await bench.everything().joined().contains("Fictional") == false)
  }

  @Test("People who left are erased when their district's days are over, and not before")
  func retention() async throws {
    let bench = try await bench()
    _ = try await bench.send(
      .patch, RosterBench.roster(RosterBench.cedar), body: Array(#"{"leftDays": 30}"#.utf8))
    var without = Export.cedar()
    without.users.removeAll { $0[0] == "u2" }
    without.roles.removeAll { $0[3] == "u2" }
    without.enrollments.removeAll { $0[5] == "u2" }
    try await bench.take(without, query: [("allowRemoval", "50")])
    let limit = RosterBench.now.advanced(by: .seconds(30 * 86_400))
    #expect(try await bench.eraseDue(at: limit) == 0)
    #expect(try await bench.eraseDue(at: limit.advanced(by: .milliseconds(1))) == 1)
    #expect(try await bench.person("100002") == nil)
    #expect(try await bench.person("100001") != nil)
    let wrong = try await bench.refusal {
      _ = try await bench.send(
        .patch, RosterBench.roster(RosterBench.cedar), body: Array(#"{"leftDays": 5}"#.utf8))
    }
    #expect(wrong?.kind == .invalid)
  }

  @Test(
    "Whoever left and still has a device, or one in repair, is kept until it is back; the others do not wait for them")
  func waiting() async throws {
    let bench = try await bench()
    var empty = Export.cedar()
    empty.users.removeAll { ["u1", "u2"].contains($0[0]) }
    empty.roles.removeAll { ["u1", "u2"].contains($0[3]) }
    empty.enrollments.removeAll { ["u1", "u2"].contains($0[5]) }
    let (robin, zoe, terry) = (
      try #require(try await bench.person("100001")?.id), try #require(try await bench.person("100002")?.id),
      try #require(try await bench.person("T-7")?.id)
    )
    try await bench.take(empty, query: [("allowRemoval", "100")])
    try await bench.write { transaction in
      try transaction.run("UPDATE roster_person SET left_at = \(RosterBench.now) WHERE person_id = \(terry)")
      for (device, holder, owner) in [
        ("dev_0000000000000001", "person:\(robin)", nil),
        ("dev_0000000000000002", "vendor:Depot", "person:\(zoe)" as String?),
      ] {
        try transaction.run(
          """
          INSERT INTO registry_device (district_id, device_id, management, identity, created_at)
          VALUES (\(RosterBench.cedar), \(device), 'agent', 'weak', \(RosterBench.now))
          """)
        try transaction.run(
          """
          INSERT INTO registry_custody (district_id, device_id, holder, since, owner)
          VALUES (\(RosterBench.cedar), \(device), \(holder), \(RosterBench.now), \(owner))
          """)
      }
    }
    let later = RosterBench.now.advanced(by: .seconds(401 * 86_400))
    // One at a time: whoever waits stands in nobody's way.
    func erase() async throws -> Int { try await bench.eraseDue(at: later, limit: 1) }
    func waiting(_ now: Instant) async throws -> Int? {
      try await bench.send(.get, RosterBench.roster(RosterBench.cedar), now: now).json["waiting"] as? Int
    }
    let refused = try await bench.refusal { _ = try await bench.send(.delete, "\(Self.people)/\(robin)") }
    #expect(refused?.kind == .hasDevice)
    #expect(try await [erase(), erase()] == [1, 0])
    #expect(try await bench.person("T-7") == nil)
    #expect(try await [bench.person("100001")?.id, bench.person("100002")?.id] == [robin, zoe])
    #expect(try await [waiting(later), waiting(RosterBench.now)] == [2, 0])
    try await bench.write { transaction in
      try transaction.run("DELETE FROM registry_custody WHERE device_id = 'dev_0000000000000002'")
    }
    #expect(try await [erase(), erase()] == [1, 0])
    #expect(try await bench.person("100002") == nil)
    #expect(try await waiting(later) == 1)
    let asked = try await bench.send(.delete, "\(Self.people)/\(robin)", query: [("withDevice", "true")])
    #expect(asked.status == 204)
    #expect(try await bench.person("100001") == nil)
  }

  @Test("Whoever owes what went with a device is kept until it is back, and then erased")
  func owing() async throws {
    let bench = try await bench()
    let (robin, zoe) = (
      try #require(try await bench.person("100001")?.id), try #require(try await bench.person("100002")?.id)
    )
    try await bench.hold(robin, isBack: true)
    // Zoë had it next, with nothing.
    try await bench.tell("assigned", of: "person:\(zoe)")
    try await bench.tell("returned", of: "district")
    var empty = Export.cedar()
    empty.users.removeAll { ["u1", "u2"].contains($0[0]) }
    empty.roles.removeAll { ["u1", "u2"].contains($0[3]) }
    empty.enrollments.removeAll { ["u1", "u2"].contains($0[5]) }
    try await bench.take(empty, query: [("allowRemoval", "100")])
    let later = RosterBench.now.advanced(by: .seconds(401 * 86_400))
    func erase() async throws -> Int { try await bench.eraseDue(at: later) }
    let refused = try await bench.refusal { _ = try await bench.send(.delete, "\(Self.people)/\(robin)") }
    #expect(refused?.kind == .hasDevice && refused?.message.contains("owes") == true)
    #expect(try await [erase(), erase()] == [1, 0])
    #expect(try await bench.person("100002") == nil)
    #expect(try await bench.person("100001")?.id == robin)
    try await bench.tell("accessories-returned", of: "person:\(robin)", accessories: "charger")
    let due = try await bench.write { [desk = bench.desk] in
      try desk.due(of: RosterBench.cedar, now: later, limit: 500, in: $0)
    }
    #expect(due == [robin])
    // Whoever gets a device between the look and the erasure stays.
    try await bench.tell("assigned", of: "person:\(robin)", accessories: "case")
    let kept = try await bench.write { [desk = bench.desk] in
      try desk.erase(due: due, of: RosterBench.cedar, now: later, limit: 500, in: $0).people
    }
    #expect(kept == 0)
    try await bench.tell("returned", of: "district", accessories: "case")
    #expect(try await erase() == 1)
    #expect(try await bench.person("100001") == nil)
  }

  @Test("A guardian whom files of changes leave with nobody is kept as long as people who left")
  func nobodys() async throws {
    let bench = try await bench()
    func change(_ agents: [String]) async throws {
      var delta = Export(version: "1.2", mode: "delta")
      delta.user("u2", "Zoë", "Fictional, Jr.", number: "100002", agents: agents)
      delta.roles = []
      try await bench.take(delta)
    }
    let limit = RosterBench.now.advanced(by: .seconds(400 * 86_400))
    func erase(_ now: Instant) async throws -> Int {
      try await bench.eraseDue(at: now)
      return try await bench.count("roster_guardian")
    }
    let later = limit.advanced(by: .milliseconds(1))
    try await change(["g1"])
    #expect(try await erase(limit) == 2)
    // Somebody's again.
    try await change(["g1", "g2"])
    #expect(try await erase(later) == 2)
    try await change(["g1"])
    #expect(try await erase(later) == 1)
    #expect(try await found(bench, ("guardian", "(555) 010-0123")) == [])
    #expect(
      try await bench.write { try $0.rows("SELECT guardian FROM roster_guardian_contact WHERE guardian = 'g2'").count }
        == 0)
    #expect(
      try await bench.write { try $0.rows("SELECT 1 AS n FROM roster_former WHERE kind = 'guardian'").count } == 0)
  }

  @Test("How a roster stands is told in counts")
  func counts() async throws {
    let bench = try await bench()
    let answer = try await bench.send(.get, RosterBench.roster(RosterBench.cedar))
    #expect(answer.json["students"] as? Int == 2 && answer.json["staff"] as? Int == 1)
    #expect(answer.json["guardians"] as? Int == 2 && answer.json["memberships"] as? Int == 3)
    #expect(answer.json["leftDays"] as? Int == 400 && answer.json["checkedAt"] != nil)
  }

  @Test("A person of another district is not there, whoever's id it is")
  func tenants() async throws {
    let bench = try await bench()
    let id = try #require(try await bench.person("100001")?.id)
    await #expect(throws: ServingError.notFound) {
      _ = try await bench.send(
        .get, "\(RosterBench.roster(RosterBench.oak))/persons/\(id)", as: RosterBench.technician(RosterBench.oak))
    }
    await #expect(throws: ServingError.notFound) {
      _ = try await bench.send(.get, "\(Self.people)/\(id)", as: RosterBench.technician(RosterBench.oak))
    }
    let directory = RosterDirectory()
    let seen = try await bench.write { transaction in
      [
        try directory.people([id], in: TenantScope.state, transaction).first?.id,
        try directory.people([id], in: TenantScope.district(RosterBench.cedar), transaction).first?.id,
        try directory.people([id], in: TenantScope.district(RosterBench.oak), transaction).first?.id,
      ]
    }
    #expect(seen == [id, id, nil])
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
