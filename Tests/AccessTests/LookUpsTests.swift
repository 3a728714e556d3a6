import Serving
import Testing

@testable import Access

@Suite("Looking up secrets that nobody knows yet")
struct LookUpsTests {
  @Test("So many are looked up at once; who comes then is told to come again, and is let in when one is done")
  func bounded() async throws {
    let lookUps = LookUps()
    let begun = AsyncStream<CheckedContinuation<Void, Never>>.makeStream()
    let under = (0..<LookUps.most).map { number in
      Task {
        try await lookUps.take {
          await withCheckedContinuation { begun.continuation.yield($0) }
          return number
        }
      }
    }
    var ends: [CheckedContinuation<Void, Never>] = []
    for await end in begun.stream {
      ends.append(end)
      if ends.count == LookUps.most { break }
    }
    do {
      _ = try await lookUps.take { 0 }
      Issue.record("one more was looked up")
    } catch let error as ServingError {
      #expect(error.kind == .overloaded)
    }
    for end in ends { end.resume() }
    for (number, task) in under.enumerated() { #expect(try await task.value == number) }
    #expect(try await lookUps.take { 7 } == 7)
    await #expect(throws: CancellationError.self) { try await lookUps.take { throw CancellationError() } }
    #expect(try await lookUps.take { 8 } == 8)
  }
}
