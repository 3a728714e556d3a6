import Foundation
import Serving
import Testing

@testable import rollcalld

/// The description that the controller serves against the routes that it really has.
@Suite struct OpenAPITests {
  private struct Described {
    let routes: [PeopleRoute]
    let document: [String: Any]

    init() async throws {
      let sample = try await SampleController()
      let reply = await sample.call(.get, "/api/v1/openapi.json")
      try #require(reply.status == 200)
      (routes, document) = (sample.controller.people.routes.filter { !$0.isPage }, reply.body)
    }

    func operation(_ route: PeopleRoute) throws -> [String: Any] {
      let paths = try #require(document["paths"] as? [String: Any])
      let path = try #require(paths[route.path] as? [String: Any], "\(route.path)")
      return try #require(path[route.method.rawValue.lowercased()] as? [String: Any], "\(route.method) \(route.path)")
    }
  }

  @Test("The document describes the routes that there are, and no others")
  func sameRoutes() async throws {
    let described = try await Described()
    #expect(described.document["openapi"] as? String == "3.1.0")
    let paths = try #require(described.document["paths"] as? [String: [String: Any]])
    let documented = paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } }
    let declared = described.routes.map { "\($0.method.rawValue) \($0.path)" }
    #expect(documented.sorted() == declared.sorted())
  }

  @Test("Each parameter of a path is described, required, and nothing else is called a path's parameter")
  func pathParameters() async throws {
    let described = try await Described()
    for route in described.routes {
      let parameters = try described.operation(route)["parameters"] as? [[String: Any]] ?? []
      let inPath = parameters.filter { $0["in"] as? String == "path" }
      let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
      #expect(inPath.compactMap { $0["name"] as? String } == names.map(String.init), "\(route.path)")
      #expect(inPath.allSatisfy { $0["required"] as? Bool == true && $0["schema"] != nil }, "\(route.path)")
    }
  }

  @Test("Each body has a media type and a schema")
  func bodies() async throws {
    let described = try await Described()
    for route in described.routes {
      let body = try described.operation(route)["requestBody"] as? [String: Any]
      #expect((body != nil) == (route.operation.body != nil), "\(route.operation.id)")
      guard let declared = route.operation.body else { continue }
      let content = try #require(body?["content"] as? [String: [String: Any]])
      let schema = try #require(content[declared.type]?["schema"] as? [String: Any], "\(route.operation.id)")
      #expect(!schema.isEmpty)
      guard declared.type == "application/json" else { continue }
      #expect(schema["additionalProperties"] as? Bool == false, "\(route.operation.id)")
    }
  }

  @Test("Each operation has its own id, the success that its route promises, and problems by RFC 9457")
  func operations() async throws {
    let described = try await Described()
    var ids: Set<String> = []
    for route in described.routes {
      let operation = try described.operation(route)
      let id = try #require(operation["operationId"] as? String)
      #expect(ids.insert(id).inserted, "\(id) stands twice")
      let responses = try #require(operation["responses"] as? [String: [String: Any]])
      #expect(responses[String(route.operation.answers.status)] != nil, "\(id)")
      for status in ["4XX", "5XX"] {
        let failure = responses[status]?["content"] as? [String: Any]
        #expect(failure?["application/problem+json"] != nil, "\(id)")
      }
      // What is sent is said: nothing at all, or of which media type.
      let success = responses[String(route.operation.answers.status)]?["content"] as? [String: Any]
      #expect((success == nil) == (route.operation.answers.status == 204), "\(id)")
      let security = try #require(operation["security"] as? [[String: Any]])
      #expect(security.isEmpty == (route.rule == .open), "\(id)")
    }
  }

  @Test("Each reference leads to something in the document")
  func references() async throws {
    let document = try await Described().document
    var seen = 0
    func follow(_ value: Any) throws {
      if let array = value as? [Any] { for element in array { try follow(element) } }
      guard let object = value as? [String: Any] else { return }
      if let reference = object["$ref"] as? String {
        seen += 1
        try #require(reference.hasPrefix("#/"))
        var place: Any? = document
        for step in reference.dropFirst(2).split(separator: "/") { place = (place as? [String: Any])?[String(step)] }
        #expect(place is [String: Any], "\(reference)")
      }
      for member in object.values { try follow(member) }
    }
    try follow(document)
    #expect(seen > 0)
  }
}
