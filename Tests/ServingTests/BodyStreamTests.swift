import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Serving

@Suite("Bodies that are made while they are sent") struct BodyStreamTests {
  private struct Broken: Error {}

  /// A thread of its own, as a database has: it may wait.
  private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try body() }) }
    }
  }

  @Test("Every piece comes, in its order")
  func whole() async throws {
    let reply = Reply(
      headers: [:],
      stream: BodyStream { pipe in
        try await Self.onThread { for number in 0..<200 { try pipe.send([UInt8(number)]) } }
      })
    #expect(try await reply.whole() == (0..<200).map { UInt8($0) })
  }

  @Test("Who reads slowly holds the maker back: few pieces wait")
  func backPressure() async throws {
    let made = Atomic(0)
    var most = 0
    let stream = BodyStream { pipe in
      try await Self.onThread {
        for _ in 0..<20 {
          try pipe.send([1])
          made.add(1, ordering: .sequentiallyConsistent)
        }
      }
    }
    var read = 0
    try await stream.pour { _ in
      read += 1
      // Where all tests run at once each turn may take its time: one lets the maker go as far as it may.
      await Task.yield()
      let ahead = made.load(ordering: .sequentiallyConsistent) - read
      most = max(most, ahead)
    }
    #expect(read == 20 && most <= BodyPipe.capacity + 1)
  }

  @Test("Where making fails, sending fails: a body that was cut off has no end")
  func failure() async throws {
    let stream = BodyStream { pipe in
      try await Self.onThread {
        try pipe.send([1])
        throw Broken()
      }
    }
    await #expect(throws: Broken.self) { try await stream.pour { _ in } }
  }

  @Test("A reader that leaves ends the maker at its next piece")
  func leaving() async throws {
    let (told, telling) = AsyncStream.makeStream(of: BodyPipe.Failure?.self)
    let stream = BodyStream { pipe in
      try await Self.onThread {
        do throws(BodyPipe.Failure) { while true { try pipe.send([1]) } } catch {
          telling.yield(error)
          throw error
        }
      }
    }
    await #expect(throws: Broken.self) { try await stream.pour { _ in throw Broken() } }
    var found = told.makeAsyncIterator()
    #expect(await found.next() == .some(.abandoned))
  }

  @Test("A body that takes too long is given up")
  func late() async throws {
    let stream = BodyStream(within: .zero) { pipe in try await Self.onThread { try pipe.send([1]) } }
    await #expect(throws: BodyPipe.Failure.late) { try await stream.pour { _ in } }
  }

  @Test("No more places than there are, and each is free again with its last reference")
  func gate() throws {
    let gate = StreamGate(1)
    var place: StreamGate.Place? = try gate.enter()
    #expect(throws: ServingError.self) { _ = try gate.enter() }
    withExtendedLifetime(place) {}
    place = nil
    _ = try gate.enter()
  }
}
