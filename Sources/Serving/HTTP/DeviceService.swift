import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
package import Vocabulary

/// Answers on the devices listener: finds the route, meets its rule with the peer's certificate, runs the handler.
package struct DeviceService: Sendable {
  package let routes: [DeviceRoute]
  private let table: RouteTable<DeviceRoute>
  private let directory: any KeyDirectory
  private let metrics: RequestMetrics
  private let logger: Logger
  private let clock: @Sendable () -> Instant
  private let budget = BodyBudget()

  package init(
    routes: [DeviceRoute], directory: any KeyDirectory, metrics: Metrics = Metrics(), logger: Logger,
    clock: @escaping @Sendable () -> Instant
  ) {
    self.routes = routes
    self.directory = directory
    self.logger = logger
    self.clock = clock
    table = RouteTable(routes.map { ($0.method, $0.path, $0) })
    self.metrics = RequestMetrics(
      metrics, listener: "devices", operations: routes.map { "\($0.method.rawValue) \($0.path)" })
  }

  /// The whole way of a call but the sockets.
  package func respond(to call: Call, peer: PeerCertificate?) async -> Reply {
    do throws(ServingError) {
      let (route, index, parameters) = try find(call.method, call.path)
      var call = call
      call.parameters = parameters
      let context: DeviceContext
      do {
        context = try DeviceContext(peer: peer, rule: route.rule, directory: directory, now: call.now)
      } catch {
        return problem(error, call.requestID, route)
      }
      return await answer(call, route, index, context)
    } catch {
      return problem(error, call.requestID)
    }
  }

  /// - Throws: `request.not-found`, `request.method`.
  private func find(
    _ method: HTTPRequest.Method, _ path: String
  ) throws(ServingError) -> (route: DeviceRoute, index: Int, parameters: [String: String]) {
    switch table.match(method, path) {
    case .found(let route, let index, let parameters): return (route, index, parameters)
    case .otherMethods(let methods): throw .otherMethods(methods)
    case .none: throw .notFound
    }
  }

  private func answer(_ call: Call, _ route: DeviceRoute, _ index: Int, _ context: DeviceContext) async -> Reply {
    let start = ContinuousClock.now
    let reply: Reply
    do { reply = try await route.handle(call, context) } catch {
      reply = problem(error, call.requestID, route)
    }
    metrics.record(operation: index, status: reply.status.code, seconds: (ContinuousClock.now - start).seconds)
    return reply
  }

  private func problem(_ error: any Error, _ requestID: String, _ route: DeviceRoute? = nil) -> Reply {
    ProblemReply.reply(
      to: error, requestID: requestID, operation: route.map { "\($0.method.rawValue) \($0.path)" }, logger: logger)
  }

  /// A request from a socket whose TLS peer is `peer`. The rule is met before a byte of the body is read.
  func answer(
    _ request: Request, peer: PeerCertificate?, origin: @Sendable () -> Origin, _ writer: consuming ResponseWriter
  ) async throws {
    let requestID = RequestIdentifier.next()
    var reply: Reply
    do {
      reply = try await read(request, peer: peer, origin: origin, requestID)
    } catch let error as ServingError {
      reply = problem(error, requestID)
    }
    if reply.status.code >= 400 { reply.headers[RequestIdentifier.header] = requestID }
    try await Exchange.write(reply, to: request, writer)
  }

  private func read(
    _ request: Request, peer: PeerCertificate?, origin: @Sendable () -> Origin, _ requestID: String
  ) async throws -> Reply {
    let (route, index, parameters) = try find(request.method, request.uri.path)
    var head = Exchange.head(of: request, parameters: parameters, now: clock(), requestID: requestID)
    let context: DeviceContext
    do {
      context = try DeviceContext(peer: peer, rule: route.rule, directory: directory, now: head.now)
    } catch {
      metrics.record(operation: index, status: error.status.code, seconds: 0)
      return problem(error, requestID, route)
    }
    head.origin = origin()
    let announced = AnnouncedBody(request.headers)
    return try await budget.with(announced, routeLimit: route.bodyLimit) { [head] in
      await answer(
        try await Exchange.call(request, announced, head, limit: route.bodyLimit), route, index, context)
    }
  }
}
