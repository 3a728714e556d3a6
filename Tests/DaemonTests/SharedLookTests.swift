import Storage
import Synchronization
import Testing
import Vocabulary

@testable import rollcalld

@Suite("One look for all who ask at once")
struct SharedLookTests {
  /// Counts looks; each ends when it is let go, well or not.
  private final class Looks: Sendable {
    private let ends = Mutex<[CheckedContinuation<Void, any Error>]>([])
    let begun = AsyncStream<Void>.makeStream()

    func body() async throws {
      try await withCheckedThrowingContinuation { end in
        ends.withLock { $0.append(end) }
        begun.continuation.yield()
      }
    }

    var waiting: Int { ends.withLock { $0.count } }

    func end(_ result: Result<Void, any Error> = .success(())) {
      let end = ends.withLock { $0.removeFirst() }
      end.resume(with: result)
    }
  }

  @Test("Who asks while a look lasts gets its answer, whatever it is; an old answer is nobody's")
  func shared() async throws {
    let looks = Looks()
    var begun = looks.begun.stream.makeAsyncIterator()
    let shared = SharedLook(age: .zero) { _ in try await looks.body() }
    let now = Instant(milliseconds: 0)
    let askers = (0..<50).map { _ in Task { try await shared.look(now: now) } }
    await begun.next()
    #expect(looks.waiting == 1)
    looks.end(.failure(StorageError(.unavailable, "away")))
    var refused = 0
    for asker in askers {
      // Whoever comes to ask only now begins the next look, which is let go as well.
      while looks.waiting > 0 { looks.end(.failure(StorageError(.unavailable, "away"))) }
      do { try await asker.value } catch { refused += 1 }
    }
    #expect(refused == 50)
    let next = Task { try await shared.look(now: now) }
    await begun.next()
    looks.end()
    try await next.value
  }

  @Test("An answer is everybody's for its time")
  func kept() async throws {
    let count = Mutex(0)
    let shared = SharedLook(age: .seconds(3600)) { _ in count.withLock { $0 += 1 } }
    for _ in 0..<20 { try await shared.look(now: Instant(milliseconds: 0)) }
    #expect(count.withLock { $0 } == 1)
  }
}
