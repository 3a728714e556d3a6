package import HTTPTypes
package import Vocabulary

/// A request as a feature sees it: read whole within the route's limit, free of sockets, so that tests make one.
package struct Call: Sendable {
  package let method: HTTPRequest.Method
  /// Without the query.
  package let path: String
  /// The values of `{name}` in the route's path, percent-decoded.
  package var parameters: [String: String]
  /// Decoded pairs of the query in their order.
  package let query: [(name: String, value: String)]
  package let headers: HTTPFields
  package private(set) var body: [UInt8]
  /// When the request arrived, by the controller's clock.
  package let now: Instant
  /// Follows the request through the logs and the answer's `X-Request-Id`.
  package let requestID: String
  /// Known of devices, and of people on open routes alone: the others' principal says more.
  package var origin: Origin?
  /// The name and port that the request was sent to, as `rollcall.example.org:8443`; nil in tests.
  package let authority: String?

  package init(
    _ method: HTTPRequest.Method, _ path: String, parameters: [String: String] = [:],
    query: [(name: String, value: String)] = [], headers: HTTPFields = [:], body: [UInt8] = [], now: Instant,
    requestID: String = "test", origin: Origin? = nil, authority: String? = nil
  ) {
    self.method = method
    self.path = path
    self.parameters = parameters
    self.query = query
    self.headers = headers
    self.body = body
    self.now = now
    self.requestID = requestID
    self.origin = origin
    self.authority = authority
  }

  /// The same, asked at another time.
  func at(_ now: Instant) -> Call {
    Call(
      method, path, parameters: parameters, query: query, headers: headers, body: body, now: now, requestID: requestID,
      origin: origin, authority: authority)
  }

  func with(body: [UInt8]) -> Call {
    var call = self
    call.body = body
    return call
  }

  /// A path parameter as an identifier.
  ///
  /// - Throws: `request.not-found` where it cannot be one: no such thing exists.
  package func identifier<ID: Identifier>(_ name: String, as type: ID.Type = ID.self) throws(ServingError) -> ID {
    guard let text = parameters[name], let id = ID(rawValue: text) else { throw ServingError.notFound }
    return id
  }

  /// The one value of a query parameter, nil where it is not given.
  ///
  /// - Throws: `request.query` where it is given twice.
  package func query(_ name: String) throws(ServingError) -> String? {
    let values = query.filter { $0.name == name }
    guard values.count < 2 else {
      throw ServingError(.query, "The query parameter '\(name)' is given \(values.count) times; give it once.")
    }
    return values.first?.value
  }

  /// Whether a query parameter is `true`; false where it is not given.
  ///
  /// - Throws: `request.query` where it is neither `true` nor `false`.
  package func flag(_ name: String) throws(ServingError) -> Bool {
    switch try query(name) {
    case nil, "false": return false
    case "true": return true
    default: throw ServingError(.query, "'\(name)' is true or false.")
    }
  }
}
