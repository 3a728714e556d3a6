import Foundation
import Serving
import Testing

@testable import rollcalld

/// Two districts, and somebody who works for one of them: the other one does not exist for her, on any route.
@Suite struct TenancyTests {
  /// A body that each operation takes, so that an answer is about the tenant and not about the body.
  private static let bodies: [String: String] = [
    "changeDistrict": #"{"name": "Taken over"}"#,
    "createSchool": #"{"id": "taken-over", "name": "Taken over"}"#,
    "createBatch": #"{"id": "taken-over", "name": "Taken over", "serials": ["TAKEN-OVER-1"]}"#,
    "addBatchSerials": "serial\nTAKEN-OVER-2\n",
    "removeBatchSerials": "serial\nWILLOW-SERIAL\n",
    "createEnrollmentToken": #"{"expiresInHours": 1}"#,
    "importDevices": "serial,assetTag\nTAKEN-OVER-3,A1\n",
    "approveDevice": "{}",
    "revokeDevice": #"{"reason": "taken over"}"#,
    "quarantineDevice": #"{"reason": "taken over"}"#,
    "approvePending": "{}",
    "receiveDevice": "{}", "deliverDevice": "{}", "returnDevice": "{}", "endRepair": "{}", "reportDeviceLost": "{}",
    "reportDeviceStolen": "{}", "reportDeviceFound": "{}",
    "assignDevice": #"{"to": "district"}"#,
    "loanDevice": #"{"to": "student:1", "days": 5}"#,
    "repairDevice": #"{"category": "screen"}"#,
    "transferDevice": #"{"to": "school:willow-school"}"#,
    "retireDevice": #"{"reason": "taken over"}"#,
    "giveAccessories": #"{"accessories": ["charger"]}"#,
    "returnAccessories": #"{"accessories": ["charger"]}"#,
    "assignDevices": #"{"class": "bio", "serials": ["WILLOW-SERIAL"]}"#,
    "returnDevices": #"{"class": "bio"}"#,
    "changeCalendar": #"{"closedDays": ["2026-12-24"]}"#,
    "changeNetworks": #"{"set": [{"addresses": "10.0.0.0/8", "label": "taken over"}]}"#,
    "addReadings": #"{"readings": [{"week": "2026-06-01", "batteryPercent": 1}]}"#,
    "addDistrictPerson": #"{"login": "taken.over", "name": "Taken over", "role": "read-only"}"#,
    "addDistrictGrant": #"{"role": "read-only"}"#,
    "importRoster": "an archive",
    "changeRoster": #"{"leftDays": 31}"#,
    "uploadRoster": "a form", "createBatchPage": "a form", "changeBatchMachines": "a form",
    "setRosterMapping": #"{"name":"taken","role":"staff","columns":{"number":"N","givenName":"G","familyName":"F"}}"#,
  ]

  private static let queries: [String: [(name: String, value: String)]] = [
    "removeDistrictGrant": [("role", "read-only")]
  ]

  private struct World {
    let sample: SampleController
    let own: SampleDistrict
    let other: SampleDistrict
    let token: String

    init() async throws {
      sample = try await SampleController()
      own = try await SampleDistrict("birch", in: sample)
      other = try await SampleDistrict("willow", in: sample)
      token = try await sample.token(role: "district-admin", district: "birch", name: "Birch IT")
      try await sample.sequence()
    }

    /// What of the other district could be seen to have changed.
    func otherState() async -> String {
      var seen = ""
      let base = "/api/v1/districts/\(other.id)"
      for path in [
        base, base + "/schools", base + "/batches", base + "/batches/\(other.batch)/serials",
        base + "/batches/\(other.batch)/tokens", base + "/devices/\(other.device)",
        base + "/devices/\(other.device)/ledger", base + "/devices/\(other.device)/changes", base + "/people",
        base + "/roster", base + "/roster/imports", base + "/roster/persons", base + "/roster/mappings",
        base + "/networks", base + "/devices/\(other.device)/readings",
      ] { seen += await sample.text(.get, path, token: sample.adminToken).text }
      for path in ["/api/v1/devices", "/api/v1/pending"] {
        seen += await sample.text(.get, path, query: [("district", other.id)], token: sample.adminToken).text
      }
      return seen
    }
  }

  /// The parameters of a path besides the district.
  private func parameters(_ route: PeopleRoute) -> [String] {
    route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
      .filter { $0 != "district" }
  }

  private func path(_ route: PeopleRoute, district: SampleDistrict, things: SampleDistrict) throws -> String {
    var path = route.path.replacing("{district}", with: district.id)
    for name in parameters(route) {
      let value = try #require(things.value(of: name), "a new parameter {\(name)}: give the sample district one")
      path = path.replacing("{\(name)}", with: value)
    }
    return path
  }

  @Test("On every route of a district, what belongs to another one is 404 and stays as it was")
  func everyDistrictRoute() async throws {
    let world = try await World()
    let before = await world.otherState()
    var tried = 0
    for route in world.sample.controller.people.routes {
      guard route.path.contains("{district}") else { continue }
      let body = Self.bodies[route.operation.id]
      #expect(body != nil || route.operation.body == nil, "\(route.operation.id): give it a body here")
      var places = [(world.other, world.other), (world.other, world.own)]
      if !parameters(route).isEmpty { places.append((world.own, world.other)) }
      for (district, things) in places {
        let path = try path(route, district: district, things: things)
        let reply = await world.sample.text(
          route.method, path, query: Self.queries[route.operation.id] ?? [], type: route.operation.body?.type,
          body: body ?? "", token: world.token)
        #expect(reply.status == 404, "\(route.method) \(path): \(reply)")
        for secret in world.other.secrets { #expect(!reply.text.contains(secret), "\(route.method) \(path)") }
        tried += 1
      }
    }
    #expect(tried > 40)
    #expect(await world.otherState() == before)
  }

  @Test("On the same routes, one's own things are there")
  func ownThings() async throws {
    let world = try await World()
    for route in world.sample.controller.people.routes where route.method == .get {
      guard route.path.contains("{district}"), !route.path.hasSuffix("/software") else { continue }
      let path = try path(route, district: world.own, things: world.own)
      let reply = await world.sample.text(.get, path, token: world.token)
      #expect(reply.status == 200, "\(path): \(reply)")
    }
  }

  @Test("Every list shows one's own district alone, whatever is asked for")
  func lists() async throws {
    let world = try await World()
    for route in world.sample.controller.people.routes {
      switch route.rule {
      case .scoped, .scopedSchools: break
      case .open, .signedIn, .state, .district, .school: continue
      }
      #expect(route.method == .get, "a write that is not bound to a district needs a test of its own")
      // What a page is told while it is open are numbers: `FeaturePagesTests` has them.
      if route.isLive { continue }
      // No device of the sample has told its software or anything else, and none is lost: these lists are empty.
      // `SoftwareIndexTests` and `ReportsTests` fill them.
      let isOfSoftware =
        ["software", "reports/software", "reports/attention", "reports/losses"].contains {
          route.path.hasPrefix("/api/v1/\($0)")
        } || route.path == "/quarantine"
      let needed: [(name: String, value: String)] =
        switch route.path {
        case "/api/v1/software/devices": [("name", "openssl")]
        case "/api/v1/search", "/desk/results": [("q", world.own.secrets[3])]
        case "/desk": [("q", world.own.secrets[3]), ("stay", "yes")]
        default: []
        }
      let path = try path(route, district: world.own, things: world.own)
      let plain = await world.sample.text(.get, path, query: needed, token: world.token)
      #expect(plain.status == 200 && (isOfSoftware || plain.text.contains(world.own.id)), "\(route.path): \(plain)")
      if path != route.path {
        let others = try self.path(route, district: world.other, things: world.other)
        let foreign = await world.sample.text(.get, others, token: world.token)
        #expect(foreign.status == 404, "\(others): \(foreign)")
        for secret in world.other.secrets { #expect(!foreign.text.contains(secret), "\(others)") }
      }
      var answers = [(asked: "", status: plain.status, text: plain.text)]
      for filter in ["district", "q", "serial", "object", "school"] {
        for value in [world.other.id, world.other.secrets[3], world.other.device, world.other.batch] {
          let answer = await world.sample.text(
            .get, path, query: needed + [(name: filter, value: value)], token: world.token)
          answers.append((value, answer.status, answer.text))
        }
      }
      for answer in answers {
        #expect([200, 400, 404].contains(answer.status), "\(route.path): \(answer)")
        for secret in world.other.secrets + [world.other.device, world.other.pending, world.other.token]
        // A page shows in its form what was asked for.
        where answer.status == 200 && !(route.isPage && secret == answer.asked) {
          #expect(!answer.text.contains(secret), "\(route.path)")
        }
      }
    }
  }

  @Test("A waiting device is not approved as a device of another district")
  func foreignDeviceInBody() async throws {
    let world = try await World()
    let reply = await world.sample.text(
      .post, "/api/v1/districts/\(world.own.id)/pending/\(world.own.pending)/approve", type: "application/json",
      body: #"{"device": "\#(world.other.device)"}"#, token: world.token)
    #expect(reply.status == 409 && reply.text.contains("enroll.needs-device"), "\(reply)")
    for secret in world.other.secrets { #expect(!reply.text.contains(secret)) }
  }

  @Test("State administration is not a district's: its routes are refused, and tell nothing")
  func stateRoutes() async throws {
    let world = try await World()
    for route in world.sample.controller.people.routes {
      guard case .state = route.rule else { continue }
      let path = route.path.replacing("{principal}", with: "prn_0123456789abcdef")
        .replacing("{token}", with: "tok_0123456789abcdef")
      let reply = await world.sample.text(route.method, path, token: world.token)
      #expect(reply.status == 403, "\(route.method) \(path): \(reply)")
    }
  }

  @Test("A district that is not there is 404 in every list, and for a district's own people like another's")
  func noSuchDistrict() async throws {
    let world = try await World()
    for path in ["/api/v1/devices", "/api/v1/pending", "/api/v1/journal", "/api/v1/views"] {
      let query = [(name: "district", value: "nowhere")]
      let state = await world.sample.text(.get, path, query: query, token: world.sample.adminToken)
      #expect(state.status == 404 && state.text.contains("\"registry.district-unknown\""), "\(path): \(state)")
      let nowhere = await world.sample.text(.get, path, query: query, token: world.token)
      let others = await world.sample.text(
        .get, path, query: [(name: "district", value: world.other.id)], token: world.token)
      #expect(nowhere.status == 404 && others.status == 404, "\(path)")
      #expect(nowhere.text == others.text, "\(path): the two must not be told apart")
      let own = await world.sample.text(
        .get, path, query: [(name: "district", value: world.own.id)], token: world.token)
      #expect(own.status == 200, "\(path)")
    }
  }
}
