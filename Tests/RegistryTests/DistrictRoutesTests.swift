import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Districts and schools over the API")
struct DistrictRoutesTests {
  @Test("A district is made, shown, changed and listed")
  func districts() async throws {
    let bench = try await RegistryBench()
    let made = try await bench.send(.post, "/api/v1/districts", body: #"{"id":"cedar-falls","name":" Cedar Falls "}"#)
    #expect(made.status == 201)
    #expect(made.json["name"] as? String == "Cedar Falls")
    #expect(made.json["unknownSerials"] as? String == "refuse")
    #expect(made.json["createdAt"] as? String == RegistryBench.now.rfc3339)
    let path = "/api/v1/districts/cedar-falls"
    let changed = try await bench.send(.patch, path, body: #"{"unknownSerials":"pending"}"#)
    #expect(changed.json["unknownSerials"] as? String == "pending")
    #expect(changed.json["name"] as? String == "Cedar Falls")
    #expect(try await bench.send(.get, path).json["unknownSerials"] as? String == "pending")
    #expect(try await bench.send(.get, "/api/v1/districts").items.count == 1)
    #expect(try await bench.count("audit_entry") == 2)
  }

  @Test(
    "A district that breaks a rule is refused with the field",
    arguments: [
      #"{"id":"Cedar Falls","name":"x"}"#, #"{"id":"","name":"x"}"#, #"{"id":"cedar","name":"  "}"#,
      #"{"id":"cedar","name":"a\u0007b"}"#, #"{"id":"cedar","name":"x","unknownSerials":"maybe"}"#,
    ])
  func invalid(body: String) async throws {
    let bench = try await RegistryBench()
    #expect(try await bench.refusal(.post, "/api/v1/districts", body: body) == "registry.invalid")
    #expect(try await bench.count("registry_district") == 0)
  }

  @Test(
    "A body that is not the object is refused",
    arguments: [
      "", "[]", "{", #"{"id":7,"name":"x"}"#, #"{"id":"cedar"}"#, "\u{0}", String(repeating: "[", count: 5000),
    ])
  func malformed(body: String) async throws {
    let bench = try await RegistryBench()
    #expect(try await bench.refusal(.post, "/api/v1/districts", body: body) == "request.body")
  }

  @Test("An id is taken once")
  func taken() async throws {
    let bench = try await RegistryBench.withDistricts()
    let body = #"{"id":"cedar-falls","name":"Cedar"}"#
    #expect(try await bench.refusal(.post, "/api/v1/districts", body: body) == "registry.district-exists")
    let school = #"{"id":"north","name":"North High"}"#
    let path = "/api/v1/districts/cedar-falls/schools"
    #expect(try await bench.send(.post, path, body: school).status == 201)
    #expect(try await bench.refusal(.post, path, body: school) == "registry.school-exists")
    #expect(try await bench.send(.post, "/api/v1/districts/oak-park/schools", body: school).status == 201)
    #expect(try await bench.send(.get, path).items.map { $0["id"] as? String } == ["north"])
  }

  @Test("The same Idempotency-Key makes one district and gets the first answer again")
  func repeated() async throws {
    let bench = try await RegistryBench()
    let body = #"{"id":"cedar","name":"Cedar"}"#
    #expect(try await bench.send(.post, "/api/v1/districts", body: body, key: "k1").status == 201)
    #expect(try await bench.send(.post, "/api/v1/districts", body: body, key: "k1").status == 201)
    #expect(try await bench.count("registry_district") == 1)
    #expect(try await bench.count("audit_entry") == 1)
    let other = #"{"id":"oak","name":"Oak"}"#
    #expect(
      try await bench.refusal(.post, "/api/v1/districts", body: other, key: "k1") == "request.idempotency-mismatch")
  }

  @Test("Pages follow one another without a gap or a repeat")
  func pages() async throws {
    let bench = try await RegistryBench()
    for number in 10..<35 {
      _ = try await bench.send(.post, "/api/v1/districts", body: #"{"id":"d\#(number)","name":"D"}"#)
    }
    var seen: [String] = []
    var after: String?
    repeat {
      let query = [("limit", "10")] + (after.map { [("after", $0)] } ?? [])
      let page = try await bench.send(.get, "/api/v1/districts", query: query)
      seen += page.items.compactMap { $0["id"] as? String }
      after = page.json["next"] as? String
    } while after != nil
    #expect(seen == (10..<35).map { "d\($0)" })
  }

  @Test(
    "A change of a district without a member that it knows is refused",
    arguments: ["{}", #"{"nam":"x"}"#, #"{"name":null}"#])
  func emptyPatch(body: String) async throws {
    let bench = try await RegistryBench.withDistricts()
    #expect(try await bench.refusal(.patch, "/api/v1/districts/cedar-falls", body: body) == "request.body")
  }
}
