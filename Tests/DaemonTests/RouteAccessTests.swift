import HTTPTypes
import Logging
import Serving
import Testing
import Vocabulary

@testable import rollcalld

/// Every declared route × every kind of caller: the rule that stands at the route is the rule that is enforced.
@Suite struct RouteAccessTests {
  private static let own = DistrictID(rawValue: "own-district")!
  private static let other = DistrictID(rawValue: "other-district")!
  private static let north = SchoolID(rawValue: "north")!

  /// A caller by the grant that it holds.
  private static let callers: [(name: String, grants: Set<Grant>)] =
    Role.allCases.flatMap { role -> [(name: String, grants: Set<Grant>)] in
      [
        ("\(role.rawValue) of the state", [Grant(role, at: .state)]),
        ("\(role.rawValue) of the district", [Grant(role, at: .district(own))]),
        ("\(role.rawValue) of another district", [Grant(role, at: .district(other))]),
        ("\(role.rawValue) of a school", [Grant(role, at: .school(own, north))]),
      ]
    } + [("nobody's grants", [])]

  private struct Callers: Authenticator {
    func caller(bearer: String, now: Instant) async throws -> Caller? {
      guard let index = Int(bearer) else { return nil }
      let (name, grants) = RouteAccessTests.callers[index]
      return Caller(principal: PrincipalID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), name: name, grants: grants)
    }
  }

  /// The status that the rule's words promise, worked out apart from the code that enforces it; 299 is the handler's.
  private func expected(_ rule: AccessRule, _ grants: Set<Grant>?) -> Int {
    if rule == .open { return 299 }
    guard let grants else { return 401 }
    func holds(_ roles: Set<Role>, _ reaches: [Reach]) -> Bool {
      grants.contains { roles.contains($0.role) && reaches.contains($0.reach) }
    }
    switch rule {
    case .open, .signedIn: return 299
    case .state(let roles): return holds(roles, [.state]) ? 299 : 403
    case .scoped(let roles):
      return holds(roles, [.state, .district(Self.own), .district(Self.other)]) ? 299 : 403
    case .district(let roles):
      if holds(roles, [.state, .district(Self.own)]) { return 299 }
      return touchesOwn(grants) ? 403 : 404
    case .scopedSchools(let roles):
      return holds(roles, [.state, .district(Self.own), .district(Self.other), .school(Self.own, Self.north)])
        ? 299 : 403
    case .school(let roles):
      if holds(roles, [.state, .district(Self.own), .school(Self.own, Self.north)]) { return 299 }
      return touchesOwn(grants) ? 403 : 404
    }
  }

  private func touchesOwn(_ grants: Set<Grant>) -> Bool {
    grants.contains { grant in
      switch grant.reach {
      case .state: true
      case .district(let id), .school(let id, _): id == Self.own
      }
    }
  }

  @Test("No route takes a body by GET, and none more of a stranger than what every connection may hold")
  func bodies() async throws {
    let sample = try await SampleController()
    let people = sample.controller.people.routes.map { ($0.method, $0.path, $0.rule == .open, $0.bodyLimit) }
    let devices = sample.controller.devices.routes.map { ($0.method, $0.path, $0.rule == .open, $0.bodyLimit) }
    for (method, path, isOpen, limit) in people + devices {
      if method == .get { #expect(limit == 0, "\(path)") } else { #expect(limit > 0, "\(path)") }
      if isOpen { #expect(limit <= 16 << 10, "\(path)") }
    }
  }

  @Test("Each route answers each caller as its rule says")
  func everyRouteEveryCaller() async throws {
    let sample = try await SampleController()
    let routes = sample.controller.people.routes.map { route in
      // Who may come as far as the handler is asked here, whatever the body.
      PeopleRoute(
        route.method, route.path, route.rule, Operation(route.operation.id, route.operation.summary),
        isPage: route.isPage
      ) { _, _ in Reply(HTTPResponse.Status(code: 299)) }
    }
    let service = PeopleService(
      routes: routes, authenticator: Callers(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { Instant(seconds: 1_800_000_000) })
    #expect(routes.count > 20)
    for route in routes {
      let path = route.path.replacing("{district}", with: Self.own.rawValue)
      for index in [nil] + Self.callers.indices.map(Optional.some) {
        let bearer = index.map { "Bearer \($0)" } ?? "Bearer nobody"
        let call = Call(route.method, path, headers: [.authorization: bearer], now: Instant(seconds: 1_800_000_000))
        let status = await service.respond(to: call).status.code
        let wanted = expected(route.rule, index.map { Self.callers[$0].grants })
        #expect(status == wanted, "\(route.method) \(route.path) as \(index.map { Self.callers[$0].name } ?? "nobody")")
      }
    }
  }

  @Test("Only the routes of this list are open to anybody")
  func openRoutes() async throws {
    let sample = try await SampleController()
    let open = sample.controller.people.routes.filter { $0.rule == .open }.map(\.path).sorted()
    let pages = ["/set-password", "/set-password", "/sign-in", "/sign-in", "/sign-out"]
    let assets = open.filter { $0.hasPrefix("/assets/rollcall.") || $0.hasPrefix("/assets/desk.") }
    #expect(open == (["/api/v1/openapi.json", "/healthz", "/readyz"] + pages + assets).sorted())
  }

  /// What a role may change anywhere, apart from one's own sessions and password.
  @Test("Who only looks changes nothing, and each role changes what its words say")
  func changes() async throws {
    let routes = try await SampleController().controller.people.routes.filter { ![.get, .head].contains($0.method) }
    func changed(by role: Role) -> Set<String> {
      Set(
        routes.filter { route in
          switch route.rule {
          case .open, .signedIn: false
          case .state(let roles), .district(let roles), .scoped(let roles), .school(let roles),
            .scopedSchools(let roles):
            roles.contains(role)
          }
        }.map(\.operation.id))
    }
    for role in [Role.auditor, .readOnly] { #expect(changed(by: role) == [], "\(role)") }
    #expect(changed(by: .districtIT).isSubset(of: changed(by: .districtAdmin)))
    #expect(changed(by: .districtAdmin).isSubset(of: changed(by: .stateAdmin)))
    let ofTheState = [
      "createPrincipal", "addGrant", "createAccount", "resetAccount", "createAPIToken", "addPerson", "changeRetention",
    ]
    for role in Role.allCases where role != .stateAdmin {
      #expect(changed(by: role).isDisjoint(with: ofTheState), "\(role)")
    }
  }

  @Test("What help desks, schools' staff and warehouses change of devices is a loss, and what comes and goes")
  func moves() async throws {
    let routes = try await SampleController().controller.people.routes.filter { $0.method == .post }
    func moved(by role: Role, _ reach: Reach) -> Set<String> {
      let caller = Caller(
        principal: PrincipalID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), name: "", grants: [Grant(role, at: reach)])
      let open = routes.filter { route in
        route.path.contains("/devices/{device}/")
          && (try? Authorization.authorize(caller, route.rule, district: Self.own.rawValue)) != nil
      }
      return Set(open.map(\.operation.id))
    }
    // The page of all moves asks the table itself: `MovePageTests`.
    let loss: Set = ["reportDeviceLost", "reportDeviceStolen", "makeMovePage"]
    for role in [Role.helpDesk, .schoolStaff] {
      #expect(moved(by: role, .district(Self.own)) == loss && moved(by: role, .school(Self.own, Self.north)) == loss)
      #expect(moved(by: role, .district(Self.other)) == [])
    }
    #expect(moved(by: .warehouse, .district(Self.own)) == ["receiveDevice", "deliverDevice", "makeMovePage"])
    #expect(moved(by: .warehouse, .school(Self.own, Self.north)) == ["makeMovePage"])
    #expect(moved(by: .districtIT, .district(Self.own)).isSuperset(of: loss.union(["receiveDevice", "retireDevice"])))
  }

  @Test("Only the routes of this list take devices without a certificate")
  func openDeviceRoutes() async throws {
    let sample = try await SampleController()
    let open = Set(sample.controller.devices.routes.filter { $0.rule == .open }.map(\.path))
    let est = ["cacerts", "csrattrs", "simpleenroll"].flatMap {
      ["/.well-known/est/\($0)", "/.well-known/est/{label}/\($0)"]
    }
    #expect(open == Set(est + ["/agent/v1/time"]))
  }

  @Test("Every operation has an id of its own and a summary")
  func operations() async throws {
    let operations = try await SampleController().controller.people.routes.map(\.operation)
    #expect(Set(operations.map(\.id)).count == operations.count)
    #expect(operations.allSatisfy { !$0.summary.isEmpty })
  }
}
