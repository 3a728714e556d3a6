package import Vocabulary

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
  /// From when until when the server's certificate holds; nil where it is not known.
  package let serverHolds: ClosedRange<Instant>?

  package init(
    status: Int, headers: [Request.Header] = [], body: [UInt8] = [], serverHolds: ClosedRange<Instant>? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.serverHolds = serverHolds
  }

  /// The first header of that name, in any case.
  package func header(_ name: String) -> String? {
    let name = name.lowercased()
    return headers.first { $0.name.lowercased() == name }?.value
  }

  /// The most that ``retryAfter(at:)`` says.
  package static let longestWait = Duration.seconds(86_400)

  /// How long the server asks to wait, said in seconds or as a date; a date that is over is no wait.
  ///
  /// Source: RFC 9110, section 10.2.3
  /// - Parameter now: what a date is compared with where the answer has no Date header of its own.
  package func retryAfter(at now: Instant) -> Duration? {
    guard let text = header("Retry-After") else { return nil }
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return min(Int64(text).map { .seconds($0) } ?? Self.longestWait, Self.longestWait)
    }
    let said = header("Date").flatMap { HTTPDate.instant($0, now: now) } ?? now
    guard let end = HTTPDate.instant(text, now: said) else { return nil }
    return min(max(.zero, end.since(said)), Self.longestWait)
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
