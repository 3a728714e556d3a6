import Foundation
import HTTPTypes
import Serving
import Storage
import Testing

@testable import rollcalld

/// What a stranger may put into the body of any route that takes one: refused by code, and nothing of it stays.
@Suite struct HostileBodyTests {
  /// Bodies that no route can take, whatever it reads.
  private static let bodies: [(name: String, bytes: [UInt8])] = [
    ("truncated", Array(#"{"id": "x"#.utf8)),
    ("an array", Array("[]".utf8)),
    ("a text", Array(#""{}""#.utf8)),
    ("a number", Array("17".utf8)),
    ("null", Array("null".utf8)),
    ("deep arrays", [UInt8](repeating: UInt8(ascii: "["), count: 100_000)),
    ("deep objects", Array(String(repeating: #"{"id":"#, count: 20_000).utf8)),
    ("not UTF-8", [0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0xc0, 0x22, 0x7d]),
    ("NUL bytes", [UInt8](repeating: 0, count: 64)),
    ("a lone surrogate", Array(#"{"id": "\ud800", "name": "\udfff", "reason": "\ud800", "key": "\ud800"}"#.utf8)),
  ]

  /// Values that no member of any body may have.
  private static let values = [
    "1e999", "-99999999999999999999999999", "[[[]]]", "{\"a\": null}", "true",
    "\"" + String(repeating: "a", count: 50_000) + "\"", "\"\\u0000\"",
  ]

  @Test("Each route that takes a body refuses hostile ones by code, and the journal does not grow")
  func everyRoute() async throws {
    let sample = try await SampleController()
    let district = try await SampleDistrict("otter-creek", in: sample)
    let me = await sample.call(.get, "/api/v1/me")
    let principal = try #require(me.body["id"] as? String, "\(me)")
    let routes = sample.controller.people.routes.filter { $0.operation.body != nil }
    #expect(routes.count >= 12)
    for route in routes {
      let path = route.path.split(separator: "/").map { part in
        guard part.hasPrefix("{") else { return String(part) }
        let name = String(part.dropFirst().dropLast())
        return name == "principal" && !route.path.contains("{district}")
          ? principal : district.value(of: name) ?? String(part)
      }.reduce("") { "\($0)/\($1)" }
      #expect(!path.contains("{"), "\(path) names nothing that there is")
      let members = Self.members(of: route)
      let made = members.flatMap { member in
        Self.values.map { ("\(member): \($0.prefix(20))", Array("{\"\(member)\": \($0)}".utf8)) }
      }
      let before = try await Self.entries(sample)
      for (name, bytes) in Self.bodies + made {
        for type in ["application/json", "text/csv"] {
          let headers: HTTPFields = [.authorization: "Bearer \(sample.adminToken)", .contentType: type]
          let reply = await sample.controller.people.respond(
            to: Call(route.method, path, headers: headers, body: bytes, now: SampleController.now))
          let text = String(decoding: reply.body.prefix(300), as: UTF8.self)
          #expect((400..<500).contains(reply.status.code), "\(route.operation.id), \(type), \(name): \(text)")
          let told =
            route.isPage
            ? String(decoding: reply.body, as: UTF8.self).contains("<code>request.") : text.contains(#""code":"#)
          #expect(told, "\(route.operation.id), \(type), \(name): \(text)")
        }
      }
      #expect(try await Self.entries(sample) == before, "\(route.operation.id) changed something")
    }
  }

  @Test("A misspelt member is refused with the nearest name: a token for these serials is none for all")
  func misspelt() async throws {
    let sample = try await SampleController()
    let district = try await SampleDistrict("otter-creek", in: sample)
    let path = "/api/v1/districts/otter-creek/batches/\(district.batch)/tokens"
    let reply = await sample.call(.post, path, json: #"{"expiresInHours": 1, "serial": ["OTTER-CREEK-SERIAL"]}"#)
    #expect(reply.status == 400 && reply.body["code"] as? String == "request.body")
    let detail = try #require(reply.body["detail"] as? String)
    #expect(detail.hasPrefix("The body has no member 'serial'. Did you mean 'serials'?"), "\(detail)")
  }

  @Test(
    "What is wrong with a member is said in its own words",
    arguments: [
      (#"{"expiresInHours": 1, "serials": null}"#, "The body's 'serials' is null; give a value, or leave it out."),
      (#"{"expiresInHours": 1.5}"#, "The body's 'expiresInHours' is not a whole number, or is too large."),
      (#"{"expiresInHours": "1"}"#, "The body's 'expiresInHours' is not a whole number, or is too large."),
      (#"{"expiresInHours": 1, "serials": "X"}"#, "The body's 'serials' is not a list."),
      (#"{"expiresInHours": 1, "allowUnidentified": 1}"#, "The body's 'allowUnidentified' is neither true nor false."),
      ("[]", "The body is not a JSON object, or holds a number that does not fit."),
    ])
  func words(_ body: String, _ words: String) async throws {
    let sample = try await SampleController()
    let district = try await SampleDistrict("otter-creek", in: sample)
    let path = "/api/v1/districts/otter-creek/batches/\(district.batch)/tokens"
    let reply = await sample.call(.post, path, json: body)
    #expect(reply.status == 400 && reply.body["detail"] as? String == words, "\(reply)")
    let robot = await sample.call(.post, "/api/v1/principals", json: #"{"kind": "robot", "name": "R"}"#)
    #expect(
      robot.body["detail"] as? String == "The body's 'kind' is 'robot'; it is one of person, service.", "\(robot)")
    let nothing = await sample.call(.patch, "/api/v1/districts/otter-creek", json: "{}")
    #expect(nothing.status == 400, "\(nothing)")
  }

  private static func entries(_ sample: SampleController) async throws -> Int {
    try await sample.controller.database.read(in: .state) { transaction in
      try transaction.row("SELECT COUNT(*) AS count FROM audit_entry")?.get("count") ?? 0
    }
  }

  /// The names that the route's description gives to members.
  private static func members(of route: PeopleRoute) -> [String] {
    guard case .object(let properties, _)? = route.operation.body?.schema else { return [] }
    return properties.map(\.name)
  }
}
