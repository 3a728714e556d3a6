import Foundation
import HTTPTypes
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("Bad enrolment tokens")
struct ThrottleTests {
  private let now = World.start
  private let warehouse = Origin(octets: [192, 0, 2, 7])!

  private func code(_ body: () async throws -> Reply) async -> (kind: EnrollmentError.Kind?, wait: Int?) {
    do {
      _ = try await body()
      return (nil, nil)
    } catch {
      let error = error as? EnrollmentError
      return (error?.kind, error?.headers[.retryAfter].flatMap(Int.init))
    }
  }

  @Test("An origin may fail as often as the burst allows, then at the rate; another origin is not touched")
  func bucket() throws {
    let throttle = FailureThrottle(.init(burst: 3, perMinute: 6))
    let other = try #require(Origin(octets: [192, 0, 2, 8]))
    for _ in 0..<3 {
      #expect(!throttle.isSpent(warehouse, now: now))
      #expect(throttle.fail(warehouse, now: now) == nil)
    }
    #expect(throttle.isSpent(warehouse, now: now))
    #expect(throttle.fail(warehouse, now: now) == 10)
    #expect(throttle.fail(warehouse, now: now.advanced(by: .milliseconds(4_001))) == 6)
    #expect(throttle.fail(other, now: now) == nil)
    // Failures while it is spent do not push the time further away.
    let later = now.advanced(by: .seconds(10))
    #expect(throttle.fail(warehouse, now: later) == nil)
    #expect(throttle.fail(warehouse, now: later) == 10)
    // Left alone, it has its whole burst again.
    let rested = later.advanced(by: .seconds(30))
    for _ in 0..<3 { #expect(throttle.fail(warehouse, now: rested) == nil) }
    #expect(throttle.fail(warehouse, now: rested) == 10)
  }

  @Test("An IPv6 site is one origin, an IPv4 address is itself however it is written")
  func origins() {
    func v6(_ last: [UInt8]) -> Origin? {
      Origin(octets: [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2] + last)
    }
    #expect(v6([0, 0, 0, 0, 0, 0, 0, 1]) == v6([9, 9, 9, 9, 9, 9, 9, 9]))
    #expect(
      v6([0, 0, 0, 0, 0, 0, 0, 1])
        != Origin(octets: [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 3] + Array(repeating: 0, count: 8)))
    #expect(Origin(octets: Array(repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 7]) == warehouse)
    #expect(Origin(octets: [1, 2, 3]) == nil)
  }

  @Test("However many origins fail, a bounded number is remembered, and the latest are among them")
  func bounded() throws {
    let throttle = FailureThrottle(.init(burst: 1, perMinute: 1))
    func origin(_ number: Int) throws -> Origin {
      try #require(Origin(octets: [10, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]))
    }
    for number in 0..<(3 * FailureThrottle.originLimit) {
      _ = throttle.fail(try origin(number), now: now)
      #expect(throttle.count <= FailureThrottle.originLimit)
    }
    #expect(throttle.isSpent(try origin(3 * FailureThrottle.originLimit - 1), now: now))
    #expect(!throttle.isSpent(try origin(0), now: now))
  }

  @Test("After the burst a bad token is 429 with Retry-After, while good ones of the same address enrol")
  func warehouseGoesOn() async throws {
    let world = try await World()
    try await world.batch((0..<3).map { "PF3ABCD\($0)" })
    let good = try await world.token("{\"expiresInHours\":24,\"uses\":3}")
    let spent = try await world.token("{\"expiresInHours\":1,\"uses\":1}")
    let request = try TestKey().request(serial: "PF3ABCD0")
    _ = try await world.enroll(request, spent.printed)
    let burst = FailureThrottle.Limits().burst
    let later = now.advanced(by: .seconds(60))
    let bad = String(good.printed.reversed())
    for _ in 0..<burst {
      #expect(await code { try await world.enroll(request, bad, from: warehouse, at: later) }.kind == .token)
    }
    let told = await code { try await world.enroll(request, bad, from: warehouse, at: later) }
    #expect(told.kind == .tooManyFailures && told.wait == 6)
    #expect(EnrollmentError(.tooManyFailures, "").status == .tooManyRequests)
    // A token that is used up reaches no writer, and is told the same.
    let stranger = try TestKey().request(serial: "PF3ABCD1")
    #expect(
      await code { try await world.enroll(stranger, spent.printed, from: warehouse, at: later) }.kind
        == .tooManyFailures)
    // Good tokens, from the very same address at the very same time.
    for serial in ["PF3ABCD1", "PF3ABCD2"] {
      let body = try TestKey().request(serial: serial)
      #expect(try await world.enroll(body, good.printed, from: warehouse, at: later).status == .ok)
    }
    #expect(world.desk.throttled.value == 2)
    #expect(world.desk.badTokens.value == burst + 2)
    // Elsewhere, and later, a bad token is what it is.
    #expect(
      await code { try await world.enroll(request, bad, from: Origin(octets: [192, 0, 2, 9]), at: later) }.kind
        == .token)
    let rested = later.advanced(by: .seconds(6))
    #expect(await code { try await world.enroll(request, bad, from: warehouse, at: rested) }.kind == .token)
  }

  @Test("A client that asks without credentials first is always given the challenge")
  func challenge() async throws {
    let world = try await World()
    let request = try TestKey().request(serial: "PF3ABCDE")
    for _ in 0...FailureThrottle.Limits().burst {
      let answer = await code {
        try await world.device(.post, "/.well-known/est/simpleenroll", body: request, from: warehouse)
      }
      #expect(answer.kind == .token)
    }
    #expect(world.desk.badTokens.value == 0)
  }
}
