import HTTPTypes
import HummingbirdCore
import Synchronization

/// Bytes of large bodies that a listener takes in at once: past them it says so before memory grows.
///
/// A body is counted by what its head announces, or by the route's limit where it announces nothing, from before its
/// first byte is read until its answer is made.
package final class BodyBudget: Sendable {
  /// Bodies up to this, in bytes, are not counted: connections bound them.
  static let small = 16 << 10

  private let limit: Int
  private let used = Atomic<Int>(0)

  /// - Parameter limit: in bytes.
  package init(limit: Int = 64 << 20) { self.limit = limit }

  /// Runs `body` with room for the request's body.
  ///
  /// - Throws: `request.overloaded` with Retry-After where there is none.
  func with<T>(_ request: Request, routeLimit: Int, _ body: () async throws -> T) async throws -> T {
    let size = Self.size(of: request, routeLimit: routeLimit)
    guard size > Self.small else { return try await body() }
    defer { used.subtract(size, ordering: .relaxed) }
    guard used.add(size, ordering: .relaxed).newValue <= limit else {
      throw ServingError(
        .overloaded, "The controller is taking in as much as it can hold. Try again shortly.",
        headers: [.retryAfter: "5"])
    }
    return try await body()
  }

  private static func size(of request: Request, routeLimit: Int) -> Int {
    if let text = request.headers[.contentLength] { return min(Int(text) ?? routeLimit, routeLimit) }
    return request.headers[.transferEncoding] == nil ? 0 : routeLimit
  }
}
