import HTTPTypes
import Synchronization

/// Bytes of large bodies that a listener takes in at once: past them it says so before memory grows.
///
/// A body is counted by what its head announces, or by the route's limit where it announces nothing, from before its
/// first byte is read until its answer is made.
package final class BodyBudget: Sendable {
  /// Bodies up to this, in bytes, are not counted: connections bound them.
  static let small = 16 << 10

  /// A route's limit: what is announced counts before any of it came, so strangers must not announce what is counted.
  static func limit(_ wish: Int, _ method: HTTPRequest.Method, isOpen: Bool) -> Int {
    method == .get ? 0 : isOpen ? min(wish, small) : wish
  }

  private let limit: Int
  private let used = Atomic<Int>(0)

  /// - Parameter limit: in bytes.
  package init(limit: Int = 64 << 20) { self.limit = limit }

  /// Runs `body` with room for the announced body.
  ///
  /// - Throws: `request.overloaded` with Retry-After where there is none.
  func with<T>(_ announced: AnnouncedBody, routeLimit: Int, _ body: () async throws -> T) async throws -> T {
    let size = announced.size(within: routeLimit)
    guard size > Self.small else { return try await body() }
    defer { used.subtract(size, ordering: .relaxed) }
    guard used.add(size, ordering: .relaxed).newValue <= limit else {
      throw ServingError(
        .overloaded, "The controller is taking in as much as it can hold. Try again shortly.",
        headers: [.retryAfter: "5"])
    }
    return try await body()
  }
}

/// What a request's head says of its body; looked up once, as looking is not cheap.
enum AnnouncedBody {
  case none
  /// In bytes, as the head says; it may lie.
  case length(Int)
  case unknown

  init(_ headers: HTTPFields) {
    if let text = headers[.contentLength] {
      // A negative length is none; the parser refuses it before, and nothing here must trap.
      self = Int(text).flatMap { $0 < 0 ? nil : .length($0) } ?? .unknown
    } else {
      self = headers[.transferEncoding] == nil ? .none : .unknown
    }
  }

  func size(within limit: Int) -> Int {
    switch self {
    case .none: 0
    case .length(let length): min(length, limit)
    case .unknown: limit
    }
  }
}
