import Foundation
import Serving
import Testing

@testable import rollcalld

/// A district of two schools, and somebody who works at one of them: what is the other one's does not exist for her, on any route
/// that shows a school its own, by the handlers that really answer.
@Suite struct SchoolTenancyTests {
  private struct World {
    let sample: SampleController
    /// Its device and its student are the other school's.
    let district: SampleDistrict
    let ownDevice: String
    let token: String
    let secrets: [String]

    init() async throws {
      sample = try await SampleController()
      district = try await SampleDistrict("birch", in: sample)
      let base = "/api/v1/districts/birch"
      let school = await sample.call(.post, base + "/schools", json: #"{"id": "birch-own", "name": "Own School"}"#)
      try #require(school.status == 201, "\(school)")
      let imported = await sample.call(
        .post, base + "/devices/import",
        csv: "serial,school\n\(district.secrets[3]),birch-school\nOWN-SERIAL,birch-own\n")
      try #require((200...204).contains(imported.status), "\(imported)")
      let listed = await sample.call(.get, "/api/v1/devices?serial=OWN-SERIAL")
      ownDevice = try #require((listed.body["items"] as? [[String: Any]])?.first?["id"] as? String)
      for device in [ownDevice, district.device] {
        let lost = await sample.call(.post, base + "/devices/\(device)/lost", json: "{}")
        try #require((200...204).contains(lost.status), "\(lost)")
      }
      token = try await sample.token(role: "school-staff", district: "birch", school: "birch-own", name: "Own Staff")
      secrets = [district.secrets[3], district.secrets[6], district.secrets[7], district.device, district.person]
    }

    func ask(_ route: PeopleRoute, _ path: String, _ query: [(name: String, value: String)] = []) async -> (
      status: Int, text: String
    ) {
      // Who works at a school says why they look.
      let purpose = [(name: "purpose", value: "family-calls")]
      let known = route.operation.query.contains { $0.name == "purpose" }
      return await sample.text(route.method, path, query: query + (known ? purpose : []), token: token)
    }
  }

  private func path(_ route: PeopleRoute, device: String, _ world: World) throws -> String {
    var path = route.path
    for name in route.path.split(separator: "/").filter({ $0.hasPrefix("{") }).map({ $0.dropFirst().dropLast() }) {
      let value = try #require(name == "device" ? device : world.district.value(of: String(name)), "{\(name)}")
      path = path.replacing("{\(name)}", with: value)
    }
    return path
  }

  private static func isOfSchools(_ rule: AccessRule) -> Bool {
    switch rule {
    case .school, .scopedSchools: true
    case .open, .signedIn, .state, .scoped, .district: false
    }
  }

  @Test("On every route that shows a school its own, another school's things are 404 or left out")
  func everyRoute() async throws {
    let world = try await World()
    var (tried, showing) = (0, Set<String>())
    for route in world.sample.controller.people.routes where Self.isOfSchools(route.rule) && !route.isLive {
      let others = try path(route, device: world.district.device, world)
      if route.path.contains("{device}") || route.path.contains("{person}") {
        let foreign = await world.ask(route, others)
        #expect(foreign.status == 404, "\(others): \(foreign)")
        // An answer may say again which id was asked for.
        for secret in world.secrets where !others.contains(secret) {
          #expect(!foreign.text.contains(secret), "\(others)")
        }
        // What a school's own may do with a device is MoveRightsTests'.
        guard route.method == .get, route.path.contains("{device}"), !route.path.hasSuffix("/software") else {
          continue
        }
        let own = await world.ask(route, try path(route, device: world.ownDevice, world))
        // A move's form is for who may make the move.
        let isMove = route.path.contains("{move}")
        #expect(own.status == 200 || isMove && own.status == 403, "\(route.path): \(own)")
      } else {
        var asked: [[(name: String, value: String)]] = [[]]
        for name in ["school", "serial", "q", "name", "district", "section"] {
          let values = ["birch-school", "birch-own", "birch", "custody", "OWN-SERIAL"] + world.secrets
          asked += values.map { [(name: name, value: $0)] }
        }
        for query in asked {
          let answer = await world.ask(route, others, query)
          #expect([200, 303, 400, 403, 404].contains(answer.status), "\(route.path): \(answer)")
          // A page shows in its form what was asked for, and a refusal which text it did not understand.
          for secret in world.secrets where !query.contains(where: { $0.value == secret }) {
            #expect(!answer.text.contains(secret), "\(route.path) \(query)")
          }
          if answer.status == 200, answer.text.contains("OWN-SERIAL") { showing.insert(route.path) }
        }
      }
      tried += 1
    }
    #expect(tried > 20)
    let lists = [
      "/api/v1/devices", "/devices", "/reports/inventory", "/api/v1/reports/inventory", "/reports/losses",
      "/api/v1/reports/losses", "/reports/changes", "/api/v1/reports/changes", "/api/v1/search",
    ]
    #expect(Set(lists).subtracting(showing) == [], "\(showing)")
  }
}
