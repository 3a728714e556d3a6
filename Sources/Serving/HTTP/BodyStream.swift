import Compression
import Synchronization
package import Vocabulary

/// A body that is made while it is sent, in little memory, however long it gets.
///
/// Where making it fails the connection is closed without the body's end: a file that was cut off never looks whole.
package struct BodyStream: Sendable {
  /// What a body may take as a whole.
  package static let limit = Duration.seconds(900)

  private let make: @Sendable (BodyPipe) async throws -> Void
  private let limit: Duration
  private var coder: (@Sendable () throws -> GzipStream)?

  /// - Parameter make: hands the body's pieces to the pipe, on a thread that may wait, and returns at its end.
  package init(within limit: Duration = limit, _ make: @escaping @Sendable (BodyPipe) async throws -> Void) {
    self.limit = limit
    self.make = make
  }

  /// The same, each piece gone through a coder that is made when it is sent.
  func coded(_ coder: @escaping @Sendable () throws -> GzipStream) -> BodyStream {
    var stream = self
    stream.coder = coder
    return stream
  }

  /// Makes the body, and gives each piece to `take`. An end that was not reached is not written.
  ///
  /// - Parameter patience: how long the maker waits for `take`: ``BodyPipe/init(within:patience:)``.
  func pour(patience: Duration = BodyPipe.patience, _ take: ([UInt8]) async throws -> Void) async throws {
    guard let coder = try self.coder?() else { return try await pieces(patience, take) }
    try await pieces(patience) { try await take(coder.add($0)) }
    try await take(coder.finish())
  }

  private func pieces(_ patience: Duration, _ take: ([UInt8]) async throws -> Void) async throws {
    let pipe = BodyPipe(within: limit, patience: patience)
    let make = self.make
    let maker = Task {
      do {
        try await make(pipe)
        pipe.end()
      } catch {
        pipe.end(error)
      }
    }
    defer { pipe.abandon() }
    do {
      while let piece = try await pipe.next() { try await take(piece) }
    } catch {
      pipe.abandon()
      maker.cancel()
      throw error
    }
  }
}

extension Reply {
  /// The body, of a stream too: for tests and what is known to be small. Nobody behind a network is waited for.
  package func whole() async throws -> [UInt8] {
    guard let stream else { return body }
    var all: [UInt8] = []
    try await stream.pour(patience: BodyStream.limit) { all += $0 }
    return all
  }
}

/// Lets few long bodies be made at once, one for each principal, for each keeps a connection of the database.
package final class StreamGate: Sendable {
  private struct State {
    var free: Int
    var inside: Set<PrincipalID> = []
  }

  private let state: Mutex<State>

  package init(_ places: Int) { state = Mutex(State(free: places)) }

  /// A place, until it is left or its last reference is gone.
  package final class Place: Sendable {
    private let gate: StreamGate
    private let principal: PrincipalID
    private let isIn = Mutex(true)

    fileprivate init(_ gate: StreamGate, _ principal: PrincipalID) { (self.gate, self.principal) = (gate, principal) }

    package func leave() {
      let wasIn = isIn.withLock { isIn in
        defer { isIn = false }
        return isIn
      }
      guard wasIn else { return }
      gate.state.withLock { state in
        state.free += 1
        state.inside.remove(principal)
      }
    }

    deinit { leave() }
  }

  /// - Throws: `request.overloaded` where all places are taken, or this principal has one.
  package func enter(by principal: PrincipalID) throws(ServingError) -> Place {
    let refusal = state.withLock { state -> String? in
      if state.inside.contains(principal) {
        return "Another long file is being made for you. Try again when it is here."
      }
      guard state.free > 0 else {
        return "Other long files are being made, as many as there may be at once. Try again in some seconds."
      }
      state.free -= 1
      state.inside.insert(principal)
      return nil
    }
    if let refusal { throw ServingError(.overloaded, refusal, headers: [.retryAfter: "10"]) }
    return Place(self, principal)
  }
}
