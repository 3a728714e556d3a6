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
    switch table.match(call.method, call.path) {
    case .found(let route, let index, let parameters):
      var call = call
      call.parameters = parameters
      return await respond(to: call, route, index)
    case .otherMethods(let methods):
      return problem(
        ServingError(
          .method, "This address answers \(methods.map(\.rawValue).joined(separator: ", ")) only.",
          headers: [.allow: methods.map(\.rawValue).joined(separator: ", ")]), call.requestID)
    case .none:
      return problem(ServingError.notFound, call.requestID)
    }
  }

  private func respond(to call: Call, _ route: PeopleRoute, _ index: Int) async -> Reply {
    let start = ContinuousClock.now
    var reply: Reply
    do {
      let caller = try await caller(of: call)
      let context = try OperatorContext(caller, route.rule, district: call.parameters["district"])
      reply = try await route.handle(call, context)
    } catch {
      reply = problem(error, call.requestID)
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

  private func problem(_ error: any Error, _ requestID: String) -> Reply {
    ProblemReply.reply(to: error, requestID: requestID, logger: logger)
  }

  /// A request from a socket.
  func answer(_ request: Request, _ writer: consuming ResponseWriter) async throws {
    let requestID = RequestIdentifier.next()
    var limit = 0
    if case .found(let route, _, _) = table.match(request.method, request.uri.path) { limit = route.bodyLimit }
    var reply: Reply
    do {
      let call = try await Exchange.call(
        request, parameters: [:], limit: limit, now: clock(), requestID: requestID)
      reply = await respond(to: call)
    } catch let error as ServingError {
      reply = problem(error, requestID)
    }
    reply.headers[.strictTransportSecurity] = "max-age=31536000"
    reply.headers[.xContentTypeOptions] = "nosniff"
    reply.headers[RequestIdentifier.header] = requestID
    try await Exchange.write(reply, to: request, writer)
  }
}

/// Ids that tie an answer to its log lines.
enum RequestIdentifier {
  static let header = HTTPField.Name("X-Request-Id") ?? .eTag

  static func next() -> String {
    var generator = SystemRandomNumberGenerator()
    return Hex.encode(withUnsafeBytes(of: generator.next()) { Array($0) })
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
