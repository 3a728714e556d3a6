import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Who sees what of the registry")
struct TenancyTests {
  private func filled() async throws -> (RegistryBench, DeviceID) {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3ABC01")
    try await bench.enroll(device, key: 1)
    _ = try await bench.expect("MJ0DEF03", in: RegistryBench.oak)
    return (bench, device)
  }

  private func path(_ route: PeopleRoute, _ district: DistrictID, _ device: DeviceID) -> String {
    String(
      route.path.split(separator: "/").map { part in
        part == "{district}" ? district.rawValue : part == "{device}" ? device.rawValue : String(part)
      }.map { "/" + $0 }.joined())
  }

  /// A body that the route takes, so that an answer is about the place.
  private func body(_ route: PeopleRoute) -> String {
    switch route.operation.id {
    case "importDevices": "serial\nA1B2\n"
    case "changeDistrict": #"{"name":"a"}"#
    case "assignDevice": #"{"to":"district"}"#
    case "loanDevice": #"{"to":"school:a","days":1}"#
    case "transferDevice": #"{"to":"school:a"}"#
    case "repairDevice": #"{"category":"screen"}"#
    case "giveAccessories", "returnAccessories": #"{"accessories":["charger"]}"#
    case "assignDevices": #"{"class":"a","serials":["A1B2"]}"#
    case "returnDevices": #"{"class":"a"}"#
    case "changeNetworks", "changeStateNetworks": #"{"set":[{"addresses":"10.0.0.0/8","label":"x"}]}"#
    case "changeCalendar": #"{"closedDays":["2026-12-24"]}"#
    default: #"{"reason":"x","id":"a","name":"a"}"#
    }
  }

  @Test("Another district's callers get 404 on every route of a district, and change nothing")
  func otherDistrict() async throws {
    let (bench, device) = try await filled()
    for route in bench.registry.peopleRoutes where route.path.contains("{district}") {
      let path = path(route, RegistryBench.cedar, device)
      for caller in [Caller.technician(RegistryBench.oak), .reader(RegistryBench.oak), .nobody] {
        let code = try await bench.refusal(route.method, path, as: caller, body: body(route))
        #expect(code == "request.not-found", "\(route.method) \(route.path)")
      }
      #expect(try await bench.refusal(route.method, path, as: nil) == "access.unauthenticated")
    }
    #expect(bench.registry.keys.key(.numbered(1))?.state == .active)
    #expect(try await bench.count("audit_entry") == 0)
  }

  @Test("A reader of the district changes nothing")
  func reader() async throws {
    let (bench, device) = try await filled()
    for route in bench.registry.peopleRoutes where route.method != .get {
      let path = path(route, RegistryBench.cedar, device)
      for caller in [Caller.reader(RegistryBench.cedar), .stateReader] {
        let code = try await bench.refusal(route.method, path, as: caller, body: body(route))
        #expect(code == "access.forbidden", "\(route.method) \(route.path)")
      }
    }
    #expect(try await bench.count("audit_entry") == 0)
  }

  @Test("A device asked for under another district does not exist, even for the state")
  func misplaced() async throws {
    let (bench, device) = try await filled()
    for route in bench.registry.peopleRoutes where route.path.contains("{device}") {
      let path = path(route, RegistryBench.oak, device)
      for caller in [Caller.administrator, .technician(RegistryBench.oak)] {
        let code = try await bench.refusal(route.method, path, as: caller, body: body(route))
        #expect(code == "request.not-found", "\(route.method) \(route.path)")
      }
    }
    #expect(bench.registry.keys.key(.numbered(1))?.state == .active)
  }

  @Test("A district that does not exist is not found, for the state too")
  func noDistrict() async throws {
    let (bench, device) = try await filled()
    let nowhere = DistrictID(rawValue: "nowhere")!
    for route in bench.registry.peopleRoutes where route.path.contains("{district}") {
      let code = try await bench.refusal(route.method, path(route, nowhere, device), body: body(route))
      #expect(code == "request.not-found", "\(route.method) \(route.path)")
    }
  }

  @Test("Lists hold the caller's own districts alone, whatever is asked for")
  func lists() async throws {
    let (bench, _) = try await filled()
    let oak = Caller.technician(RegistryBench.oak)
    let own = try await bench.send(.get, "/api/v1/devices", as: oak)
    #expect(own.items.map { $0["serial"] as? String } == ["MJ0DEF03"])
    #expect(
      try await bench.refusal(.get, "/api/v1/devices", as: oak, query: [("district", "cedar-falls")])
        == "request.not-found")
    for query in [("serial", "PF3ABC01"), ("q", "PF3"), ("keyState", "active")] {
      #expect(try await bench.send(.get, "/api/v1/devices", as: oak, query: [query]).items.isEmpty, "\(query)")
    }
    let beyond = try await bench.send(.get, "/api/v1/devices", as: oak, query: [("keyState", "quarantined")])
    #expect(beyond.items.isEmpty)
    let districts = try await bench.send(.get, "/api/v1/districts", as: oak)
    #expect(districts.items.map { $0["id"] as? String } == ["oak-park"])
    #expect(try await bench.send(.get, "/api/v1/devices", as: .stateReader).items.count == 2)
    #expect(try await bench.refusal(.get, "/api/v1/devices", as: .nobody) == "access.forbidden")
  }

  @Test("Every route describes itself once, and every change its body")
  func described() async throws {
    let routes = try await RegistryBench().registry.peopleRoutes
    #expect(Set(routes.map(\.operation.id)).count == routes.count)
    #expect(Set(routes.map { "\($0.method) \($0.path)" }).count == routes.count)
    for route in routes {
      #expect(route.operation.answers.schema != nil, "\(route.operation.id)")
      #expect((route.operation.body == nil) == (route.method == .get), "\(route.operation.id)")
    }
  }

  @Test("Codes of refusals stay")
  func codes() {
    #expect(
      RegistryError.Kind.allCases.map(\.rawValue).sorted() == [
        "custody.class-empty", "custody.class-unknown", "custody.conflict", "custody.impossible", "custody.loan-for",
        "custody.no-roster",
        "custody.no-serial", "custody.person-unknown", "custody.school-unknown", "custody.too-few-devices",
        "registry.device-unknown", "registry.district-exists",
        "registry.district-unknown", "registry.invalid", "registry.key-choice", "registry.key-elsewhere",
        "registry.key-revoked", "registry.key-transition", "registry.key-unknown", "registry.live-elsewhere",
        "registry.no-live-key",
        "registry.nothing-to-approve", "registry.school-exists", "registry.serial-taken",
      ])
  }
}
