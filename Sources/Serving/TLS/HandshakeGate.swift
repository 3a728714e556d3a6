import NIOConcurrencyHelpers
import NIOCore

/// Lets only so many TLS handshakes be under way at once on an event loop; the connections behind them wait their turn.
///
/// When every device of a state connects at once, thousands of handshakes that go on side by side all end late, past
/// their limit, and all their work is lost. In line, each ends soon after it began, and what waits costs next to nothing.
///
/// ```
/// accepted ──enter──▶ handshake ──leave──▶ requests
///             │ full        ▲
///             └──▶ in line ─┘ first come, first served
/// ```
/// Used on its loop alone.
final class HandshakeGate {
  private let loop: any EventLoop
  private let limit: Int
  private var underWay = 0
  private var line: CircularBuffer<EventLoopPromise<Void>> = []

  init(limit: Int, loop: any EventLoop) {
    self.limit = limit
    self.loop = loop
  }

  var waiting: Int { line.count }

  /// Succeeds when a handshake may begin. Whoever entered has to ``leave()`` once.
  func enter() -> EventLoopFuture<Void> {
    loop.preconditionInEventLoop()
    guard underWay >= limit else {
      underWay += 1
      return loop.makeSucceededVoidFuture()
    }
    let turn = loop.makePromise(of: Void.self)
    line.append(turn)
    return turn.futureResult
  }

  func leave() {
    loop.preconditionInEventLoop()
    // Who is first in line takes the place.
    if let next = line.popFirst() { next.succeed() } else { underWay -= 1 }
  }
}

/// A gate for each loop that is asked for one.
final class HandshakeGates: Sendable {
  /// A loop does some hundreds of handshakes a second, so all that are under way end within a fraction of one, and well
  /// within their limit on a machine that is ten times slower; and as many fill the loop where the peers are 100 ms away.
  static let limit = 64

  private let gates = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<HandshakeGate>]>([:])

  /// Asked on the loop.
  subscript(loop: any EventLoop) -> HandshakeGate {
    gates.withLockedValue { gates in
      if let known = gates[ObjectIdentifier(loop)] { return known.value }
      let gate = HandshakeGate(limit: Self.limit, loop: loop)
      gates[ObjectIdentifier(loop)] = NIOLoopBound(gate, eventLoop: loop)
      return gate
    }
  }
}
