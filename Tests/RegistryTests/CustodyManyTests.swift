import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Assignments and returns of many devices")
struct CustodyManyTests {
  private func bench(devices: Int) async throws -> CustodyBench {
    let bench = try await CustodyBench()
    let rows = (0..<devices).map { "SER\(1000 + $0)\n" }.joined()
    _ = try await bench.registry.send(.post, CustodyBench.path + "/devices/import", body: "serial\n" + rows)
    return bench
  }

  @Test("A file assigns each device to its student or school, and again changes nothing")
  func assigned() async throws {
    let bench = try await bench(devices: 4)
    let file = "serial,Student Number,school,accessories\nSER1000,1000,,charger case\nser1001,1001,,\nSER1002,,south,\n"
    let first = try await bench.many("assignments", csv: file)
    #expect(first.json["moved"] as? Int == 3 && first.json["unchanged"] as? Int == 0 && first.json["devices"] == nil)
    let again = try await bench.many("assignments", csv: file)
    #expect(again.json["moved"] as? Int == 0 && again.json["unchanged"] as? Int == 3)
    #expect(try await bench.registry.count("registry_ledger_event") == 3)
    let found = try await bench.registry.send(.get, "/api/v1/devices", query: [("stage", "assigned")]).items
    #expect(Set(found.compactMap { $0["serial"] as? String }) == ["SER1000", "SER1001", "SER1002"])
    #expect(found.first { $0["serial"] as? String == "SER1002" }?["school"] as? String == "south")
    try await bench.requireReplayed()
    let back = try await bench.many("returns", csv: "serial,accessories\nSER1000,charger\nSER1001,\n")
    #expect(back.json["moved"] as? Int == 2)
    try await bench.requireReplayed()
  }

  @Test("Every kind of bad row is told with line, column, value and rule, and nothing is assigned")
  func faults() async throws {
    let bench = try await bench(devices: 6)
    try await bench.many("assignments", csv: "serial,studentId\nSER1005,1005\n")
    let file = """
      serial,studentId,school,accessories
      SER1000,1000,,
      NOSUCH1,1001,,
      SER1001,9999,,
      SER1002,,nowhere,
      SER1003,,,
      SER1004,1004,north,
      SER1000,1006,,
      SER1005,1007,,
      Default string,1008,,
      ,1009,,
      SER1003,1003,,hat
      SER1002,1002

      """
    let faults = try await bench.faults("assignments", csv: file)
    #expect(
      faults.map { "\($0.line ?? 0) \($0.field ?? "") \($0.code)" } == [
        "3 serial custody.serial-unknown", "4 studentId custody.person-unknown", "5 school custody.school-unknown",
        "6 studentId csv.required", "7 school custody.student", "8 serial import.repeated",
        "9 serial custody.impossible", "10 serial import.serial", "11 serial csv.required",
        "12 serial import.repeated", "12 accessories custody.accessory", "13  csv.field-count",
      ])
    #expect(faults.first { $0.line == 4 }?.value == "9999")
    #expect(faults.first { $0.line == 9 }?.message.contains("Possible now: return,") == true)
    #expect(try await bench.registry.count("registry_ledger_event") == 1)
  }

  @Test(
    "A file that is none is refused whole",
    arguments: [
      "", "studentId\n1000\n", "serial;studentId\nA;1\n", "serial,studentId,sorcery\nSER1000,1000,x\n",
      "serial,studentId\n\"SER1000,1000\n", "serial,studentId\nSER1000,\u{1}\n",
    ])
  func noFile(file: String) async throws {
    let bench = try await bench(devices: 1)
    #expect(!(try await bench.faults("assignments", csv: file)).isEmpty)
    #expect(try await bench.registry.count("registry_ledger_event") == 0)
  }

  @Test("Without a roster a file of students is refused for that, and one of schools is not")
  func noRoster() async throws {
    let bench = try await CustodyBench(persons: NoRoster())
    _ = try await bench.device("SER1000")
    await #expect(throws: RegistryError(.custodyNoRoster, "")) {
      _ = try await bench.many("assignments", csv: "serial,studentId\nSER1000,1000\n")
    }
    #expect(try await bench.many("assignments", csv: "serial,school\nSER1000,north\n").json["moved"] as? Int == 1)
  }

  @Test("Each student of a class without a device gets the next one, and all give theirs back at once")
  func byClass() async throws {
    let bench = try await bench(devices: 8)
    let path = CustodyBench.path + "/assignments"
    try await bench.many("assignments", csv: "serial,studentId\nSER1007,1002\n")
    let few = #"{"class":"bio","serials":["SER1000","SER1001","SER1002"]}"#
    #expect(try await bench.registry.refusal(.post, path, body: few) == "custody.too-few-devices")
    let body =
      #"{"class":"bio","serials":["SER1000","SER1001","SER1002","SER1003","SER1004"],"accessories":["charger"]}"#
    let answer = try await bench.registry.send(.post, path, body: body)
    let given = (answer.json["devices"] as? [[String: Any]] ?? []).map {
      "\($0["serial"] as? String ?? "") \($0["holder"] as? String ?? "")"
    }
    #expect(
      given
        == zip([1000, 1001, 1002, 1003], [0, 1, 3, 4]).map { "SER\($0) person:\(PersonID.numbered($1))" })
    let back = try await bench.registry.send(.post, CustodyBench.path + "/returns", body: #"{"class":"bio"}"#)
    #expect(back.json["moved"] as? Int == 5)
    try await bench.requireReplayed()
    for (body, code) in [
      (#"{"class":"chem","serials":["SER1000"]}"#, "custody.class-unknown"),
      (#"{"class":"over","serials":["SER1000"]}"#, "custody.class-empty"),
      (#"{"class":"","serials":["SER1000"]}"#, "registry.invalid"), (#"{"class":"bio"}"#, "registry.invalid"),
      (#"{"class":"bio","serials":["SER1000","ser1000"]}"#, "registry.invalid"),
      (#"{"class":"bio","serials":["A1","A2","A3","A4","A5"]}"#, "registry.invalid"),
    ] { #expect(try await bench.registry.refusal(.post, path, body: body) == code, "\(body)") }
    #expect(
      try await bench.registry.refusal(.post, CustodyBench.path + "/returns", body: #"{"class":"chem"}"#)
        == "custody.class-unknown")
    #expect(
      try await bench.registry.refusal(.post, CustodyBench.path + "/returns", body: #"{"class":"over"}"#)
        == "custody.class-empty")
  }

  @Test("A class whose device cannot be given is refused by that device's name")
  func classImpossible() async throws {
    let bench = try await bench(devices: 5)
    let lost = try await bench.registry.send(.get, "/api/v1/devices", query: [("serial", "SER1003")])
    let id = try lost.firstDevice()
    try await bench.move(id, .lost)
    do {
      _ = try await bench.registry.send(
        .post, CustodyBench.path + "/assignments",
        body: #"{"class":"bio","serials":["SER1000","SER1001","SER1002","SER1003","SER1004"]}"#)
      Issue.record("it was assigned")
    } catch let error as RegistryError {
      #expect(error.kind == .custodyImpossible && error.message.hasPrefix("Device 'SER1003': The move 'assign'"))
    }
    #expect(try await bench.registry.count("registry_custody") == 0)
  }

  @Test("Moves of one and of many at once leave every device as its ledger says")
  func atOnce() async throws {
    let bench = try await bench(devices: 20)
    let rows = (0..<20).map { "SER\(1000 + $0),\(1000 + $0)\n" }.joined()
    let listed = try await bench.registry.send(.get, "/api/v1/devices", query: [("limit", "50")])
    let ids = listed.items.compactMap { DeviceID(rawValue: $0["id"] as? String ?? "") }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await bench.many("assignments", csv: "serial,studentId\n" + rows) }
      for id in ids.prefix(6) {
        group.addTask { _ = try? await bench.move(id, .repair, #"{"category":"screen"}"#) }
        group.addTask { _ = try? await bench.move(id, .repaired) }
      }
    }
    try await bench.requireReplayed()
  }

  @Test("A file may come back to the warehouse whole, and each event leads to the file")
  func backToWarehouse() async throws {
    let bench = try await bench(devices: 2)
    try await bench.many("assignments", csv: "serial,studentId\nSER1000,1000\nSER1001,1001\n")
    let back = try await bench.registry.send(
      .post, CustodyBench.path + "/returns", query: [("to", "warehouse")], body: "serial\nSER1000\nSER1001\n",
      type: "text/csv")
    #expect(back.json["moved"] as? Int == 2)
    let found = try await bench.registry.send(.get, "/api/v1/devices", query: [("serial", "SER1000")]).firstDevice()
    #expect(try await bench.standing(found)["holder"] as? String == "warehouse")
    let sent = Digest.sha256(Array("serial\nSER1000\nSER1001\n".utf8))
    let entries = try await bench.events(found)
    #expect(entries.last?["evidence"] as? String == "file:\(sent)")
    for to in ["moon", "person:\(PersonID.numbered(1))", "school:nowhere"] {
      await #expect(throws: RegistryError.self, "\(to)") {
        _ = try await bench.registry.send(
          .post, CustodyBench.path + "/returns", query: [("to", to)], body: "serial\nSER1000\n", type: "text/csv")
      }
    }
  }

  @Test("What is said of a class stands in each ledger")
  func classReason() async throws {
    let bench = try await bench(devices: 5)
    let serials = (0..<5).map { "\"SER\(1000 + $0)\"" }.joined(separator: ",")
    _ = try await bench.registry.send(
      .post, CustodyBench.path + "/assignments",
      body: #"{"class":"bio","serials":[\#(serials)],"reason":"new cart","evidence":"ticket 12"}"#)
    _ = try await bench.registry.send(
      .post, CustodyBench.path + "/returns", body: #"{"class":"bio","to":"school:south"}"#)
    let found = try await bench.registry.send(.get, "/api/v1/devices", query: [("serial", "SER1000")]).firstDevice()
    let entries = try await bench.events(found)
    #expect(entries.first?["reason"] as? String == "new cart" && entries.first?["evidence"] as? String == "ticket 12")
    #expect((entries.last?["evidence"] as? String)?.hasPrefix("request:") == true)
    #expect(try await bench.standing(found)["holder"] as? String == "school:south")
  }

  @Test("A student whose device is in repair gets no second one with the class")
  func inRepair() async throws {
    let bench = try await bench(devices: 6)
    try await bench.many("assignments", csv: "serial,studentId\nSER1005,1000\n")
    let theirs = try await bench.registry.send(.get, "/api/v1/devices", query: [("serial", "SER1005")]).firstDevice()
    try await bench.move(theirs, .repair, #"{"category":"screen"}"#)
    let answer = try await bench.registry.send(
      .post, CustodyBench.path + "/assignments",
      body: #"{"class":"bio","serials":["SER1000","SER1001","SER1002","SER1003","SER1004"]}"#)
    #expect(answer.json["moved"] as? Int == 4)
    try await bench.move(theirs, .repaired)
    #expect(try await bench.standing(theirs)["holder"] as? String == "person:\(PersonID.numbered(0))")
    try await bench.requireReplayed()
  }

  @Test("A body that names two million accessories is told so in few words")
  func flood() async throws {
    let bench = try await bench(devices: 1)
    let flood = Array(repeating: "\"a\"", count: 200_000).joined(separator: ",")
    do {
      _ = try await bench.registry.send(
        .post, CustodyBench.path + "/returns", body: #"{"class":"bio","accessories":[\#(flood)]}"#)
      Issue.record("it was taken")
    } catch let error as RegistryError { #expect(error.faults.count <= 1) }
    let serials = Array(repeating: "\"\"", count: 1000).joined(separator: ",")
    do {
      _ = try await bench.registry.send(
        .post, CustodyBench.path + "/assignments", body: #"{"class":"bio","serials":[\#(serials)]}"#)
      Issue.record("it was taken")
    } catch let error as RegistryError {
      #expect(error.faults.count == 100 && error.message.hasPrefix("1000 fields"))
    }
  }
}
