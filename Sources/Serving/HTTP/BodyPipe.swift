import Dispatch
import Synchronization

/// Pieces of a body on their way from the thread that makes them to the task that sends them.
///
/// ```
/// database's thread ── send (waits for room) ──▶ at most 4 pieces ── next ──▶ connection
/// ```
/// So whoever reads slowly holds the maker back, and memory stays small. Who does not read at all for the pipe's patience, has
/// been waited for longer than ``ReaderPace`` allows, or is not done at the deadline, is given up.
package final class BodyPipe: Sendable {
  /// Pieces that may wait.
  static let capacity = 4
  /// How long a maker waits for a reader behind a network. A database ends a transaction that is idle for a minute.
  static let patience = Duration.seconds(30)

  /// Why a body came to no end; it is no answer to anybody, for the connection is closed.
  package enum Failure: Error, Equatable {
    /// The reader left.
    case abandoned
    /// Nobody read for too long.
    case stalled
    /// The whole took too long.
    case late
  }

  private enum Ending {
    case finished
    case failed(any Error)
  }

  private struct State {
    var pieces: [[UInt8]] = []
    var ending: Ending?
    var isAbandoned = false
    var reader: CheckedContinuation<[UInt8]?, any Error>?
  }

  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: capacity)
  private let deadline: Mutex<ContinuousClock.Instant>
  private let patience: Duration
  private let pace: Mutex<ReaderPace>

  /// - Parameter patience: how long the maker waits for room, for one piece and for all that a reader takes fast enough.
  init(within limit: Duration, patience: Duration = patience) {
    deadline = Mutex(.now + limit)
    self.patience = patience
    pace = Mutex(ReaderPace(grace: patience))
  }

  /// The rest may take so long at most.
  package func hurry(within limit: Duration) { deadline.withLock { $0 = min($0, .now + limit) } }

  /// Hands a piece on; called on the maker's own thread, which it blocks while there is no room.
  ///
  /// - Throws: ``Failure``.
  package func send(_ piece: [UInt8]) throws(Failure) {
    guard !piece.isEmpty else { return try check() }
    let began = ContinuousClock.now
    guard room.wait(timeout: .now() + patience.dispatched) == .success else { throw .stalled }
    try check()
    let isTooSlow = pace.withLock { pace in
      pace.waited(began.duration(to: .now), for: piece.count)
      return pace.isTooSlow
    }
    guard !isTooSlow else { throw .stalled }
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      guard let reader = state.reader else {
        state.pieces.append(piece)
        return nil
      }
      state.reader = nil
      return reader
    }
    guard let reader else { return }
    room.signal()
    reader.resume(returning: piece)
  }

  /// For a maker that has nothing to hand on yet: whether anybody still waits for it.
  ///
  /// - Throws: ``Failure``.
  package func check() throws(Failure) {
    guard !state.withLock({ $0.isAbandoned }) else { throw .abandoned }
    guard deadline.withLock({ .now < $0 }) else { throw .late }
  }

  /// Nothing follows; `error` is why, where that is not the end of the body.
  func end(_ error: (any Error)? = nil) {
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      state.ending = error.map { .failed($0) } ?? .finished
      defer { state.reader = nil }
      return state.reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
  }

  /// The next piece; nil at the end. For one task.
  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let found = state.withLock { state -> Result<[UInt8]?, any Error>? in
          if state.isAbandoned { return .failure(Failure.abandoned) }
          if !state.pieces.isEmpty { return .success(state.pieces.removeFirst()) }
          switch state.ending {
          case .finished: return .success(nil)
          case .failed(let error): return .failure(error)
          case nil:
            state.reader = continuation
            return nil
          }
        }
        guard let found else { return }
        if case .success(_?) = found { room.signal() }
        continuation.resume(with: found)
      }
    } onCancel: {
      abandon()
    }
  }

  /// Nobody reads any more: the maker hears of it at its next piece.
  func abandon() {
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      state.isAbandoned = true
      state.pieces = []
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(throwing: Failure.abandoned)
    for _ in 0..<Self.capacity { room.signal() }
  }
}

extension Duration {
  fileprivate var dispatched: DispatchTimeInterval { .milliseconds(Int(seconds * 1000)) }
}

/// Whether a reader takes a body fast enough: what it is waited for grows with what it has taken, whatever the whole is.
struct ReaderPace: Sendable {
  /// What every reader may be waited for.
  let grace: Duration
  /// Bytes that a reader takes in each further second at least: half a megabit.
  static let least: Int64 = 64 << 10

  private var waited = Duration.zero
  private var sent: Int64 = 0

  init(grace: Duration = BodyPipe.patience) { self.grace = grace }

  mutating func waited(_ time: Duration, for bytes: Int) {
    waited += time
    sent += Int64(bytes)
  }

  var isTooSlow: Bool { waited > grace + .milliseconds(sent * 1000 / Self.least) }
}
