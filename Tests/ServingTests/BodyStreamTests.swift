import Foundation
import HTTPTypes
import Synchronization
import Testing
import Vocabulary

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
        // So large that nobody is too slow for them, however many tests run at once.
        try await Self.onThread {
          for number in 0..<200 { try pipe.send([UInt8](repeating: UInt8(number), count: 1 << 18)) }
        }
      })
    let all = try await reply.whole()
    #expect(
      all.count == 200 << 18
        && stride(from: 0, to: all.count, by: 1 << 18).map { all[$0] } == (0..<200).map { UInt8($0) })
  }

  @Test("Who reads slowly holds the maker back: few pieces wait")
  func backPressure() async throws {
    let made = Atomic(0)
    var most = 0
    let stream = BodyStream { pipe in
      try await Self.onThread {
        // So large that nobody is too slow for them.
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        for _ in 0..<20 {
          try pipe.send(piece)
          made.add(1, ordering: .sequentiallyConsistent)
        }
      }
    }
    var read = 0
    try await stream.pour(patience: BodyStream.limit) { _ in
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
    var place: StreamGate.Place? = try gate.enter(by: Self.person(1))
    #expect(throws: ServingError.self) { _ = try gate.enter(by: Self.person(2)) }
    withExtendedLifetime(place) {}
    place = nil
    _ = try gate.enter(by: Self.person(2))
  }

  private static func person(_ number: UInt8) -> PrincipalID {
    PrincipalID(random: [number] + [UInt8](repeating: 0, count: 9))
  }

  @Test("Each principal has one place at most, however many are free, until it is left")
  func onePlaceEach() throws {
    let gate = StreamGate(3)
    let first = try gate.enter(by: Self.person(1))
    #expect(throws: ServingError.self) { _ = try gate.enter(by: Self.person(1)) }
    let second = try gate.enter(by: Self.person(2))
    first.leave()
    first.leave()
    let again = try gate.enter(by: Self.person(1))
    let third = try gate.enter(by: Self.person(3))
    #expect(throws: ServingError.self) { _ = try gate.enter(by: Self.person(4)) }
    withExtendedLifetime((second, again, third)) {}
  }

  @Test(
    "What a reader is waited for grows with what it takes: one that trickles is given up, one that takes all is not")
  func pace() {
    var trickling = ReaderPace()
    var pieces = 0
    while !trickling.isTooSlow, pieces < 1000 {
      // Just within the patience that each piece has.
      trickling.waited(.seconds(29), for: 32 << 10)
      pieces += 1
    }
    #expect(pieces == 2)
    var slow = ReaderPace()
    for _ in 0..<2000 { slow.waited(.milliseconds(490), for: 32 << 10) }
    #expect(!slow.isTooSlow, "a little faster than the least")
    var maker = ReaderPace()
    for _ in 0..<1000 { maker.waited(.zero, for: 1) }
    #expect(!maker.isTooSlow, "how long making takes does not count")
  }

  @Test("A body may be told to be done sooner, never later")
  func hurry() async throws {
    let stream = BodyStream { pipe in
      try await Self.onThread {
        pipe.hurry(within: .zero)
        pipe.hurry(within: .seconds(60))
        try pipe.send([1])
      }
    }
    await #expect(throws: BodyPipe.Failure.late) { try await stream.pour { _ in } }
  }
}
