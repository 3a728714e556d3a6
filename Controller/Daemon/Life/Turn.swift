import Synchronization

/// Lets one task after the other do something.
final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var line: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func taken<T>(_ body: () async throws -> T) async rethrows -> T {
    await withCheckedContinuation { mine in
      let isFree = state.withLock { state in
        defer { state.isTaken = true }
        if state.isTaken { state.line.append(mine) }
        return !state.isTaken
      }
      if isFree { mine.resume() }
    }
    defer { leave() }
    return try await body()
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.line.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.line.removeFirst()
    }
    next?.resume()
  }
}
