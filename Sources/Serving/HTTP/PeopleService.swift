import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
package import Vocabulary

/// Answers on the people listener: finds the route, proves the caller, checks the rule, runs the handler.
package struct PeopleService: Sendable {
  package let routes: [PeopleRoute]
  private let table: RouteTable<PeopleRoute>
  private let authenticator: any Authenticator
  private let metrics: RequestMetrics
  private let logger: Logger
  private let clock: @Sendable () -> Instant
  private let budget = BodyBudget()

  package init(
    routes: [PeopleRoute], authenticator: any Authenticator, metrics: Metrics = Metrics(), logger: Logger,
    clock: @escaping @Sendable () -> Instant
  ) {
    self.routes = routes
    self.authenticator = authenticator
    self.logger = logger
    self.clock = clock
    table = RouteTable(routes.map { ($0.method, $0.path, $0) })
    self.metrics = RequestMetrics(metrics, listener: "people", operations: routes.map(\.operation.id))
  }

  /// The whole way of a call but the sockets; `parameters` are found from its path.
  package func respond(to call: Call) async -> Reply {
    do {
      let (route, index, parameters) = try find(call.method, call.path)
      var call = call
      call.parameters = parameters
      let context: OperatorContext
      do { context = try await admit(call, route) } catch { return problem(error, call.requestID, route) }
      return await answer(call, route, index, context)
    } catch {
      return problem(error, call.requestID)
    }
  }

  /// - Throws: `request.not-found`, `request.method`.
  private func find(
    _ method: HTTPRequest.Method, _ path: String
  ) throws(ServingError) -> (PeopleRoute, Int, [String: String]) {
    switch table.match(method, path) {
    case .found(let route, let index, let parameters): return (route, index, parameters)
    case .otherMethods(let methods): throw ServingError.otherMethods(methods)
    case .none: throw ServingError.notFound
    }
  }

  /// Proves the caller and meets the route's rule; looks at nothing of the call but its head.
  private func admit(_ call: Call, _ route: PeopleRoute) async throws -> OperatorContext {
    let caller = try await caller(of: call)
    let scope = try Authorization.authorize(caller, route.rule, district: call.parameters["district"])
    return OperatorContext(caller: caller, scope: scope)
  }

  private func answer(_ call: Call, _ route: PeopleRoute, _ index: Int, _ context: OperatorContext) async -> Reply {
    let start = ContinuousClock.now
    let reply: Reply
    do {
      let caller = try await caller(of: call)
      let context = try OperatorContext(caller, route.rule, district: call.parameters["district"])
      if route.rule != .open { try route.operation.refuseUnknownQuery(call) }
      try route.operation.checkBody(call)
      reply = try await route.handle(call, context)
    } catch {
      reply = problem(error, call.requestID, route)
    }
    metrics.record(operation: index, status: reply.status.code, seconds: (ContinuousClock.now - start).seconds)
    return reply
  }

  private func caller(of call: Call) async throws -> Caller? {
    guard let header = call.headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 256 else { return nil }
    return try await authenticator.caller(bearer: String(parts[1]), now: call.now)
  }

  private func problem(_ error: any Error, _ requestID: String, _ route: PeopleRoute? = nil) -> Reply {
    ProblemReply.reply(to: error, requestID: requestID, operation: route?.operation.id, logger: logger)
  }

  /// A request from a socket. Who asks is proved before a byte of the body is read.
  func answer(_ request: Request, _ writer: consuming ResponseWriter) async throws {
    let requestID = RequestIdentifier.next()
    var reply: Reply
    do {
      reply = try await read(request, requestID)
    } catch let error as ServingError {
      reply = problem(error, requestID)
    }
    reply.headers[.strictTransportSecurity] = "max-age=31536000"
    reply.headers[.xContentTypeOptions] = "nosniff"
    reply.headers[RequestIdentifier.header] = requestID
    try await Exchange.write(reply, to: request, writer)
  }

  private func read(_ request: Request, _ requestID: String) async throws -> Reply {
    let (route, index, parameters) = try find(request.method, request.uri.path)
    let head = Exchange.head(of: request, parameters: parameters, now: clock(), requestID: requestID)
    let context: OperatorContext
    do { context = try await admit(head, route) } catch { return problem(error, requestID, route) }
    let announced = AnnouncedBody(request.headers)
    return try await budget.with(announced, routeLimit: route.bodyLimit) {
      let call = try await Exchange.call(request, announced, head, limit: route.bodyLimit)
      return await answer(call, route, index, context)
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
