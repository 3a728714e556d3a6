import Synchronization
import Vocabulary

/// One look for all who ask within a quarter of a second, and no second one while it lasts: who asks for readiness needs no
/// account, and must not be able to keep the database's sessions busy.
final class SharedLook: Sendable {
  private struct Current {
    let number: Int
    let began: ContinuousClock.Instant
    let task: Task<Void, any Error>
    var isOver = false
  }

  private let age: Duration
  private let current = Mutex<Current?>(nil)
  private let body: @Sendable (Instant) async throws -> Void

  /// - Parameter age: how old an answer may be.
  init(age: Duration = .milliseconds(250), _ body: @escaping @Sendable (Instant) async throws -> Void) {
    (self.age, self.body) = (age, body)
  }

  /// - Throws: what the look found.
  func look(now: Instant) async throws {
    let task = current.withLock { current in
      if let current, !current.isOver || current.began + age > .now { return current.task }
      let number = (current?.number ?? 0) + 1
      let task = Task { [self] in
        defer { over(number) }
        try await body(now)
      }
      current = Current(number: number, began: .now, task: task)
      return task
    }
    try await task.value
  }

  private func over(_ number: Int) {
    current.withLock { current in
      if current?.number == number { current?.isOver = true }
    }
  }
}
