/// One HTTP request.
package struct Request: Sendable {
  package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package struct Header: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var method: Method
  /// Absolute, `https://` only.
  package var url: String
  package var headers: [Header]
  package var body: [UInt8]?

  package init(_ method: Method = .get, _ url: String, headers: [Header] = [], body: [UInt8]? = nil) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

/// The answer to a ``Request``, of any status.
package struct Response: Sendable {
  package let status: Int
  /// In the order they came; names as the server wrote them.
  package let headers: [Request.Header]
  package let body: [UInt8]

  package init(status: Int, headers: [Request.Header] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header of that name, in any case.
  package func header(_ name: String) -> String? {
    let name = name.lowercased()
    return headers.first { $0.name.lowercased() == name }?.value
  }

  /// How long the server asks to wait. Source: RFC 9110, section 10.2.3, the form in seconds; a date is not read.
  package var retryAfter: Duration? {
    guard let text = header("Retry-After"), let seconds = Int64(text), seconds >= 0 else { return nil }
    return .seconds(seconds)
  }
}

/// Bounds on one exchange.
package struct TransferLimits: Hashable, Sendable {
  /// For name, connection and TLS together.
  package var connect: Duration
  /// For the whole exchange.
  package var total: Duration
  /// The answer's body, in bytes; its headers may take as much again.
  package var responseBytes: Int

  package init(connect: Duration = .seconds(15), total: Duration = .seconds(60), responseBytes: Int = 256 << 10) {
    self.connect = connect
    self.total = total
    self.responseBytes = responseBytes
  }
}
