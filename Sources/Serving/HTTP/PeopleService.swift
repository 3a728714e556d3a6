import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import Vocabulary

/// Answers on the people listener: finds the route, proves the caller, checks the rule, runs the handler.
package struct PeopleService: Sendable {
  package let routes: [PeopleRoute]
  private let table: RouteTable<PeopleRoute>
  private let authenticator: any Authenticator
  private let metrics: RequestMetrics
  private let pages: (any FaultPages)?
  private let logger: Logger
  private let clock: @Sendable () -> Instant
  private let budget = BodyBudget()
  /// Of routes that take whole archives: one of these takes its time, and shuts nobody else out meanwhile.
  private let archives = BodyBudget()

  /// A route that takes bodies over this, in bytes, takes archives.
  private static let archive = 16 << 20
  private let streams: LiveStreams

  /// A route that was found, with its number among all.
  private struct Found {
    let route: PeopleRoute
    let index: Int
    let parameters: [String: String]
  }

  /// - Parameter pages: makes pages of errors; without it, browsers get problem+json too.
  package init(
    routes: [PeopleRoute], authenticator: any Authenticator, metrics: Metrics = Metrics(),
    pages: (any FaultPages)? = nil, streams: LiveStreams = LiveStreams(), logger: Logger,
    clock: @escaping @Sendable () -> Instant
  ) {
    self.routes = routes
    self.authenticator = authenticator
    self.pages = pages
    self.streams = streams
    self.logger = logger
    self.clock = clock
    table = RouteTable(routes.map { ($0.method, $0.path, $0) })
    self.metrics = RequestMetrics(metrics, listener: "people", operations: routes.map(\.operation.id))
  }

  /// The whole way of a call but the sockets; `parameters` are found from its path.
  package func respond(to call: Call) async -> Reply {
    do {
      let found = try find(call.method, call.path)
      var call = call
      call.parameters = found.parameters
      do { _ = try await admit(call, found.route) } catch { return problem(error, call, found.route) }
      return await answer(call, found)
    } catch {
      return problem(error, call)
    }
  }

  /// - Throws: `request.not-found`, `request.method`.
  private func find(_ method: HTTPRequest.Method, _ path: String) throws(ServingError) -> Found {
    switch table.match(method, path) {
    case .found(let route, let index, let parameters): return Found(route: route, index: index, parameters: parameters)
    case .otherMethods(let methods): throw ServingError.otherMethods(methods)
    case .none: throw ServingError.notFound
    }
  }

  /// Proves the caller and meets the route's rule; looks at nothing of the call but its head.
  private func admit(_ call: Call, _ route: PeopleRoute) async throws -> OperatorContext {
    var caller: Caller?
    var session: BrowserSession?
    if let header = call.headers[.authorization] {
      caller = try await bearer(header, now: call.now)
    } else {
      if let cookie = SessionCookie.value(in: call.headers),
        let known = try await route.isLive
          ? authenticator.stillSignedIn(cookie: cookie, now: call.now)
          : authenticator.signedIn(cookie: cookie, now: call.now)
      {
        (caller, session) = (known.caller, known.session)
      }
      if session != nil || route.isPage { try CrossSite.requireOwnOrigin(call) }
    }
    return try OperatorContext(caller, route.rule, district: call.parameters["district"], session: session)
  }

  private func bearer(_ header: String, now: Instant) async throws -> Caller? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 256 else { return nil }
    return try await authenticator.caller(bearer: String(parts[1]), now: now)
  }

  /// Looks the caller up once more: the body may have taken its time.
  private func answer(_ call: Call, _ found: Found) async -> Reply {
    let (start, route) = (ContinuousClock.now, found.route)
    let reply: Reply
    var known: OperatorContext?
    do {
      let context = try await admit(call, route)
      known = context
      if let session = context.session { try CrossSite.requireToken(call, session) }
      if route.rule != .open { try route.operation.refuseUnknownQuery(call) }
      try route.operation.checkBody(call)
      var made = try await route.handle(call, context)
      made.feed?.asked = context
      reply = made
      if reply.status.code >= 400 {
        ProblemReply.logRefusal(
          reply.refusal, reply.status, requestID: call.requestID, operation: route.operation.id, logger: logger)
      }
    } catch {
      reply = problem(error, call, route, known)
    }
    metrics.record(operation: found.index, status: reply.status.code, seconds: (ContinuousClock.now - start).seconds)
    return reply
  }

  /// The one place where an error becomes an answer: a page for who asked for one, else problem+json.
  private func problem(
    _ error: any Error, _ call: Call, _ route: PeopleRoute? = nil, _ context: OperatorContext? = nil
  ) -> Reply {
    let told = ProblemReply.told(
      of: error, requestID: call.requestID, operation: route?.operation.id, logger: logger)
    guard let pages, route?.isPage ?? call.wantsPage else { return told.json }
    return pages.page(of: told, call, context)
  }

  /// A request from a socket. Who asks is proved before a byte of the body is read.
  func answer(
    _ request: Request, origin: @Sendable () -> Origin, _ writer: consuming ResponseWriter
  ) async throws {
    let requestID = RequestIdentifier.next()
    var head = Exchange.head(of: request, parameters: [:], now: clock(), requestID: requestID)
    var reply: Reply
    do {
      reply = try await read(request, &head, origin)
    } catch let error as ServingError {
      reply = problem(error, head)
    }
    reply = reply.compressed(for: request.headers)
    reply.headers[.strictTransportSecurity] = "max-age=31536000"
    reply.headers[.xContentTypeOptions] = "nosniff"
    reply.headers[RequestIdentifier.header] = requestID
    guard let feed = reply.feed, request.method != .head else {
      return try await Exchange.write(reply, to: request, writer)
    }
    try await go(on: feed, reply, head, writer)
  }

  /// Tells what changes until the page is closed, its time is over, or the caller may not see it any more.
  private func go(
    on feed: LiveFeed, _ reply: Reply, _ head: Call, _ writer: consuming ResponseWriter
  ) async throws {
    let found = try find(head.method, head.path)
    guard let actor = try? feed.asked?.actor else {
      return try await writer.write(response: HTTPResponse(status: .unauthorized), body: .init())
    }
    let place: LiveStreams.Place
    do { place = try streams.enter(actor, feed) } catch {
      let refused = problem(error, head, found.route)
      return try await writer.write(
        response: HTTPResponse(status: refused.status, headerFields: refused.headers),
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: refused.body)))
    }
    defer { streams.leave(place) }
    let telling = streams.telling(feed, at: place) { [self] in await maySee(feed, head.at(clock()), found.route) }
    try await writer.write(
      response: HTTPResponse(status: reply.status, headerFields: reply.headers),
      body: ResponseBody { writer in
        var telling = telling
        // What cannot be looked at now ends the stream; the page asks again by itself.
        while !Task.isShuttingDownGracefully, let text = try? await telling.next() {
          try await writer.write(ByteBuffer(string: text))
        }
        try await writer.finish(nil)
      })
  }

  /// Whether the caller may see still what the feed tells: it looks where they might look at the beginning, so that with other
  /// grants the page has to ask anew.
  func maySee(_ feed: LiveFeed, _ call: Call, _ route: PeopleRoute) async -> Bool {
    guard let asked = feed.asked, let now = try? await admit(call, route) else { return false }
    return now.scope == asked.scope && now.schools == asked.schools
  }

  private func read(_ request: Request, _ head: inout Call, _ origin: @Sendable () -> Origin) async throws -> Reply {
    let found = try find(head.method, head.path)
    head.parameters = found.parameters
    if found.route.rule == .open { head.origin = origin() }
    do { _ = try await admit(head, found.route) } catch { return problem(error, head, found.route) }
    let announced = AnnouncedBody(request.headers)
    let budget = found.route.bodyLimit > Self.archive ? archives : budget
    return try await budget.with(announced, routeLimit: found.route.bodyLimit) { [head] in
      let call = try await Exchange.call(
        request, announced, head, limit: found.route.bodyLimit, larger: found.route.larger)
      return await answer(call, found)
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
