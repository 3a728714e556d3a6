import HTTPTypes
import Testing

@testable import Serving

@Suite struct BodyLimitTests {
  private func limit(_ method: HTTPRequest.Method, _ rule: AccessRule, _ wish: Int) -> Int {
    PeopleRoute(method, "/x", rule, Operation("x", ""), bodyLimit: wish) { _, _ in Reply(.ok) }.bodyLimit
  }

  @Test("GET takes no body, and whom nobody knows only what is not counted; others take what their route says")
  func limits() {
    for rule in [AccessRule.open, .signedIn] { #expect(limit(.get, rule, 1 << 20) == 0) }
    #expect(limit(.post, .open, 1 << 20) == BodyBudget.small && limit(.post, .open, 100) == 100)
    #expect(limit(.post, .signedIn, 1 << 20) == 1 << 20 && limit(.delete, .signedIn, 1 << 20) == 1 << 20)
    let device = DeviceRoute(.post, "/x", .open, bodyLimit: 1 << 20) { _, _ in Reply(.ok) }
    #expect(device.bodyLimit == BodyBudget.small)
    #expect(DeviceRoute(.get, "/x", .key([.active])) { _, _ in Reply(.ok) }.bodyLimit == 0)
  }

  @Test("However many strangers announce a body and send none, there is room for whoever imports")
  func budget() async throws {
    let budget = BodyBudget(limit: 1 << 20)
    func announce(_ left: Int, _ body: () async throws -> Void) async throws {
      guard left > 0 else { return try await body() }
      let length = AnnouncedBody.length(left.isMultiple(of: 2) ? 1 << 16 : BodyBudget.small)
      try await budget.with(length, routeLimit: limit(.get, .open, 1 << 16)) {
        try await budget.with(length, routeLimit: limit(.post, .open, 1 << 16)) { try await announce(left - 1, body) }
      }
    }
    try await announce(200) { try await budget.with(.length(1 << 20), routeLimit: 1 << 20) {} }
  }
}
